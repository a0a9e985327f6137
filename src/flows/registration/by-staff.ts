import { CONFIRMATION_VALID_FOR } from '../../accounts/codes/codes.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/**
 * Has the letter of a registration written once more whose link was never followed, good for another day. Sent twice it is
 * one letter: the second finds that the first is still to be written, or was just now. False when it is finished or gone.
 */
export async function sendRegistrationLink(
  database: Queryable,
  { registration, actorId, reason }: { registration: string; actorId: string; reason: string },
  origin: Origin,
): Promise<boolean> {
  const row = await database.row(
    named(
      'registration-link-by-staff',
      sql`
      with pending as (
        update pending_registrations p
        set settled_at = case when settled_at > now() - interval '30 seconds' then settled_at end,
          expires_at = now() + ${CONFIRMATION_VALID_FOR} * interval '1 millisecond'
        where id = ${registration} and not exists (select from accounts a where a.email_canonical = p.email_canonical)
        returning null::uuid as account_id, ${actorId}::uuid as actor_id
      ), event as (${auditInsert('registration-link-sent', origin, sql`pending`, sql`jsonb_build_object('reason', ${reason}::text)`)}
      )
      select actor_id from pending`,
    ),
  )
  return row !== null
}
