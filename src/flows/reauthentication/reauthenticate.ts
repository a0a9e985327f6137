import { countWrongPassword, verifyOwnPassword, type PasswordDesk } from '../../accounts/passwords/own-password.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { sessionRenewal, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'

export interface ReauthenticationRoom extends PasswordDesk {
  keys: Keys
}

export interface ReauthenticationRequest {
  accountId: string
  /** The token of the session, which ends with this. */
  sessionToken: SessionToken
  password: string
  submission: Submission
  origin: Origin
}

export type ReauthenticationOutcome =
  | { outcome: 'reauthenticated' | 'replayed'; sessionToken: SessionToken }
  | { outcome: 'wrong-password' | 'signed-out' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/**
 * Somebody who is signed in gives the password again. The session gets another token; sent twice, as by a double click,
 * the same submission hands out that same token again.
 */
export async function reauthenticate(
  room: ReauthenticationRoom,
  request: ReauthenticationRequest,
): Promise<ReauthenticationOutcome> {
  const { database, keys } = room
  const { accountId, password, origin } = request
  const verdict = await verifyOwnPassword(room, accountId, password, origin)
  if (verdict.verdict === 'too-many-attempts') return { ...verdict, outcome: 'too-many-attempts' }
  if (verdict.verdict === 'wrong') {
    await countWrongPassword(database, accountId, origin)
    return { outcome: 'wrong-password' }
  }

  const print = printOf(request)
  const sessionToken = sessionTokenOf(keys, print)
  const statement = reauthenticationStatement({ ...request, ...verdict, print, next: sessionToken })
  const outcome = await sendingAgain(async (): Promise<ReauthenticationOutcome> => {
    if (await database.row(statement)) return { outcome: 'reauthenticated', sessionToken }
    return (await findReauthentication(database, keys, request)) ?? { outcome: 'signed-out' }
  })
  if ('sessionToken' in outcome) await verdict.forget()
  return outcome
}

/** What became of this very submission, if it was carried out and its session still lives. */
export async function findReauthentication(
  database: Database,
  keys: Keys,
  request: Pick<ReauthenticationRequest, 'sessionToken' | 'password' | 'submission'>,
): Promise<ReauthenticationOutcome | null> {
  const replay = await findReplay(database, keys, printOf(request))
  return replay && { outcome: 'replayed', sessionToken: replay.sessionToken }
}

function printOf({ sessionToken, submission }: Pick<ReauthenticationRequest, 'sessionToken' | 'submission'>): string {
  return fingerprint(submission, `reauthentication by ${sessionToken}`)
}

interface Reauthentication {
  accountId: string
  sessionToken: SessionToken
  next: SessionToken
  verified: string
  newHash: string | null
  print: string
  origin: Origin
}

function reauthenticationStatement(reauthentication: Reauthentication): Statement {
  const { accountId, sessionToken, next, verified, newHash, print, origin } = reauthentication
  return named(
    'reauthentication',
    sql`
    with account as (
      select id from accounts where id = ${accountId} and status = 'active' for share
    ), password as (
      update passwords p set consecutive_failures = 0, hash = coalesce(${newHash}, p.hash)
      from account
      where p.account_id = account.id and p.hash = ${verified} and p.disabled_at is null
      returning p.account_id
    ), session as (${sessionRenewal(sessionToken, next, sql`password`)}
    ), receipt as (${receiptInsert(print, sql`session`)}
    ), event as (${auditInsert('reauthenticated', origin, sql`session`, sql`'{"factor": "password"}'::jsonb`)}
    )
    select account_id from session`,
  )
}
