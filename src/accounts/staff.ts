import type { Queryable } from '../database/database.ts'
import { named, sql, type Sql } from '../database/sql.ts'
import { permissions, type Permission } from './permissions.ts'

/**
 * Takes an account's row, and then the lock under which who is on the staff changes, until the transaction ends; the
 * trigger that keeps the last admin takes the same two in the same order. A statement of its own, so that the next one
 * sees what whoever held them before has done.
 */
export async function lockStaff(within: Queryable, accountId: string): Promise<void> {
  await within.rows(
    named(
      'staff-lock',
      sql`
      select pg_advisory_xact_lock(hashtext('staff'))
      from (select id from accounts where id = ${accountId}::uuid for update) as account`,
    ),
  )
}

/** Holds while this actor is active on the staff in a role with the permission; always for the operator, who is null. */
export function actorMay(actorId: string | null, permission: Permission): Sql {
  return sql`(${actorId}::uuid is null or exists (
    select from accounts s join staff_profiles sp on sp.account_id = s.id
    where s.id = ${actorId}::uuid and s.kind = 'staff' and s.status = 'active' and sp.role = any(${permissions[permission]}::text[])))`
}

/** Holds while some active admin is not the one of this id. */
export function anotherAdminThan(accountId: Sql): Sql {
  return sql`exists (
    select from accounts s join staff_profiles sp on sp.account_id = s.id
    where s.id <> ${accountId} and s.kind = 'staff' and s.status = 'active' and sp.role = 'admin')`
}

/** What the record says of somebody's act: the reason, and that it was the operator where nobody was signed in. */
export function actDetails(actorId: string | null, reason: string, more: Sql = sql`'{}'::jsonb`): Sql {
  return sql`
    jsonb_build_object('reason', ${reason}::text) || ${more}
      || case when ${actorId}::uuid is null then '{"by": "operator"}'::jsonb else '{}'::jsonb end`
}
