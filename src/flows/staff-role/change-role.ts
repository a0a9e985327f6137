import type { AccountStatus, StaffRole } from '../../accounts/account.ts'
import { actDetails, actorMay, anotherAdminThan, lockStaff } from '../../accounts/staff.ts'
import type { StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/** As every act of staff; done by nobody of them it is the operator's. */
export type RoleChange = Omit<StaffAct, 'actorId'> & { actorId: string | null; role: StaffRole }

export type RoleOutcome = 'changed' | 'unchanged' | 'last-admin' | 'not-allowed' | 'no-such-account'

/** Somebody of the staff, as a list and their own page show them. */
export interface StaffMember {
  id: string
  first_name: string
  last_name: string
  email: string | null
  status: AccountStatus
  role: StaffRole
  phone_number: string | null
  department: string | null
  created_at: Date
}

const member = sql`
  select a.id, a.first_name, a.last_name, a.email, a.status, p.role, p.phone_number, p.department, a.created_at
  from accounts a join staff_profiles p on p.account_id = a.id`

/** All of the staff, by name: a business has no more of them than a page can show. */
export function listStaff(database: Queryable): Promise<StaffMember[]> {
  return database.rows<StaffMember>(
    named('staff-list', sql`${member} order by lower(a.last_name), lower(a.first_name), a.id`),
  )
}

/** One of them by id, or by address; null for who is none. */
export function findStaff(database: Queryable, idOrAddress: string): Promise<StaffMember | null> {
  return database.row<StaffMember>(
    named('staff-find', sql`${member} where a.id::text = ${idOrAddress} or a.email_canonical = lower(${idOrAddress})`),
  )
}

/**
 * Gives a member of the staff another role, inside the caller's transaction: it counts from their very next request. Whether
 * the actor is an admin is asked at that moment, and the last admin stays one.
 */
export async function changeRole(within: Queryable, change: RoleChange, origin: Origin): Promise<RoleOutcome> {
  const { accountId, actorId, role, reason } = change
  await lockStaff(within, accountId)
  const details = actDetails(actorId, reason, sql`jsonb_build_object('from', former, 'to', ${role}::text)`)
  const verdict = await within.row<{ outcome: RoleOutcome }>(
    named(
      'staff-role',
      sql`
      with verdict as (
        select a.id, p.role as former, case
          when not ${actorMay(actorId, 'manage-staff')} then 'not-allowed'
          when p.role = ${role} then 'unchanged'
          when p.role = 'admin' and a.status = 'active' and not ${anotherAdminThan(sql`a.id`)} then 'last-admin'
          else 'changed' end as outcome
        from accounts a join staff_profiles p on p.account_id = a.id where a.id = ${accountId}::uuid
      ), profile as (
        update staff_profiles p set role = ${role}, updated_at = now() from verdict v
        where p.account_id = v.id and v.outcome = 'changed'
        returning p.account_id, ${actorId}::uuid as actor_id, v.former
      ), event as (${auditInsert('role-changed', origin, sql`profile`, details)}
      )
      select outcome from verdict`,
    ),
  )
  return verdict?.outcome ?? 'no-such-account'
}
