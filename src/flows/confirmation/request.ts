import { CONFIRMATION_VALID_FOR, codeInsert, newCode } from '../../accounts/codes/codes.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface ConfirmationDesk {
  database: Database
  limits: Limits
  keys: Keys
}

export type ConfirmationRequestOutcome =
  | { outcome: 'letter-sent' | 'already-confirmed' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export const CONFIRMATIONS_PER_ACCOUNT: Rule = { name: 'confirmations per account', most: 3, window: HOUR }

/** Writes another letter with a link to somebody signed in whose address is not confirmed yet. */
export async function requestConfirmation(
  { database, limits, keys }: ConfirmationDesk,
  id: string,
  origin: Origin,
): Promise<ConfirmationRequestOutcome> {
  const taken = await limits.take([{ rule: CONFIRMATIONS_PER_ACCOUNT, subject: id }])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  const code = newCode(keys, 'confirmation', newId(), CONFIRMATION_VALID_FOR)
  const letter = { id: newId(), kind: 'confirm-address', codeId: code.id } as const
  const row = await database.row(
    named(
      'confirmation-request',
      sql`
      with account as (
        select id as account_id, id as actor_id, email_canonical, email_delivery, first_name from accounts
        where id = ${id} and email_canonical is not null and email_confirmed_at is null
      ), code as (${codeInsert(code, sql`account`)}
      ), letter as (${letterInsert(letter, sql`account`)}
      ), event as (${auditInsert('confirmation-requested', origin, sql`account`)}
      )
      select account_id from account`,
    ),
  )
  return { outcome: row ? 'letter-sent' : 'already-confirmed' }
}
