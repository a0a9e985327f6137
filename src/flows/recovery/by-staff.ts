import { codeInsert, newCode, RECOVERY_BY_STAFF_VALID_FOR } from '../../accounts/codes/codes.ts'
import { reasonAsDetails, type StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

/**
 * Sends somebody a way back in: a letter to the account's own address, with a link that is good for a day. Staff start it
 * and learn nothing by it (ASVS 6.4.6). False where there is no address, or the account is suspended.
 */
export async function sendRecovery(database: Queryable, keys: Keys, act: StaffAct, origin: Origin): Promise<boolean> {
  const code = newCode(keys, 'recovery', newId(), RECOVERY_BY_STAFF_VALID_FOR)
  const letter = { id: newId(), kind: 'choose-password', codeId: code.id } as const
  const row = await database.row(
    named(
      'recovery-by-staff',
      sql`
      with account as (
        select id as account_id, ${act.actorId}::uuid as actor_id, email_canonical, email_delivery, first_name from accounts
        where id = ${act.accountId} and email_canonical is not null and status in ('active', 'closing')
      ), code as (${codeInsert(code, sql`account`)}
      ), letter as (${letterInsert(letter, sql`account`)}
      ), event as (${auditInsert('recovery-requested', origin, sql`account`, reasonAsDetails(act))}
      )
      select account_id from account`,
    ),
  )
  return row !== null
}
