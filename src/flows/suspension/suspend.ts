import { reasonAsDetails, type StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/**
 * Suspends an account: from this commit on nobody is signed in to it. Two statements on purpose, inside the caller's
 * transaction: the first takes the account's row, for which a sign-in under way is waited; only the second sees the session
 * that it opened, and ends it. Closing accounts are left alone: they are erased on their day. False when it was not active.
 */
export async function suspendAccount(within: Queryable, act: StaffAct, origin: Origin): Promise<boolean> {
  const row = await within.row(
    named(
      'suspension-suspend',
      sql`
      with account as (
        update accounts set status = 'suspended', updated_at = now() where id = ${act.accountId} and status = 'active'
        returning id as account_id, ${act.actorId}::uuid as actor_id
      ), event as (${auditInsert('account-suspended', origin, sql`account`, reasonAsDetails(act))}
      )
      select account_id from account`,
    ),
  )
  if (!row) return false
  await within.rows(named('suspension-sign-out', sql`delete from sessions where account_id = ${act.accountId}`))
  return true
}

/** Undoes a suspension. Nobody is signed in by it. False when the account was not suspended. */
export async function restoreAccount(database: Queryable, act: StaffAct, origin: Origin): Promise<boolean> {
  const row = await database.row(
    named(
      'suspension-restore',
      sql`
      with account as (
        update accounts set status = 'active', updated_at = now() where id = ${act.accountId} and status = 'suspended'
        returning id as account_id, ${act.actorId}::uuid as actor_id
      ), event as (${auditInsert('account-restored', origin, sql`account`, reasonAsDetails(act))}
      )
      select account_id from account`,
    ),
  )
  return row !== null
}
