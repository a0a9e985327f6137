import { actDetails, actorMay, anotherAdminThan, lockStaff } from '../../accounts/staff.ts'
import type { StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql, type Statement } from '../../database/sql.ts'

/** As every act of staff; done by nobody of them it is the operator's, who may suspend and restore everybody. */
export type Suspending = Omit<StaffAct, 'actorId'> & { actorId: string | null }

export type SuspensionOutcome =
  | 'suspended'
  | 'suspended-already'
  | 'closing'
  | 'own-account'
  | 'last-admin'
  | 'not-allowed'
  | 'no-such-account'

export type RestorationOutcome = 'restored' | 'not-suspended' | 'not-allowed' | 'no-such-account'

/**
 * Suspends an account, inside the caller's transaction: with its commit every session of it is over, and nobody signs in
 * to it until it is restored. Customers by whoever may `suspend-customers`, staff by whoever may `manage-staff`, asked at
 * the moment itself; never oneself, and never the last admin. Closing accounts are left alone: they are erased on their
 * day. Sent twice it is one suspension, and the second is told so.
 */
export async function suspendAccount(within: Queryable, act: Suspending, origin: Origin): Promise<SuspensionOutcome> {
  if (act.actorId === act.accountId) return 'own-account'
  await lockStaff(within, act.accountId)
  const verdict = await within.row<{ outcome: SuspensionOutcome }>(suspendStatement(act, origin))
  // A statement of its own: it sees the session of a sign-in that the lock has waited for.
  if (verdict?.outcome === 'suspended')
    await within.rows(named('suspension-sign-out', sql`delete from sessions where account_id = ${act.accountId}`))
  return verdict?.outcome ?? 'no-such-account'
}

function suspendStatement({ accountId, actorId, reason }: Suspending, origin: Origin): Statement {
  return named(
    'suspension-suspend',
    sql`
    with verdict as (
      select a.id, case
        when not ${mayBe(actorId)} then 'not-allowed'
        when a.status = 'suspended' then 'suspended-already'
        when a.status = 'closing' then 'closing'
        when p.role = 'admin' and not ${anotherAdminThan(sql`a.id`)} then 'last-admin'
        else 'suspended' end as outcome
      from accounts a left join staff_profiles p on p.account_id = a.id where a.id = ${accountId}::uuid for update of a
    ), account as (
      update accounts a set status = 'suspended', updated_at = now() from verdict v
      where a.id = v.id and v.outcome = 'suspended'
      returning a.id as account_id, ${actorId}::uuid as actor_id
    ), event as (${auditInsert('account-suspended', origin, sql`account`, actDetails(actorId, reason))}
    )
    select outcome from verdict`,
  )
}

/** Lifts a suspension, by whoever may suspend; nobody is signed in by it. Sent twice it is one. */
export async function restoreAccount(
  database: Queryable,
  act: Suspending,
  origin: Origin,
): Promise<RestorationOutcome> {
  const verdict = await database.row<{ outcome: RestorationOutcome }>(restoreStatement(act, origin))
  return verdict?.outcome ?? 'no-such-account'
}

function restoreStatement({ accountId, actorId, reason }: Suspending, origin: Origin): Statement {
  return named(
    'suspension-restore',
    sql`
    with verdict as (
      select a.id, case
        when not ${mayBe(actorId)} then 'not-allowed'
        when a.status <> 'suspended' then 'not-suspended'
        else 'restored' end as outcome
      from accounts a where a.id = ${accountId}::uuid for update
    ), account as (
      update accounts a set status = 'active', updated_at = now() from verdict v
      where a.id = v.id and v.outcome = 'restored'
      returning a.id as account_id, ${actorId}::uuid as actor_id
    ), event as (${auditInsert('account-restored', origin, sql`account`, actDetails(actorId, reason))}
    )
    select outcome from verdict`,
  )
}

/** Whether the actor may do this to the account `a`, by its kind. */
function mayBe(actorId: string | null): Sql {
  return sql`
    (case when a.kind = 'staff' then ${actorMay(actorId, 'manage-staff')} else ${actorMay(actorId, 'suspend-customers')} end)`
}
