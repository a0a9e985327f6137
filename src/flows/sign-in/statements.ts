import type { AccountKind } from '../../accounts/account.ts'
import { closingMark } from '../../accounts/closing.ts'
import type { Identifier } from '../../accounts/identifier.ts'
import { deviceInWords } from '../../accounts/sessions/device.ts'
import { knownBrowserInsert } from '../../accounts/sessions/known-browsers.ts'
import { formerSessionEnd, sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Sql, type Statement } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

/**
 * The account that a name belongs to, and its password: one row, of nulls where it is nobody's. A text that can name nobody
 * is looked up like any other. With it come the schemes of imported hashes that some account still has.
 */
export function credentialStatement(identifier: Identifier | null): Statement {
  // A text for each: one with both, of which one is null, PostgreSQL would plan anew for every sign-in.
  const isNamed = identifier?.email
    ? sql`a.email_canonical = ${identifier.email}`
    : sql`a.username_canonical = ${identifier?.username ?? null}`
  return named(
    'sign-in-credential',
    sql`
    select a.id as account_id, a.kind, a.status, ${closingMark} as closing_mark, p.hash, p.disabled_at is not null as disabled,
      array(select decoy from imported_password_schemes order by scheme) as decoys
    from (select) as one left join (accounts a left join passwords p on p.account_id = a.id) on ${isNamed}`,
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

/**
 * Opens a session, ends the browser's former one, and forgets the failures, if the password is still good. The owner of
 * an account that knows browsers gets a letter of one more; `exists` sees what was there before this statement.
 */
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
  const letter = { id: newId(), kind: 'new-device', codeId: null } as const
  const details = sql`
    jsonb_build_object('device', ${deviceInWords(client.userAgent)}::text, 'network', ${client.network}::text, 'at', now())`
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
    ), previous as (${formerSessionEnd(previousToken, sql`password`)}
    ), session as (${sessionInsert(sessionToken, kind, client, sql`password`)}
    ), browser as (${knownBrowserInsert(client, sql`password`)}
    ), told as (
      select a.id as account_id, a.email_delivery, a.first_name
      from browser b join accounts a on a.id = b.account_id
      where b.is_new and a.email_delivery is not null and exists (select from known_browsers where account_id = a.id)
    ), letter as (${letterInsert(letter, sql`told`, details)}
    ), event as (${auditInsert('signed-in', origin, sql`password`, sql`'{"factor": "password"}'::jsonb`)}
    )
    select account_id from password`,
  )
}
