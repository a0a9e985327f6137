import type { AccountKind, AccountStatus, StaffRole } from '../../accounts/account.ts'
import type { CustomerDetails } from '../../accounts/profiles/profiles.ts'
import { alive } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'

/** Somebody's account as staff see it. What is personal in it is masked by the page until it is asked for. */
export interface Person {
  id: string
  kind: AccountKind
  status: AccountStatus
  firstName: string
  lastName: string
  email: string | null
  emailConfirmed: boolean
  username: string | null
  createdAt: Date
  role: StaffRole | null
  /** Null for staff. */
  profile: CustomerDetails | null
  sessions: readonly PersonSession[]
}

/** As JSON has it. */
export interface PersonSession {
  user_agent: string | null
  network: string | null
  last_seen_at: string
}

/** More than anybody reads; all of them end together. */
const SESSIONS_LISTED = 20

/** One account with its profile and where it is signed in, in one round trip. Null for an id that is no account's. */
export async function readPerson(database: Queryable, id: string): Promise<Person | null> {
  return database.row<Person>(
    named(
      'person-read',
      sql`
      select a.id, a.kind, a.status, a.first_name as "firstName", a.last_name as "lastName", a.email, a.username,
        a.email_confirmed_at is not null as "emailConfirmed", a.created_at as "createdAt", s.role,
        case when c.account_id is not null then jsonb_build_object(
          'phoneNumber', c.phone_number, 'company', c.company, 'address', c.address, 'city', c.city, 'state', c.state,
          'country', c.country, 'postalCode', c.postal_code, 'dateOfBirth', c.date_of_birth) end as profile,
        (select coalesce(jsonb_agg(seen), '[]') from (
          select s.user_agent, s.network, s.last_seen_at from sessions s
          where s.account_id = a.id and ${alive} order by s.last_seen_at desc limit ${SESSIONS_LISTED}) as seen) as sessions
      from accounts a
        left join customer_profiles c on c.account_id = a.id
        left join staff_profiles s on s.account_id = a.id
      where a.id = ${id}`,
    ),
  )
}

/** A registration whose link was never followed: nobody's account yet. */
export interface Unfinished {
  id: string
  firstName: string
  lastName: string
  email: string
  createdAt: Date
  expiresAt: Date
}

export async function readUnfinished(database: Queryable, id: string): Promise<Unfinished | null> {
  return database.row<Unfinished>(
    named(
      'person-read-unfinished',
      sql`
      select p.id, p.first_name as "firstName", p.last_name as "lastName", p.email, p.created_at as "createdAt",
        p.expires_at as "expiresAt"
      from pending_registrations p
      where p.id = ${id} and not exists (select from accounts a where a.email_canonical = p.email_canonical)`,
    ),
  )
}

/** Records that somebody of the staff was shown what is masked: before it is shown, so that nothing is seen unrecorded. */
export async function recordShowing(
  database: Queryable,
  { accountId, actorId }: { accountId: string; actorId: string },
  origin: Origin,
): Promise<void> {
  const showing = sql`(select ${accountId}::uuid as account_id, ${actorId}::uuid as actor_id) as showing`
  await database.rows(named('person-shown', auditInsert('personal-data-shown', origin, showing)))
}
