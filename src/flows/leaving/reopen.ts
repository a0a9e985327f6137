import { asKept } from '../../accounts/closing.ts'
import { reasonAsDetails, type StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

/** Keeps an account that is closing, for somebody who told staff so; a letter tells its owner. False when it is not closing. */
export async function reopenAccount(database: Queryable, act: StaffAct, origin: Origin): Promise<boolean> {
  const letter = { id: newId(), kind: 'account-kept', codeId: null } as const
  const row = await database.row(
    named(
      'leaving-reopen',
      sql`
      with account as (
        update accounts set ${asKept}, updated_at = now() where id = ${act.accountId} and status = 'closing'
        returning id as account_id, ${act.actorId}::uuid as actor_id, email_delivery, first_name
      ), letter as (${letterInsert(letter, sql`account where email_delivery is not null`)}
      ), event as (${auditInsert('account-kept', origin, sql`account`, reasonAsDetails(act))}
      )
      select account_id from account`,
    ),
  )
  return row !== null
}
