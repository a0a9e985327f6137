import type { StaffRole } from '../../accounts/account.ts'
import { codeFor, codeHash } from '../../accounts/codes/codes.ts'
import { actorMay } from '../../accounts/staff.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import { letterInsert } from '../../mail/outbox.ts'
import type { InvitationInput } from './input.ts'

/** Milliseconds for which an invitation's link is good. */
export const INVITATION_VALID_FOR = 72 * HOUR

/** Who invites, resends or takes back; null for the operator at the command line. */
export interface Inviting {
  actorId: string | null
  origin: Origin
}

/** An invitation that was neither accepted nor taken back. */
export interface OpenInvitation {
  id: string
  email: string
  role: StaffRole
  created_at: Date
  expires_at: Date
  expired: boolean
  invited_by: string | null
}

/**
 * Invites an address to the staff: the invitation, its letter and the event in one statement. An address that is invited
 * already gets a new link in place of the former, which opens nothing from then on. False where the address is staff
 * already, or the actor is no admin any more.
 */
export async function inviteStaff(
  database: Queryable,
  keys: Keys,
  { email, role }: InvitationInput,
  { actorId, origin }: Inviting,
): Promise<boolean> {
  const { id, hash } = newInvitation(keys)
  const row = await database.row(
    named(
      'staff-invite',
      sql`
      with invitation as (
        insert into invitations as i (id, code_hash, role, expires_at, invited_by,
          email, email_delivery, email_canonical, email_canonical_version)
        select ${id}::uuid, ${hash}, ${role}, ${expiry}, ${actorId}::uuid,
          ${email.entered}, ${email.delivery}, ${email.canonical}, ${email.version}::smallint
        where ${actorMay(actorId, 'manage-staff')}
          and not exists (select from accounts where email_canonical = ${email.canonical} and kind = 'staff')
        on conflict (email_canonical) where accepted_at is null and revoked_at is null do update set
          id = excluded.id, code_hash = excluded.code_hash, role = excluded.role, expires_at = excluded.expires_at,
          invited_by = excluded.invited_by, created_at = now()
        returning i.*
      )${told('staff-invited', id, { actorId, origin })}`,
    ),
  )
  return row !== null
}

/** Sends an open invitation anew: another link for another 72 hours, and the former opens nothing. False when it is over. */
export async function resendInvitation(
  database: Queryable,
  keys: Keys,
  invitationId: string,
  { actorId, origin }: Inviting,
): Promise<boolean> {
  const { id, hash } = newInvitation(keys)
  const row = await database.row(
    named(
      'staff-invitation-resend',
      sql`
      with invitation as (
        update invitations i set id = ${id}::uuid, code_hash = ${hash}, expires_at = ${expiry}
        where i.id::text = ${invitationId} and i.email is not null and i.accepted_at is null and i.revoked_at is null
          and ${actorMay(actorId, 'manage-staff')}
        returning i.*
      )${told('invitation-sent-again', id, { actorId, origin })}`,
    ),
  )
  return row !== null
}

/** Takes an open invitation back: its link opens nothing from then on. False when it was accepted or taken back before. */
export async function revokeInvitation(
  database: Queryable,
  invitationId: string,
  { actorId, origin }: Inviting,
): Promise<boolean> {
  const row = await database.row(
    named(
      'staff-invitation-revoke',
      sql`
      with invitation as (
        update invitations i set revoked_at = now()
        where i.id::text = ${invitationId} and i.email is not null and i.accepted_at is null and i.revoked_at is null
          and ${actorMay(actorId, 'manage-staff')}
        returning i.id, i.role
      ), act as (${actOf(actorId)}
      ), event as (${auditInsert('invitation-revoked', origin, sql`act`, detailsOf(actorId))}
      )
      select id from invitation`,
    ),
  )
  return row !== null
}

/** The newest first. */
export function listInvitations(database: Queryable): Promise<OpenInvitation[]> {
  return database.rows<OpenInvitation>(
    named(
      'staff-invitations',
      sql`
      select i.id, i.email, i.role, i.created_at, i.expires_at, i.expires_at <= now() as expired,
        nullif(trim(concat_ws(' ', a.first_name, a.last_name)), '') as invited_by
      from invitations i left join accounts a on a.id = i.invited_by
      where i.email is not null and i.accepted_at is null and i.revoked_at is null
      order by i.created_at desc, i.id`,
    ),
  )
}

const expiry = sql`now() + ${INVITATION_VALID_FOR} * interval '1 millisecond'`

function newInvitation(keys: Keys): { id: string; hash: Buffer } {
  const id = newId()
  return { id, hash: codeHash('invitation', codeFor(keys, 'invitation', id)) }
}

/** The rest of a statement whose part `invitation` has just got another link: its letter, and the event. */
function told(event: 'staff-invited' | 'invitation-sent-again', codeId: string, { actorId, origin }: Inviting): Sql {
  const letter = { id: newId(), kind: 'staff-invitation', codeId } as const
  const inviter = sql`
    jsonb_build_object('role', role, 'invitedBy', (
      select nullif(trim(concat_ws(' ', first_name, last_name)), '') from accounts where id = invited_by))`
  return sql`, recipient as (
      select null::uuid as account_id, email_delivery, ''::text as first_name, role, invited_by from invitation
    ), letter as (${letterInsert(letter, sql`recipient`, inviter)}
    ), act as (${actOf(actorId)}
    ), event as (${auditInsert(event, origin, sql`act`, detailsOf(actorId))}
    )
    select id from invitation`
}

/** Nobody's account: who is invited may have none, and the event holds no address. */
function actOf(actorId: string | null): Sql {
  return sql`select null::uuid as account_id, ${actorId}::uuid as actor_id, id, role from invitation`
}

function detailsOf(actorId: string | null): Sql {
  return sql`
    jsonb_build_object('role', role)
      || case when ${actorId}::uuid is null then '{"by": "operator"}'::jsonb else '{}'::jsonb end`
}
