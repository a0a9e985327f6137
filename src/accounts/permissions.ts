import type { Account, StaffRole } from './account.ts'

/**
 * What staff may do, and which roles may do it: the one table, asked by every route of the console and shown in
 * docs/permissions.md, which a test compares. A role is read with each request's session, so that a change of it counts
 * from the very next request (ASVS 8.3.2).
 */
export const permissions = {
  'use-console': ['customer_care', 'manager', 'admin'],
  'find-customers': ['customer_care', 'manager', 'admin'],
  'help-customers': ['customer_care', 'manager', 'admin'],
  'suspend-customers': ['manager', 'admin'],
  'merge-customers': ['manager', 'admin'],
  'export-customers': ['manager', 'admin'],
  'see-letters': ['customer_care', 'manager', 'admin'],
  'read-whole-letters': ['admin'],
  'see-reports': ['manager', 'admin'],
  'see-audit': ['manager', 'admin'],
  'see-staff': ['manager', 'admin'],
  'manage-staff': ['admin'],
} as const satisfies Record<string, readonly StaffRole[]>

export type Permission = keyof typeof permissions

/** What each is, in words for people: the column of docs/permissions.md, and what a refusal is about. */
export const permissionWords: Record<Permission, string> = {
  'use-console': 'Open the console, and see and edit one’s own staff profile.',
  'find-customers':
    'Search and list customers, and open a person’s page, with personal data masked until it is asked for.',
  'help-customers':
    'Show what is masked, end sessions, send a way back in, correct an address or a profile, register a customer at the desk.',
  'suspend-customers': 'Suspend a customer, and restore one.',
  'merge-customers': 'Merge two accounts of one customer, take that back, and decide what an import left open.',
  'export-customers': 'Download the list of customers.',
  'see-letters': 'See which letters were written, and whether they left; let one be sent again.',
  'read-whole-letters': 'Read a letter with its link, while there is no mail server to send it.',
  'see-reports': 'See the reports: refusals by reason, and what the doctor found.',
  'see-audit': 'Read the record of what happened.',
  'see-staff': 'See who is on the staff, and who is invited.',
  'manage-staff': 'Invite staff, take an invitation back, change a role, suspend and restore staff.',
}

/** Whether this person may; customers never may. */
export function may({ role }: Pick<Account, 'role'>, permission: Permission): boolean {
  return role !== null && (permissions[permission] as readonly StaffRole[]).includes(role)
}
