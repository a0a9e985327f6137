import { named, sql, type Sql } from '../../database/sql.ts'
import type { Database } from '../../database/database.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sha256 } from '../../lib/keys.ts'
import { newId, newSecret } from '../../lib/random.ts'
import type { Account, AccountKind } from '../account.ts'
import { lifetimes, RECENT_FOR } from './lifetimes.ts'

/** The browser's half of a session. Unguessable, never stored, never logged. */
export type SessionToken = string

/** Who uses a session, as told by the request. */
export interface Client {
  userAgent: string | null
  network: string | null
  /** What known-browsers.ts makes of the browser's own secret; null for a script. */
  browser: Buffer | null
}

export interface CurrentSession {
  id: string
  account: Account
  /** Whether the password was given within RECENT_FOR. */
  recent: boolean
}

interface Row {
  session_id: string
  recent: boolean
  seen_long_ago: boolean
  id: string
  kind: AccountKind
  first_name: string
  last_name: string
  email: string | null
  username: string | null
  role: Account['role']
}

export function newSessionToken(): SessionToken {
  return newSecret()
}

/**
 * The new session's row, as a fragment for the statement that signs somebody in. `from` has the account_id. A token made
 * from a submission may have had a session before; it begins anew.
 */
export function sessionInsert(token: SessionToken, kind: AccountKind, { userAgent, network }: Client, from: Sql): Sql {
  const { idle, absolute } = lifetimes[kind]
  return sql`
    insert into sessions (token_hash, id, account_id, idle_limit, expires_at, user_agent, network)
    select ${sha256(token)}, ${newId()}::uuid, account_id, ${idle} * interval '1 millisecond',
      now() + ${absolute} * interval '1 millisecond', ${userAgent}, ${network}
    from ${from}
    on conflict (token_hash) do update set (id, account_id, created_at, last_seen_at, idle_limit, expires_at) =
      (excluded.id, excluded.account_id, now(), now(), excluded.idle_limit, excluded.expires_at)`
}

/**
 * Ends the session that a browser had before it got another, as a fragment, where `proof` has a row. Without one it is another
 * text: for a token that may be null PostgreSQL plans the whole statement anew every time.
 */
export function formerSessionEnd(former: SessionToken | null, proof: Sql): Sql {
  if (former === null) return sql`select`
  return sql`delete from sessions where token_hash = ${sha256(former)} and exists (select from ${proof})`
}

/**
 * Gives a session another token after its person has proved anew who they are, as a fragment: the old one is nobody's
 * from then on (ASVS 7.2.4), and of any number of attempts with it one gets the row. `from` has the account_id.
 */
export function sessionRenewal(former: SessionToken, next: SessionToken, from: Sql): Sql {
  return sql`
    update sessions s set token_hash = ${sha256(next)}, authenticated_at = now(), last_seen_at = now()
    from ${from} as person
    where s.token_hash = ${sha256(former)} and s.account_id = person.account_id
    returning s.account_id, s.account_id as actor_id`
}

const seenLongAgo = sql`s.last_seen_at < now() - interval '1 minute'`

/** Holds for a session that has neither ended nor been idle for too long, of an account that may be used. */
export const alive = sql`
  s.expires_at > now() and s.last_seen_at + s.idle_limit > now() and a.status = 'active'`

/** Who is signed in, in one round trip that writes nothing; once a minute a second one notes that they were seen. */
export async function findSession(database: Database, token: SessionToken): Promise<CurrentSession | null> {
  const hash = sha256(token)
  const row = await database.found<Row>(
    named(
      'sessions-find',
      sql`
      select s.id as session_id, s.authenticated_at > now() - ${RECENT_FOR} * interval '1 millisecond' as recent,
        ${seenLongAgo} as seen_long_ago, a.id, a.kind, a.first_name, a.last_name, a.email, a.username, p.role
      from sessions s join accounts a on a.id = s.account_id left join staff_profiles p on p.account_id = a.staff_profile_id
      where s.token_hash = ${hash} and ${alive}`,
    ),
  )
  if (row?.seen_long_ago) await noteSeen(database, hash)
  return row && { id: row.session_id, account: accountFrom(row), recent: row.recent }
}

/** Does not wait for the disk: what a crash could lose is a minute of `last_seen_at`. */
async function noteSeen(database: Database, hash: Buffer): Promise<void> {
  await database.rows(
    named(
      'sessions-seen',
      sql`
      update sessions s set last_seen_at = now() from accounts a
      where s.token_hash = ${hash} and a.id = s.account_id and ${seenLongAgo} and ${alive}
      returning set_config('synchronous_commit', 'off', true)`,
    ),
  )
}

/**
 * Ends one session: from the next request on its token is nobody's (ASVS 7.4.1), and no submission that was sent before
 * leads back into the account. A token that has ended already is recorded too: that row's commit is what makes sure that
 * the first end is known to the standby before it is acknowledged once more.
 */
export async function endSession(database: Database, token: SessionToken, origin: Origin): Promise<void> {
  await database.rows(
    named(
      'sessions-end',
      sql`
      with ended as (
        delete from sessions where token_hash = ${sha256(token)} returning account_id, account_id as actor_id
      ), forgotten as (
        delete from receipts r using ended where r.account_id = ended.account_id
      ), nothing as (
        select null::uuid as account_id, null::uuid as actor_id where not exists (select from ended)
      ), repeated as (
        ${auditInsert('sign-out-repeated', origin, sql`nothing`)}
      )
      ${auditInsert('signed-out', origin, sql`ended`)}`,
    ),
  )
}

function accountFrom(row: Row): Account {
  const { id, kind, email, username, role } = row
  return { id, kind, firstName: row.first_name, lastName: row.last_name, email, username, role }
}
