import { codeHash } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { oncePerSubmission, type Done } from '../../accounts/receipts/once.ts'
import { findReplay, fingerprint, receiptInsert, type Submission } from '../../accounts/receipts/receipts.ts'
import { firstBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
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

export type StaffRegistrationOutcome = Done | StaffRegistrationRefusal

export type StaffRegistrationRefusal =
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
  const { database, passwords, limits } = registrar
  const { input, client } = request
  const print = staffFingerprint(request)

  return oncePerSubmission<StaffRegistrationRefusal>(registrar, print, {
    admit: async () => {
      const taken = await limits.take([{ rule: STAFF_REGISTRATIONS_PER_NETWORK, subject: client.network ?? 'none' }])
      return taken.allowed ? null : { outcome: 'too-many-attempts', ...taken }
    },
    prepare: async (sessionToken) => {
      const passwordHash = await passwords.hash(input.password, client.network)
      const statement = staffRegistrationStatement({ accountId: newId(), request, passwordHash, print, sessionToken })
      return async () => (await database.row<{ account_id: string }>(statement))?.account_id ?? null
    },
    whyNot: () => whyNot(database, request),
  })
}

/** One for both ways onto the staff: a submission that is sent again need not know which one it went. */
export function staffFingerprint({ submission, code }: Pick<StaffRegistrationRequest, 'submission' | 'code'>): string {
  return fingerprint(submission, `staff registration with ${code}`)
}

/**
 * What this very submission came to when it was sent before, for a link that no longer works. One that was not carried out
 * counts as an attempt of its network's, so that links are not guessed faster here than where they work (ASVS 2.4.1).
 */
export async function replayOfStaff(
  { database, keys, limits }: StaffRegistrar,
  request: Pick<StaffRegistrationRequest, 'submission' | 'code' | 'client'>,
): Promise<StaffRegistrationOutcome> {
  const found = await findReplay(database, keys, staffFingerprint(request))
  if (found) return { outcome: 'replayed', ...found }
  const subject = request.client.network ?? 'none'
  const taken = await limits.take([{ rule: STAFF_REGISTRATIONS_PER_NETWORK, subject }])
  return taken.allowed ? { outcome: 'invitation-unusable' } : { outcome: 'too-many-attempts', ...taken }
}

/** An address that is taken leaves the invitation as it was, for another one. */
async function whyNot(
  database: Database,
  { input, code }: StaffRegistrationRequest,
): Promise<StaffRegistrationRefusal | null> {
  const row = await database.row<{ invited: boolean; email_taken: boolean }>(
    named(
      'staff-registration-conflict',
      sql`
      select
        exists (select from invitations i where i.code_hash = ${codeHash('invitation', code)} and ${usable}) as invited,
        exists (select from accounts where email_canonical = ${input.email.canonical}) as email_taken`,
    ),
  )
  if (!row?.invited) return { outcome: 'invitation-unusable' }
  return row.email_taken ? { outcome: 'email-taken' } : null
}

interface StaffRegistration {
  accountId: string
  request: StaffRegistrationRequest
  passwordHash: string
  print: string
  sessionToken: SessionToken
}

function staffRegistrationStatement(registration: StaffRegistration): Statement {
  const { accountId, request, passwordHash, print, sessionToken } = registration
  const { input, code, client, origin } = request
  const { firstName, lastName, email, profile } = input
  return named(
    'staff-registration',
    sql`
    with invitation as (
      select i.id, i.role, i.email_canonical from invitations i
      where i.code_hash = ${codeHash('invitation', code)} and ${usable}
        and (i.email_canonical is null or i.email_canonical = ${email.canonical})
      for update
    ), account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
        email_confirmed_at)
      select ${accountId}::uuid, 'staff', ${firstName}, ${lastName}, ${email.entered}, ${email.delivery}, ${email.canonical},
        ${email.version}::smallint, case when email_canonical is not null then now() end
      from invitation
      on conflict do nothing
      returning id as account_id, id as actor_id
    ), accepted as (
      update invitations i set accepted_at = now(), accepted_by = account.account_id
      from account, invitation where i.id = invitation.id
    ), profile as (
      insert into staff_profiles (account_id, role, phone_number, department)
      select account_id, role, ${profile.phoneNumber}, ${profile.department} from account, invitation
    ), password as (
      insert into passwords (account_id, hash) select account_id, ${passwordHash} from account
    ), receipt as (${receiptInsert(print, sql`account`)}
    ), session as (${sessionInsert(sessionToken, 'staff', client, sql`account`)}
    ), browser as (${firstBrowserInsert(client, sql`account`)}
    ), event as (${auditInsert('staff-registered', origin, sql`account`)}
    )
    select account_id from account`,
  )
}
