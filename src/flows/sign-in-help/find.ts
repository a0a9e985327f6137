import { parseIdentifier } from '../../accounts/identifier.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/** Whose a name is that somebody types to sign in, and by which of these: the first that holds. */
export type Found =
  | { found: 'person' | 'former-address' | 'unfinished'; id: string }
  /** `staff` have a page of their own. */
  | { found: 'nobody' | 'staff' }

/**
 * Finds who is meant by a name that is typed at sign-in: the account that it belongs to, else the one whose address it was,
 * else a registration under it whose link was never followed.
 */
export async function findByName(database: Queryable, typed: string): Promise<Found> {
  const identifier = parseIdentifier(typed)
  const row = await database.row<{ found: 'person' | 'former-address' | 'unfinished' | 'staff'; id: string }>(
    named(
      'sign-in-help-find',
      sql`
      select found, id from (
        select case kind when 'staff' then 'staff' else 'person' end as found, id, 1 as rank, created_at from accounts
        where email_canonical = ${identifier?.email ?? null} or username_canonical = ${identifier?.username ?? null}
        union all
        select 'former-address', account_id, 2, created_at from codes
        where purpose = 'email-revert' and email_canonical = ${identifier?.email ?? null}
        union all
        select 'unfinished', id, 3, created_at from pending_registrations
        where email_canonical = ${identifier?.email ?? null}
      ) as hit order by rank, created_at desc limit 1`,
    ),
  )
  return row ?? { found: 'nobody' }
}
