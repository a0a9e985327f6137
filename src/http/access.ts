import type { Account } from '../accounts/account.ts'

/**
 * Who may call a route; stated on the route's own line, and a route without it does not start.
 * `visitor`: people who are not signed in; others are sent home. `signed-in`: customers and staff alike. `machine`: no
 * person at all.
 */
export type Access = 'anyone' | 'visitor' | 'signed-in' | 'customer' | 'staff' | 'machine'

export type Admission = 'admitted' | 'go-home' | 'sign-in-first' | 'not-allowed'

/** Admits or not, from the account alone: a guard that cannot tell has no account, and admits to nothing (ASVS 16.5.3). */
export function admissionOf(access: Access, account: Account | null): Admission {
  switch (access) {
    case 'anyone':
    case 'machine':
      return 'admitted'
    case 'visitor':
      return account ? 'go-home' : 'admitted'
    case 'signed-in':
      return account ? 'admitted' : 'sign-in-first'
    case 'customer':
    case 'staff':
      if (!account) return 'sign-in-first'
      return account.kind === access ? 'admitted' : 'not-allowed'
  }
}
