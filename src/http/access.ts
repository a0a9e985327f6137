import type { Account } from '../accounts/account.ts'
import { may, type Permission } from '../accounts/permissions.ts'

/**
 * Who may call a route; stated on the route's own line, and a route without it does not start.
 * `visitor`: people who are not signed in; others are sent home. `signed-in`: customers and staff alike. `staff`: those
 * of the staff whose role has the permission that the same line names in `may`. `machine`: no person at all.
 */
export type Access = 'anyone' | 'visitor' | 'signed-in' | 'customer' | 'staff' | 'machine'

export interface AccessRule {
  access?: Access
  may?: Permission
}

export type Admission = 'admitted' | 'go-home' | 'sign-in-first' | 'not-allowed'

/** What is wrong about a route's rule, or null: staff's routes name a permission, and no others do. */
export function flawOf({ access, may: permission }: AccessRule): string | null {
  if (access === undefined) return 'does not say who may call it'
  if (access === 'staff' && permission === undefined) return 'lets in staff without naming a permission'
  return access !== 'staff' && permission !== undefined ? 'names a permission that nobody but staff can have' : null
}

/** Admits or not, from the account alone: a guard that cannot tell has no account, and admits to nothing (ASVS 16.5.3). */
export function admissionOf({ access, may: permission }: AccessRule, account: Account | null): Admission {
  if (access === undefined) return 'not-allowed'
  switch (access) {
    case 'anyone':
    case 'machine':
      return 'admitted'
    case 'visitor':
      return account ? 'go-home' : 'admitted'
    case 'signed-in':
      return account ? 'admitted' : 'sign-in-first'
    case 'customer':
      if (!account) return 'sign-in-first'
      return account.kind === 'customer' ? 'admitted' : 'not-allowed'
    case 'staff':
      if (!account) return 'sign-in-first'
      return permission !== undefined && account.kind === 'staff' && may(account, permission)
        ? 'admitted'
        : 'not-allowed'
  }
}
