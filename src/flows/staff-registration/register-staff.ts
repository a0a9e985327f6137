import { codeHash } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { knownBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import { offendedConstraint } from '../../database/faults.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { MINUTE } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import type { StaffRegistrationInput } from './input.ts'
import { usable } from './invitation.ts'

export interface StaffRegistrar {
  database: Database
  passwords: Passwords
  limits: Limits
  keys: Keys
}

export interface StaffRegistrationRequest {
  input: StaffRegistrationInput
  code: string
  submission: Submission
  client: Client
  origin: Origin
}

export type StaffRegistrationOutcome =
  | { outcome: 'registered' | 'replayed'; accountId: string; sessionToken: SessionToken }
  | { outcome: 'email-taken' | 'invitation-unusable' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export const STAFF_REGISTRATIONS_PER_NETWORK: Rule = {
  name: 'staff registrations per network',
  most: 60,
  window: 15 * MINUTE,
}

/**
 * Makes a staff account from an invitation, exactly once: the invitation is spent, and account, profile, password,
 * receipt, session and audit event come to be, in one statement.
 */
export async function registerStaff(
  registrar: StaffRegistrar,
  request: StaffRegistrationRequest,
): Promise<StaffRegistrationOutcome> {
  const { passwords, limits, keys } = registrar
  const taken = await limits.take([
    { rule: STAFF_REGISTRATIONS_PER_NETWORK, subject: request.client.network ?? 'none' },
  ])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }

  const passwordHash = await passwords.hash(request.input.password)
  const print = fingerprint(request.submission, { code: request.code, ...request.input })
  const sessionToken = sessionTokenOf(keys, print)
  const statement = staffRegistrationStatement(newId(), request, passwordHash, print, sessionToken)
  return sendingAgain(() => carryOut(registrar, statement, print, sessionToken))
}

async function carryOut(
  { database, keys }: StaffRegistrar,
  statement: Statement,
  print: string,
  sessionToken: SessionToken,
): Promise<StaffRegistrationOutcome> {
  const verdict = await insertOrConflict(database, statement)
  if (verdict.outcome === 'registered') return { ...verdict, sessionToken }
  const found = await findReplay(database, keys, print)
  return found ? { outcome: 'replayed', ...found } : verdict
}

type Verdict = { outcome: 'registered'; accountId: string } | { outcome: 'email-taken' | 'invitation-unusable' }

/** A taken address undoes the whole statement, so that the invitation stays unspent for another one. */
async function insertOrConflict(database: Database, statement: Statement): Promise<Verdict> {
  try {
    const row = await database.row<{ account_id: string }>(statement)
    return row ? { outcome: 'registered', accountId: row.account_id } : { outcome: 'invitation-unusable' }
  } catch (error) {
    if (offendedConstraint(error) === 'accounts_email_canonical_key') return { outcome: 'email-taken' }
    throw error
  }
}

function staffRegistrationStatement(
  accountId: string,
  { input, code, client, origin }: StaffRegistrationRequest,
  passwordHash: string,
  print: string,
  sessionToken: SessionToken,
): Statement {
  const { firstName, lastName, email, profile } = input
  return named(
    'staff-registration',
    sql`
    with invitation as (
      update invitations i set accepted_at = now(), accepted_by = ${accountId}
      where i.code_hash = ${codeHash('invitation', code)} and ${usable}
      returning i.role
    ), account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version)
      select ${accountId}::uuid, 'staff', ${firstName}, ${lastName}, ${email.entered}, ${email.delivery}, ${email.canonical},
        ${email.version}::smallint
      from invitation
      returning id as account_id, id as actor_id
    ), profile as (
      insert into staff_profiles (account_id, role, phone_number, department)
      select account_id, role, ${profile.phoneNumber}, ${profile.department} from account, invitation
    ), password as (
      insert into passwords (account_id, hash) select account_id, ${passwordHash} from account
    ), receipt as (${receiptInsert(print, sql`account`)}
    ), session as (${sessionInsert(sessionToken, 'staff', client, sql`account`)}
    ), browser as (${knownBrowserInsert(client, sql`account`)}
    ), event as (${auditInsert('staff-registered', origin, sql`account`)}
    )
    select account_id from account`,
  )
}
