import { codeHash, codeSpend } from '../../accounts/codes/codes.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

export type ConfirmationOutcome = { outcome: 'confirmed' } | { outcome: 'code-unusable' }

/** Confirms the address that a code was sent to. Sent twice it is confirmed once, and both are told so. */
export async function confirmEmail(database: Database, code: string, origin: Origin): Promise<ConfirmationOutcome> {
  const confirmed = await database.row(
    named(
      'confirmation',
      sql`
      with code as (${codeSpend('confirmation', code)}
      ), account as (
        update accounts set email_confirmed_at = coalesce(email_confirmed_at, now()) from code where id = code.account_id
      ), event as (${auditInsert('email-confirmed', origin, sql`code`)}
      )
      select account_id from code`,
    ),
  )
  return confirmed || (await wasConfirmedBy(database, code)) ? { outcome: 'confirmed' } : { outcome: 'code-unusable' }
}

/** Whether this code is the one that confirmed the address which the account still has. */
async function wasConfirmedBy(database: Database, code: string): Promise<boolean> {
  const row = await database.row(
    named(
      'confirmation-replay',
      sql`
      select from codes c join accounts a on a.id = c.account_id
      where c.code_hash = ${codeHash('confirmation', code)} and c.purpose = 'confirmation' and c.spent_at is not null
        and a.email_canonical = c.email_canonical and a.email_confirmed_at is not null`,
    ),
  )
  return row !== null
}
