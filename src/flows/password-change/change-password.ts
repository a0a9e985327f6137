import type { Account, AccountKind } from '../../accounts/account.ts'
import { codesVoid } from '../../accounts/codes/codes.ts'
import { countWrongPassword, verifyOwnPassword, type PasswordDesk } from '../../accounts/passwords/own-password.ts'
import { refusalOfPassword, type PasswordPolicy } from '../../accounts/passwords/policy.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { otherBrowsersForget } from '../../accounts/sessions/known-browsers.ts'
import { findSession, sessionRenewal, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { sha256, type Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface PasswordChangeRoom extends PasswordDesk {
  keys: Keys
  policies: Record<AccountKind, PasswordPolicy>
}

export interface PasswordChangeRequest {
  account: Account
  /** The token of the session, which gets another with the change. */
  sessionToken: SessionToken
  currentPassword: string
  password: string
  submission: Submission
  client: Client
  origin: Origin
}

export type PasswordChangeOutcome =
  | { outcome: 'changed' | 'replayed'; kind: AccountKind; sessionToken: SessionToken }
  | { outcome: 'wrong-password' }
  | { outcome: 'password-refused'; words: string }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/**
 * Changes the password of somebody who knows the current one: in one transaction it is replaced, every other session
 * ended, and this one given another token. The new password is judged first, so that a weak one costs no guess.
 */
export async function changePassword(
  room: PasswordChangeRoom,
  request: PasswordChangeRequest,
): Promise<PasswordChangeOutcome> {
  const { database, passwords, keys, policies } = room
  const { account, currentPassword, password, origin } = request
  const words = [account.firstName, account.lastName, account.email ?? '', account.username ?? '']
  const refused = await refusalOfPassword(password, policies[account.kind], words)
  if (refused) return { outcome: 'password-refused', words: refused }

  const verdict = await verifyOwnPassword(room, account.id, currentPassword, origin)
  if (verdict.verdict === 'too-many-attempts') return { ...verdict, outcome: 'too-many-attempts' }
  if (verdict.verdict === 'wrong') return replayOrRefusal(database, keys, request)
  if (password === currentPassword) return { outcome: 'password-refused', words: THE_SAME }

  const hash = await passwords.hash(password, origin.network)
  const print = printOf(request)
  const sessionToken = sessionTokenOf(keys, print)
  const change: Change = { ...request, verified: verdict.verified, hash, print, next: sessionToken }
  const outcome = await sendingAgain(async (): Promise<PasswordChangeOutcome> => {
    const changed = await database.transaction((within) => carryOut(within, change))
    if (changed) return { outcome: 'changed', kind: account.kind, sessionToken }
    return (await findPasswordChange(database, keys, request)) ?? { outcome: 'wrong-password' }
  })
  if ('sessionToken' in outcome) await verdict.forget()
  return outcome
}

const THE_SAME = 'This is the password that you have already. Choose another, or leave it as it is.'

/** What became of this very submission, if it was carried out and its session still lives. */
export async function findPasswordChange(
  database: Database,
  keys: Keys,
  request: Pick<PasswordChangeRequest, 'sessionToken' | 'currentPassword' | 'password' | 'submission'>,
): Promise<PasswordChangeOutcome | null> {
  const replay = await findReplay(database, keys, printOf(request))
  const session = replay && (await findSession(database, replay.sessionToken))
  return session && { outcome: 'replayed', kind: session.account.kind, sessionToken: replay.sessionToken }
}

/** The second click of two finds its password changed by the first, which makes it no guess. */
async function replayOrRefusal(
  database: Database,
  keys: Keys,
  request: PasswordChangeRequest,
): Promise<PasswordChangeOutcome> {
  const replay = await findPasswordChange(database, keys, request)
  if (replay) return replay
  await countWrongPassword(database, request.account.id, request.origin)
  return { outcome: 'wrong-password' }
}

function printOf({ sessionToken, submission }: Pick<PasswordChangeRequest, 'sessionToken' | 'submission'>): string {
  return fingerprint(submission, `password change by ${sessionToken}`)
}

interface Change extends PasswordChangeRequest {
  verified: string
  hash: string
  print: string
  next: SessionToken
}

/**
 * Two statements on purpose: the first takes the account's row and then the password's, for which a sign-in under way is waited; only the
 * second, with a view of its own, sees the session that it opened, and ends it with all the others but this one.
 */
async function carryOut(within: Queryable, change: Change): Promise<boolean> {
  const { account, sessionToken, next, verified, hash, print, client, origin } = change
  const changed = await within.row(
    named(
      'password-change',
      sql`
      with account as (
        select id from accounts where id = ${account.id} and status = 'active' for share
      )
      update passwords p set hash = ${hash}, changed_at = now(), consecutive_failures = 0
      from account
      where p.account_id = account.id and p.hash = ${verified} and p.disabled_at is null
        and exists (select from sessions where token_hash = ${sha256(sessionToken)} and account_id = ${account.id})
      returning p.account_id`,
    ),
  )
  if (!changed) return false
  const letter = { id: newId(), kind: 'password-changed', codeId: null } as const
  await within.rows(
    named(
      'password-change-elsewhere',
      sql`
      with account as (
        select id as account_id, id as actor_id, email_delivery, first_name from accounts where id = ${account.id}
      ), session as (${sessionRenewal(sessionToken, next, sql`account`)}
      ), ended as (
        delete from sessions where account_id = ${account.id} and token_hash <> ${sha256(sessionToken)}
      ), strangers as (${otherBrowsersForget(client, account.id)}
      ), void as (${codesVoid(account.id, ['recovery', 'email-change', 'email-correction'])}
      ), receipt as (${receiptInsert(print, sql`account`)}
      ), letter as (${letterInsert(letter, sql`account where email_delivery is not null`)}
      )${auditInsert('password-changed', origin, sql`account`)}`,
    ),
  )
  return true
}
