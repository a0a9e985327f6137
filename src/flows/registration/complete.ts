import { codeHash } from '../../accounts/codes/codes.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { firstBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { formerSessionEnd, sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { Fault } from '../../answers/fault.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import { equal } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { MINUTE } from '../../lib/time.ts'
import type { Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'
import type { Registrar } from './register.ts'
import { accountParts, conflictStatement } from './statement.ts'

/** What the page behind a link needs to know of the registration that it finishes. */
export interface PendingRegistration {
  id: string
  email_delivery: string
  email_canonical: string
  username_canonical: string | null
  password_hash: string
  browser_hash: Buffer | null
}

export interface CompletionInput {
  code: string
  /** Asked in every browser but the one that registered; null there. */
  password: string | null
  submission: Submission
  /** The session that this browser has now, if any: it ends with the new one's beginning (ASVS 7.2.4). */
  previousToken: SessionToken | null
  client: Client
  origin: Origin
}

export type CompletionOutcome =
  | { outcome: 'registered' | 'replayed'; keptUsername: boolean; sessionToken: SessionToken }
  | { outcome: 'email-taken' | 'code-unusable' | 'wrong-password' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export const COMPLETIONS_PER_NETWORK: Rule = { name: 'completions per network', most: 120, window: 15 * MINUTE }

/** The password of a registration, tried by whoever has its link. */
export const PASSWORDS_PER_LINK: Rule = { name: 'passwords per registration link', most: 10, window: 15 * MINUTE }

/** A conflict whose cause is gone when it is asked for is simply tried again; one more for a username given up. */
const TRIES = 4

/** Null for a code that is used, expired, or was never one. */
export async function findPending(database: Queryable, code: string): Promise<PendingRegistration | null> {
  return database.row<PendingRegistration>(
    named(
      'registration-find-pending',
      sql`
      select id, email_delivery, email_canonical, username_canonical, password_hash, browser_hash
      from pending_registrations
      where code_hash = ${codeHash('registration', code)} and expires_at > now()`,
    ),
  )
}

/**
 * Whether the link was opened where the registration was sent. Elsewhere the password is asked: else somebody could
 * register with an address that is not theirs, and its owner would open the link in good faith and use an account whose
 * password a stranger knows.
 */
export function isFrom({ browser }: Pick<Client, 'browser'>, pending: PendingRegistration): boolean {
  return browser !== null && pending.browser_hash !== null && equal(browser, pending.browser_hash)
}

/** Makes an account of a pending registration whose link was followed. Sent twice it is made once, and both are welcomed. */
export async function completeRegistration(registrar: Registrar, input: CompletionInput): Promise<CompletionOutcome> {
  const { database, passwords, limits, keys } = registrar
  const print = fingerprint(input.submission, `registration with ${input.code}`)
  const pending = await findPending(database, input.code)
  if (!pending) return (await replay(registrar, print)) ?? { outcome: 'code-unusable' }
  const trusted = isFrom(input.client, pending)
  const taken = await limits.take([
    { rule: COMPLETIONS_PER_NETWORK, subject: input.client.network ?? 'none' },
    ...(trusted ? [] : [{ rule: PASSWORDS_PER_LINK, subject: pending.id }]),
  ])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  if (!trusted && !(await passwords.verify(pending.password_hash, input.password ?? '', input.client.network)))
    return { outcome: 'wrong-password' }
  return sendingAgain(() => carryOut(registrar, input, pending, print, sessionTokenOf(keys, print)))
}

/** A username that was taken meanwhile is no obstacle: the account is made without it. */
async function carryOut(
  registrar: Registrar,
  input: CompletionInput,
  pending: PendingRegistration,
  print: string,
  sessionToken: SessionToken,
): Promise<CompletionOutcome> {
  const { database } = registrar
  let keptUsername = true
  for (let tries = 0; tries < TRIES; tries += 1) {
    const made = await database.row(completionStatement({ ...input, pending, print, sessionToken, keptUsername }))
    if (made) return { outcome: 'registered', keptUsername, sessionToken }
    const again = await replay(registrar, print)
    if (again) return again
    if (!(await findPending(database, input.code))) return { outcome: 'code-unusable' }
    const taken = await namesTaken(database, pending)
    if (taken?.email_taken) return { outcome: 'email-taken' }
    if (taken?.username_taken) keptUsername = false
  }
  throw new Fault('database-busy', { details: 'A conflict that is gone whenever it is asked for.' })
}

function namesTaken(database: Database, { email_canonical, username_canonical }: PendingRegistration) {
  return database.row<{ email_taken: boolean; username_taken: boolean }>(
    conflictStatement(email_canonical, username_canonical),
  )
}

async function replay({ database, keys }: Registrar, print: string): Promise<CompletionOutcome | null> {
  const found = await findReplay(database, keys, print)
  return found && { outcome: 'replayed', keptUsername: true, sessionToken: found.sessionToken }
}

interface Completion extends CompletionInput {
  pending: PendingRegistration
  print: string
  sessionToken: SessionToken
  keptUsername: boolean
}

/**
 * One statement, as a registration is: of any number of links to one address followed at once, the unique constraint lets
 * one make the account, and all of them go with it. The receipt of the registration itself stays, so that its form, sent
 * again, causes no further letter.
 */
function completionStatement(completion: Completion): Statement {
  const { code, pending, print, sessionToken, previousToken, keptUsername, client, origin } = completion
  const welcome = { id: newId(), kind: 'welcome', codeId: null } as const
  return named(
    'registration-completion',
    sql`
    with wanted as (
      select ${newId()}::uuid as account_id, now() as email_confirmed_at, receipt_hash, first_name, last_name,
        email, email_delivery, email_canonical, email_canonical_version,
        case when ${keptUsername} then username end as username,
        case when ${keptUsername} then username_canonical end as username_canonical,
        password_hash, phone_number, company, address, city, state, country, postal_code, date_of_birth
      from pending_registrations
      where id = ${pending.id} and code_hash = ${codeHash('registration', code)} and expires_at > now()
    ), ${accountParts()}
    ), ended as (
      delete from pending_registrations p using account a where p.email_canonical = a.email_canonical
      returning p.id
    ), needless as (
      update letters l set given_up_at = now(), last_error = 'Another link to this address was followed.'
      from ended where l.code_id = ended.id and l.sent_at is null and l.given_up_at is null and l.claimed_until is null
    ), former_receipt as (
      insert into receipts (receipt_hash, account_id) select receipt_hash, account_id from wanted join account using (account_id)
    ), receipt as (${receiptInsert(print, sql`account`)}
    ), previous as (${formerSessionEnd(previousToken, sql`account`)}
    ), session as (${sessionInsert(sessionToken, 'customer', client, sql`account`)}
    ), browser as (${firstBrowserInsert(client, sql`account`)}
    ), letter as (${letterInsert(welcome, sql`account`)}
    ), event as (${auditInsert('customer-registered', origin, sql`account`)}
    ), confirmed as (${auditInsert('email-confirmed', origin, sql`account`)}
    )
    select account_id from account`,
  )
}
