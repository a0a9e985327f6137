import type { AccountKind } from '../../accounts/account.ts'
import { asKept, closingMark, readClosingTicket, type Closing } from '../../accounts/closing.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { knownBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { formerSessionEnd, sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { type Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface KeepingRoom {
  database: Database
  keys: Keys
}

export interface KeepingRequest {
  ticket: string
  submission: Submission
  /** The session that this browser has now, if any: somebody else's, for this account has none (ASVS 7.2.4). */
  previousToken: SessionToken | null
  client: Client
  origin: Origin
}

export type KeepingOutcome =
  | { outcome: 'kept' | 'replayed'; sessionToken: SessionToken }
  | { outcome: 'ticket-unusable' }

/** Whose account is closing, and when: what the page that offers to keep it says. */
export interface ClosingAccount {
  first_name: string
  closes_at: Date
}

/** Only customers close their accounts. */
const KIND: AccountKind = 'customer'

/** Null once the ticket is too old, or the account kept or erased. */
export async function findClosing({ database, keys }: KeepingRoom, ticket: string): Promise<ClosingAccount | null> {
  const closing = readClosingTicket(keys, ticket)
  return (
    closing &&
    database.row<ClosingAccount>(
      named('leaving-find', sql`select a.first_name, a.closes_at from accounts a where ${isThisClosing(closing)}`),
    )
  )
}

/**
 * Keeps an account that is closing, and signs its person in. The account's row decides: it was kept, or it was erased.
 * A password that was disabled since the ticket was given, as by an owner who took the address back, keeps nothing.
 */
export async function keepAccount({ database, keys }: KeepingRoom, request: KeepingRequest): Promise<KeepingOutcome> {
  const print = fingerprint(request.submission, `keeping by ${request.ticket}`)
  const sessionToken = sessionTokenOf(keys, print)
  const closing = readClosingTicket(keys, request.ticket)
  return sendingAgain(async () => {
    if (closing && (await keep(database, closing, request, print, sessionToken)))
      return { outcome: 'kept', sessionToken }
    const replay = await findReplay(database, keys, print)
    return replay ? { outcome: 'replayed', sessionToken: replay.sessionToken } : { outcome: 'ticket-unusable' }
  })
}

async function keep(
  database: Queryable,
  closing: Closing,
  { client, origin, previousToken }: KeepingRequest,
  print: string,
  sessionToken: SessionToken,
): Promise<boolean> {
  const letter = { id: newId(), kind: 'account-kept', codeId: null } as const
  const kept = await database.row(
    named(
      'leaving-keep',
      sql`
      with closing as (
        select a.id as account_id from accounts a where ${isThisClosing(closing)} for update
      ), password as (
        update passwords p set consecutive_failures = 0 from closing
        where p.account_id = closing.account_id and p.disabled_at is null
        returning p.account_id
      ), account as (
        update accounts a set ${asKept}, updated_at = now() from password where a.id = password.account_id
        returning id as account_id, id as actor_id, email_delivery, first_name
      ), ended as (
        delete from sessions s using account where s.account_id = account.account_id
      ), previous as (${formerSessionEnd(previousToken, sql`account`)}
      ), receipt as (${receiptInsert(print, sql`account`)}
      ), browser as (${knownBrowserInsert(client, sql`account`)}
      ), session as (${sessionInsert(sessionToken, KIND, client, sql`account`)}
      ), letter as (${letterInsert(letter, sql`account where email_delivery is not null`)}
      ), signed_in as (${auditInsert('signed-in', origin, sql`account`, sql`'{"factor": "password"}'::jsonb`)}
      ), event as (${auditInsert('account-kept', origin, sql`account`)}
      )
      select account_id from account`,
    ),
  )
  return kept !== null
}

function isThisClosing({ accountId, mark }: Closing) {
  return sql`a.id = ${accountId} and a.status = 'closing' and ${closingMark} = ${mark}`
}
