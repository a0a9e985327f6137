import { receiptInsert } from '../../accounts/receipts/receipts.ts'
import { firstBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Sql, type Statement } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { codeInsert, type CodeToBe } from '../../accounts/codes/codes.ts'
import { letterInsert } from '../../mail/outbox.ts'
import type { DeskRegistrationInput, RegistrationInput } from './input.ts'

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
  const welcome = { id: newId(), kind: 'welcome', codeId: confirmation.id } as const
  return named(
    'registration',
    sql`
    with wanted as (
      select ${accountId}::uuid as account_id, null::timestamptz as email_confirmed_at, ${personAsColumns(input, passwordHash)}
    ), ${accountParts()}
    ), receipt as (${receiptInsert(fingerprint, sql`account`)}
    ), session as (${sessionInsert(sessionToken, 'customer', client, sql`account`)}
    ), browser as (${firstBrowserInsert(client, sql`account`)}
    ), code as (${codeInsert(confirmation, sql`account`)}
    ), letter as (${letterInsert(welcome, sql`account`)}
    ), event as (${auditInsert('customer-registered', origin, sql`account`)}
    )
    select account_id from account`,
  )
}

/** What a registration has to say of a person, as a part's columns, by the names that they have in the tables. */
export function personAsColumns(
  { firstName, lastName, email, username, profile }: DeskRegistrationInput,
  passwordHash: string | null,
): Sql {
  return sql`
    ${firstName}::text as first_name, ${lastName}::text as last_name,
    ${email.entered}::text as email, ${email.delivery}::text as email_delivery, ${email.canonical}::text as email_canonical,
    ${email.version}::smallint as email_canonical_version,
    ${username?.entered ?? null}::text as username, ${username?.canonical ?? null}::text as username_canonical,
    ${passwordHash}::text as password_hash,
    ${profile.phoneNumber}::text as phone_number, ${profile.company}::text as company, ${profile.address}::text as address,
    ${profile.city}::text as city, ${profile.state}::text as state, ${profile.country}::text as country,
    ${profile.postalCode}::text as postal_code, ${profile.dateOfBirth}::date as date_of_birth`
}

/**
 * Account, profile and password of the one row of `wanted`, the part before, as parts of which the last is left open like
 * every fragment. `account` has a row if the names in it were nobody's; every further part hangs on it.
 */
export function accountParts(): Sql {
  return sql`${accountWithoutPassword()}
    ), password as (
      insert into passwords (account_id, hash) select account_id, password_hash from wanted join account using (account_id)`
}

/** The same without a password, for somebody who chooses it later. */
export function accountWithoutPassword(): Sql {
  return sql`account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
        email_confirmed_at, username, username_canonical)
      select account_id, 'customer', first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
        email_confirmed_at, username, username_canonical
      from wanted
      on conflict do nothing
      returning id as account_id, id as actor_id, email_canonical, email_delivery, first_name
    ), profile as (
      insert into customer_profiles (account_id, phone_number, company, address, city, state, country, postal_code, date_of_birth)
      select account_id, phone_number, company, address, city, state, country, postal_code, date_of_birth
      from wanted join account using (account_id)`
}

/** Why the statement above inserted nothing. Asked only then. */
export function conflictStatement(emailCanonical: string, usernameCanonical: string | null): Statement {
  return named(
    'registration-conflict',
    sql`
    select
      exists (select from accounts where email_canonical = ${emailCanonical}) as email_taken,
      exists (select from accounts where username_canonical = ${usernameCanonical}) as username_taken`,
  )
}
