import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { alive, type CurrentSession } from './sessions.ts'

/** A place where somebody is signed in. */
export interface OwnSession {
  /** Public: no way in, unlike the token. */
  id: string
  user_agent: string | null
  network: string | null
  created_at: Date
  last_seen_at: Date
  /** The one that asks. */
  current: boolean
}

/** More than anybody reads. All that are not listed end with `endOtherSessions` too. */
const LISTED = 100

/** Where an account is signed in: the asking session first, then by when each was last seen. */
export async function listSessions(database: Queryable, { id, account }: CurrentSession): Promise<OwnSession[]> {
  return database.rows<OwnSession>(
    named(
      'sessions-list',
      sql`
      select s.id, s.user_agent, s.network, s.created_at, s.last_seen_at, s.id = ${id} as current
      from sessions s join accounts a on a.id = s.account_id
      where s.account_id = ${account.id} and ${alive}
      order by current desc, s.last_seen_at desc, s.id limit ${LISTED}`,
    ),
  )
}

/**
 * Ends a session of this account by its public id. Whose it is is part of the condition, so that an id of somebody else's
 * is the same as one that never was. False when nothing ended.
 */
export async function endOwnSession(
  database: Queryable,
  { account }: CurrentSession,
  id: string,
  origin: Origin,
): Promise<boolean> {
  const rows = await database.rows(
    named(
      'sessions-end-own',
      sql`
      with ended as (
        delete from sessions where account_id = ${account.id} and id::text = ${id}
        returning account_id, account_id as actor_id
      ), recorded as (${auditInsert('session-ended', origin, sql`ended`)}
      )
      select account_id from ended`,
    ),
  )
  return rows.length > 0
}

/** Ends every session of this account but the asking one; how many there were. One event for all, and none for none. */
export async function endOtherSessions(
  database: Queryable,
  { id, account }: CurrentSession,
  origin: Origin,
): Promise<number> {
  const row = await database.row<{ count: number }>(
    named(
      'sessions-end-others',
      sql`
      with other as (
        select account_id, id from sessions where account_id = ${account.id} and id <> ${id}
        order by id for update -- one order for everybody, so that two who do it at once never wait for each other
      ), ended as (
        delete from sessions s using other where s.account_id = other.account_id and s.id = other.id
        returning s.account_id
      ), act as (
        select account_id, account_id as actor_id, count(*) as count from ended group by account_id
      ), recorded as (${auditInsert('other-sessions-ended', origin, sql`act`, sql`jsonb_build_object('count', count)`)}
      )
      select count::int from act`,
    ),
  )
  return row?.count ?? 0
}
