import { guessesForgotten, guessingNetworks } from '../../accounts/passwords/guesses.ts'
import { reasonAsDetails, type StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/**
 * Lets somebody try again at once who tried too often. The failures against the password stay counted: a hundred in a row
 * disable it whoever helps meanwhile, and what a whole network took at all accounts is not one person's to clear.
 */
export async function clearAttempts(database: Queryable, act: StaffAct, origin: Origin): Promise<boolean> {
  const { accountId, actorId } = act
  const row = await database.row(
    named(
      'sign-in-help-clear-attempts',
      sql`
      with network as (${guessingNetworks(accountId)}
      ), account as (
        select id as account_id, ${actorId}::uuid as actor_id from accounts where id = ${accountId}
      ), cleared as (${guessesForgotten(sql`${accountId}::uuid::text`, sql`network`)}
      ), event as (${auditInsert('attempts-cleared', origin, sql`account`, reasonAsDetails(act))}
      )
      select account_id from account`,
    ),
  )
  return row !== null
}
