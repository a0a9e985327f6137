import { codeHash } from '../../accounts/codes/codes.ts'
import { oncePerSubmission, type Done } from '../../accounts/receipts/once.ts'
import { receiptInsert } from '../../accounts/receipts/receipts.ts'
import { sessionInsert, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { archiveInsert, runInsert } from '../../archive/archive.ts'
import { auditInsert } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import type { StaffDetails } from '../../accounts/profiles/profiles.ts'
import { usable } from './invitation.ts'
import type { StaffRegistrar, StaffRegistrationRequest } from './register-staff.ts'
import { STAFF_REGISTRATIONS_PER_NETWORK, staffFingerprint } from './register-staff.ts'

export interface BecomingStaff extends Omit<StaffRegistrationRequest, 'input'> {
  /** The customer who is signed in, and whose address is invited. */
  accountId: string
  password: string
  profile: Omit<StaffDetails, 'role'>
}

export type BecomingStaffRefusal =
  | { outcome: 'invitation-unusable' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

const WHY = 'The customer accepted an invitation and joined the staff.'

/**
 * Makes a customer staff, exactly once: the same account under the same address gets a staff profile, its customer profile
 * is archived as it was, the password replaced by one that is long enough, and every session ended but a new one.
 */
export async function becomeStaff(
  registrar: StaffRegistrar,
  request: BecomingStaff,
): Promise<Done | BecomingStaffRefusal> {
  const { database, passwords, limits } = registrar
  const print = staffFingerprint(request)
  return oncePerSubmission<BecomingStaffRefusal>(registrar, print, {
    admit: async () => {
      const subject = request.client.network ?? 'none'
      const taken = await limits.take([{ rule: STAFF_REGISTRATIONS_PER_NETWORK, subject }])
      return taken.allowed ? null : { outcome: 'too-many-attempts', ...taken }
    },
    prepare: async (sessionToken) => {
      const hash = await passwords.hash(request.password, request.client.network)
      return () => database.transaction((within) => change(within, request, hash, print, sessionToken))
    },
    whyNot: async () => ({ outcome: 'invitation-unusable' }),
  })
}

/**
 * Two statements on purpose: the first takes the account's row, for which a sign-in under way is waited; only the second
 * sees the session that it opened, and ends it with all the others.
 */
async function change(
  within: Queryable,
  { accountId, code, profile, client, origin }: BecomingStaff,
  hash: string,
  print: string,
  sessionToken: SessionToken,
): Promise<string | null> {
  const runId = newId()
  const changed = await within.row(
    named(
      'staff-from-customer',
      sql`
      with invitation as (
        select i.id, i.role, i.email_canonical from invitations i
        where i.code_hash = ${codeHash('invitation', code)} and ${usable} for update
      ), customer as (
        select a.id, invitation.id as invitation_id, invitation.role from accounts a
        join invitation on invitation.email_canonical = a.email_canonical
        where a.id = ${accountId} and a.kind = 'customer' and a.status = 'active' for update of a
      ), accepted as (
        update invitations i set accepted_at = now(), accepted_by = customer.id from customer where i.id = customer.invitation_id
      ), former as (
        delete from customer_profiles c using customer where c.account_id = customer.id returning c.*
      ), run as (${runInsert(runId, 'staff-from-customer', sql`${accountId}::uuid`)} from former
      ), archived as (${archiveInsert(
        runId,
        'customer_profiles',
        WHY,
        sql`(select account_id, to_jsonb(former) as former, null::jsonb as made from former) as kept`,
      )}
      ), account as (
        update accounts a set kind = 'staff', updated_at = now(), email_confirmed_at = coalesce(email_confirmed_at, now())
        from customer where a.id = customer.id
        returning a.id as account_id, a.id as actor_id, customer.role
      ), profile as (
        insert into staff_profiles (account_id, role, phone_number, department)
        select account_id, role, ${profile.phoneNumber}, ${profile.department} from account
      ), password as (
        insert into passwords as p (account_id, hash) select account_id, ${hash} from account
        on conflict (account_id) do update set
          hash = excluded.hash, changed_at = now(), consecutive_failures = 0, disabled_at = null
      ), event as (${auditInsert('staff-from-customer', origin, sql`account`, sql`jsonb_build_object('role', role)`)}
      )
      select account_id from account`,
    ),
  )
  if (!changed) return null
  const account = sql`(select ${accountId}::uuid as account_id) as account`
  await within.rows(
    named(
      'staff-from-customer-session',
      sql`
      with ended as (
        delete from sessions where account_id = ${accountId}
      ), receipt as (${receiptInsert(print, account)}
      )${sessionInsert(sessionToken, 'staff', client, account)}`,
    ),
  )
  return accountId
}
