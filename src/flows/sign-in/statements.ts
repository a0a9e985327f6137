import type { AccountKind } from '../../accounts/account.ts'
import type { Identifier } from '../../accounts/identifier.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Sql, type Statement } from '../../database/sql.ts'
import { sha256 } from '../../lib/keys.ts'

/** The account that a name belongs to, and its password. A text that can name nobody is looked up like any other. */
export function credentialStatement(identifier: Identifier | null): Statement {
  return named(
    'sign-in-credential',
    sql`
    select a.id as account_id, a.kind, a.status, p.hash, p.disabled_at is not null as disabled
    from accounts a left join passwords p on p.account_id = a.id
    where a.email_canonical = ${identifier?.email ?? null} or a.username_canonical = ${identifier?.username ?? null}`,
  )
}

/** Counts a failure against the password, disables it at the limit, and records both; records alone where there is none. */
export function refuseStatement(
  accountId: string | null,
  reason: string,
  failuresThatDisable: number,
  origin: Origin,
): Statement {
  return named(
    'sign-in-refuse',
    sql`
    with failed as (
      update passwords set
        consecutive_failures = consecutive_failures + 1,
        disabled_at = coalesce(disabled_at, case when consecutive_failures + 1 >= ${failuresThatDisable} then now() end)
      where account_id = ${accountId} and ${reason} = 'wrong-credentials'
      returning account_id, null::uuid as actor_id, consecutive_failures
    ), disabled as (
      select account_id, actor_id from failed where consecutive_failures = ${failuresThatDisable}
    ), disabled_event as (${auditInsert('password-disabled', origin, sql`disabled`)}
    ), attempt as (
      select ${accountId}::uuid as account_id, null::uuid as actor_id
    )${auditInsert('sign-in-refused', origin, sql`attempt`, sql`jsonb_build_object('factor', 'password', 'reason', ${reason}::text)`)}`,
  )
}

export interface SignIn {
  accountId: string
  kind: AccountKind
  /** The hash that the password was verified against: if it is no longer the stored one, nobody is signed in. */
  verified: string
  /** The password at today's cost, where the stored one is of an older cost. */
  newHash: string | null
  sessionToken: SessionToken
  previousToken: SessionToken | null
  /** Gives the attempts back that were taken for this one. */
  giveBack: Sql
  client: Client
  origin: Origin
}

/** Opens a session, ends the browser's former one, and forgets the failures, if the password is still good. */
export function signInStatement({
  accountId,
  kind,
  verified,
  newHash,
  sessionToken,
  previousToken,
  giveBack,
  client,
  origin,
}: SignIn): Statement {
  return named(
    'sign-in',
    sql`
    with account as (
      select id as account_id from accounts where id = ${accountId} and status = 'active' for share
    ), password as (
      update passwords p set consecutive_failures = 0, hash = coalesce(${newHash}, p.hash)
      from account
      where p.account_id = account.account_id and p.hash = ${verified} and p.disabled_at is null
      returning p.account_id, p.account_id as actor_id
    ), given_back as (${giveBack}
    ), previous as (
      delete from sessions where token_hash = ${previousToken === null ? null : sha256(previousToken)} and exists (select from password)
    ), session as (${sessionInsert(sessionToken, kind, client, sql`password`)}
    ), event as (${auditInsert('signed-in', origin, sql`password`, sql`'{"factor": "password"}'::jsonb`)}
    )
    select account_id from password`,
  )
}
