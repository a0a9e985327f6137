import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { StaffAct } from '../staff-act.ts'

/**
 * Ends every session of somebody else's account, and makes their former submissions lead to none (ASVS 7.4.5). It is
 * recorded also where there was none to end: somebody wanted to be sure.
 */
export async function endSessionsOf(
  database: Queryable,
  { accountId, actorId, reason }: StaffAct,
  origin: Origin,
): Promise<void> {
  await database.rows(
    named(
      'sessions-end-all',
      sql`
      with ended as (
        delete from sessions where account_id = ${accountId} returning account_id
      ), forgotten as (
        delete from receipts where account_id = ${accountId}
      ), act as (
        select ${accountId}::uuid as account_id, ${actorId}::uuid as actor_id, (select count(*) from ended) as count
      )${auditInsert('sessions-ended', origin, sql`act`, sql`jsonb_build_object('count', count, 'reason', ${reason}::text)`)}`,
    ),
  )
}
