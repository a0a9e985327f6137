import type { Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Limits } from '../../limits/limits.ts'
import { guessClaims, wrongGuessStatement } from './guesses.ts'
import type { Passwords } from './passwords.ts'

export interface PasswordDesk {
  database: Database
  passwords: Passwords
  limits: Limits
}

export type OwnPasswordVerdict =
  | {
      verdict: 'right'
      /** The hash that it was verified against: whatever hangs on it is done only if this is still the stored one. */
      verified: string
      /** The password at today's cost, where the stored one is of an older cost. */
      newHash: string | null
      /** Forgets the guesses that were counted, once what hung on the password is done. */
      forget: () => Promise<void>
    }
  | { verdict: 'wrong' }
  | { verdict: 'too-many-attempts'; rule: string; retryAfter: number }

/**
 * Whether somebody who is signed in knows the account's password. It is a guess like any other: counted before it is
 * looked at, under the very limits of sign-in, and against the password when it is wrong (CVE-2026-9798).
 */
export async function verifyOwnPassword(
  { database, passwords, limits }: PasswordDesk,
  accountId: string,
  password: string,
  origin: Origin,
): Promise<OwnPasswordVerdict> {
  const claims = guessClaims(accountId, origin.network)
  const taken = await limits.take([...claims.ofAccount, claims.ofNetwork])
  if (!taken.allowed) return { verdict: 'too-many-attempts', ...taken }

  const stored = await usableHash(database, accountId)
  if (!(await passwords.verify(stored, password, origin.network)) || stored === null) return { verdict: 'wrong' }
  const newHash = passwords.isOutdated(stored) ? await passwords.hash(password, origin.network) : null
  return {
    verdict: 'right',
    verified: stored,
    newHash,
    forget: async () => void (await database.rows(limits.giveBack(claims.ofAccount))),
  }
}

/** Counts a wrong password, once it is certain that it is not the answer to a form that was carried out already. */
export async function countWrongPassword(database: Database, accountId: string, origin: Origin): Promise<void> {
  await database.rows(
    wrongGuessStatement(
      { event: 'password-refused', accountId, actorId: accountId, reason: 'wrong-credentials' },
      origin,
    ),
  )
}

async function usableHash(database: Database, accountId: string): Promise<string | null> {
  const row = await database.row<{ hash: string }>(
    named('password-usable', sql`select hash from passwords where account_id = ${accountId} and disabled_at is null`),
  )
  return row?.hash ?? null
}
