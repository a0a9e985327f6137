import type { StaffRole } from '../../accounts/account.ts'
import { codeFor, codeHash } from '../../accounts/codes/codes.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { equal, type Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'

export interface Invitation {
  role: StaffRole
  /** Null for the first admin's, which is for whoever holds the link. */
  email: string | null
  /** The customer who has the address already, and would become staff. */
  customer_id: string | null
  /** Whether it can be accepted now: neither used, nor expired, nor taken back. */
  open: boolean
}

/** Holds for an invitation that can be accepted now. */
export const usable = sql`
  i.accepted_at is null and i.revoked_at is null and i.expires_at > now()
  and (not i.for_first_admin or not exists (select from staff_profiles where role = 'admin'))`

/** The invitation that a code belongs to, or null when it was replaced, or never one. */
export async function findInvitation(database: Queryable, code: string): Promise<Invitation | null> {
  return database.row<Invitation>(
    named(
      'invitation-find',
      sql`
    select i.role, i.email, a.id as customer_id, ${usable} as open
    from invitations i left join accounts a on a.email_canonical = i.email_canonical and a.kind = 'customer'
    where i.code_hash = ${codeHash('invitation', code)}`,
    ),
  )
}

/**
 * While there is no admin: the code with which the first one registers, good for an hour from now. All nodes offer the
 * same one, since it is made from the row's id; one that was used or has expired is never offered again.
 */
export async function offerFirstAdmin(database: Queryable, keys: Keys): Promise<string | null> {
  const id = newId()
  const row = await database.row<{ id: string; code_hash: Buffer }>(
    offerStatement(id, codeHash('invitation', codeFor(keys, 'invitation', id))),
  )
  if (!row) return null
  const code = codeFor(keys, 'invitation', row.id)
  if (equal(codeHash('invitation', code), row.code_hash)) return code
  // Made under a secret that is no longer in use: nobody can derive it any more, so it is withdrawn.
  await database.rows(sql`delete from invitations where id = ${row.id} and accepted_at is null`)
  return offerFirstAdmin(database, keys)
}

function offerStatement(id: string, hash: Buffer) {
  const spent = sql`(i.expires_at <= now() or i.accepted_at is not null)`
  return named(
    'invitation-offer-first-admin',
    sql`
    insert into invitations as i (id, code_hash, role, for_first_admin, expires_at)
    select ${id}::uuid, ${hash}, 'admin', true, now() + interval '1 hour'
    where not exists (select from staff_profiles where role = 'admin')
    on conflict (for_first_admin) where for_first_admin do update set
      id = case when ${spent} then excluded.id else i.id end,
      code_hash = case when ${spent} then excluded.code_hash else i.code_hash end,
      expires_at = excluded.expires_at,
      accepted_at = null,
      accepted_by = null
    returning id, code_hash`,
  )
}
