import { receiptInsert } from '../../accounts/receipts/receipts.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { codeInsert, type CodeToBe } from '../../accounts/codes/codes.ts'
import { letterInsert } from '../../mail/outbox.ts'
import type { RegistrationInput } from './input.ts'

export interface Registration {
  accountId: string
  input: RegistrationInput
  passwordHash: string
  fingerprint: string
  sessionToken: SessionToken
  /** The code that the welcome letter carries, with which the address is confirmed. */
  confirmation: CodeToBe
  client: Client
  origin: Origin
}

/**
 * A registration, whole: account, profile, password, receipt, session, welcome letter and audit event, in one statement
 * and so all or none. The unique constraints decide: where the address or the username belongs to somebody, the first
 * part inserts nothing, every other part hangs on it, and no row comes back.
 *
 * The parts of one statement cannot see each other's rows, so what they need of them is handed on by `returning`.
 */
export function registrationStatement(registration: Registration): Statement {
  const { accountId, input, passwordHash, fingerprint, sessionToken, confirmation, client, origin } = registration
  const { firstName, lastName, email, username, profile } = input
  const welcome = { id: newId(), kind: 'welcome', codeId: confirmation.id } as const
  return named(
    'registration',
    sql`
    with account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
        username, username_canonical)
      values (${accountId}, 'customer', ${firstName}, ${lastName}, ${email.entered}, ${email.delivery}, ${email.canonical},
        ${email.version}, ${username?.entered ?? null}, ${username?.canonical ?? null})
      on conflict do nothing
      returning id as account_id, id as actor_id, email_canonical, email_delivery, first_name
    ), profile as (
      insert into customer_profiles (account_id, phone_number, company, address, city, state, country, postal_code, date_of_birth)
      select account_id, ${profile.phoneNumber}, ${profile.company}, ${profile.address}, ${profile.city}, ${profile.state},
        ${profile.country}, ${profile.postalCode}, ${profile.dateOfBirth}::date
      from account
    ), password as (
      insert into passwords (account_id, hash) select account_id, ${passwordHash} from account
    ), receipt as (${receiptInsert(fingerprint, sql`account`)}
    ), session as (${sessionInsert(sessionToken, 'customer', client, sql`account`)}
    ), code as (${codeInsert(confirmation, sql`account`)}
    ), letter as (${letterInsert(welcome, sql`account`)}
    ), event as (${auditInsert('customer-registered', origin, sql`account`)}
    )
    select account_id from account`,
  )
}

/** Why the statement above inserted nothing. Asked only then. */
export function conflictStatement({ email, username }: RegistrationInput): Statement {
  return named(
    'registration-conflict',
    sql`
    select
      exists (select from accounts where email_canonical = ${email.canonical}) as email_taken,
      exists (select from accounts where username_canonical = ${username?.canonical ?? null}) as username_taken`,
  )
}
