import { CLOSES_AFTER } from '../../accounts/closing.ts'
import { fingerprint, receiptInsert, wasCarriedOut, type Submission } from '../../accounts/receipts/receipts.ts'
import type { SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface ClosingRequest {
  /** Null for a browser that is signed in no more: its first click may have been carried out. */
  accountId: string | null
  sessionToken: SessionToken
  reason: string | null
  submission: Submission
  origin: Origin
}

export type ClosingOutcome = { outcome: 'closing' | 'replayed' | 'not-signed-in' }

/**
 * Closes a customer's account: from this commit on nobody is signed in to it, and in fourteen days it is erased. Sent
 * twice, as by a double click, it is one closing, and both are told so.
 */
export async function closeAccount(database: Database, request: ClosingRequest): Promise<ClosingOutcome> {
  const { accountId, sessionToken, submission } = request
  const print = fingerprint(submission, `closing by ${sessionToken}`)
  return sendingAgain(async () => {
    const closed =
      accountId !== null && (await database.transaction((within) => close(within, accountId, request, print)))
    if (closed) return { outcome: 'closing' }
    return { outcome: (await wasCarriedOut(database, print)) ? 'replayed' : 'not-signed-in' }
  })
}

/**
 * Two statements on purpose: the first takes the account's row, for which a sign-in under way is waited; only the second,
 * with a view of its own, sees the session that it opened, and ends it with all the others.
 */
async function close(
  within: Queryable,
  accountId: string,
  { reason, origin }: ClosingRequest,
  print: string,
): Promise<boolean> {
  const letter = { id: newId(), kind: 'account-closing', codeId: null } as const
  const account = await within.row(
    named(
      'leaving-close',
      sql`
      with account as (
        update accounts set status = 'closing', closing_reason = ${reason}, updated_at = now(),
          closes_at = now() + ${CLOSES_AFTER} * interval '1 millisecond'
        where id = ${accountId} and kind = 'customer' and status = 'active'
        returning id as account_id, id as actor_id, email_delivery, first_name, closes_at
      ), receipt as (${receiptInsert(print, sql`account`)}
      ), letter as (${letterInsert(letter, sql`account where email_delivery is not null`, sql`jsonb_build_object('closesAt', closes_at)`)}
      ), event as (${auditInsert('account-closing', origin, sql`account`)}
      )
      select account_id from account`,
    ),
  )
  if (!account) return false
  await within.rows(named('leaving-sign-out', sql`delete from sessions where account_id = ${accountId}`))
  return true
}
