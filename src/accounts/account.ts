export type AccountKind = 'customer' | 'staff'
export type AccountStatus = 'active' | 'suspended' | 'closing'

export const staffRoles = ['customer_care', 'manager', 'admin'] as const
export type StaffRole = (typeof staffRoles)[number]

/** Each as a person reads it. */
export const roleNames: Record<StaffRole, string> = {
  customer_care: 'Customer care',
  manager: 'Manager',
  admin: 'Admin',
}

/** Who somebody is, as far as every page needs to know. */
export interface Account {
  id: string
  kind: AccountKind
  firstName: string
  lastName: string
  email: string | null
  username: string | null
  /** Staff only. */
  role: StaffRole | null
}

export function fullName({ firstName, lastName }: Pick<Account, 'firstName' | 'lastName'>): string {
  return `${firstName} ${lastName}`.trim()
}
