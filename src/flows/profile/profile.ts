import type { StaffRole } from '../../accounts/account.ts'
import type { CustomerDetails, StaffDetails } from '../../accounts/profiles/profiles.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { column, join, named, sql, type Sql } from '../../database/sql.ts'
import type { CustomerProfileInput, StaffProfileInput } from './input.ts'

interface Person {
  firstName: string
  lastName: string
  email: string | null
  username: string | null
  emailConfirmed: boolean
  memberSince: Date
}

export type CustomerProfile = Person & { profile: CustomerDetails }
export type StaffProfile = Person & { profile: StaffDetails & { role: StaffRole } }

const person = sql`
  a.first_name as "firstName", a.last_name as "lastName", a.email, a.username,
  a.email_confirmed_at is not null as "emailConfirmed", a.created_at as "memberSince"`

/** Null for an account that is none, or none of this kind. */
export async function readCustomerProfile(database: Queryable, accountId: string): Promise<CustomerProfile | null> {
  return database.row<CustomerProfile>(
    named(
      'profile-read-customer',
      sql`
    select ${person}, jsonb_build_object(
      'phoneNumber', p.phone_number, 'company', p.company, 'address', p.address, 'city', p.city, 'state', p.state,
      'country', p.country, 'postalCode', p.postal_code, 'dateOfBirth', p.date_of_birth) as profile
    from accounts a join customer_profiles p on p.account_id = a.id where a.id = ${accountId}`,
    ),
  )
}

export async function readStaffProfile(database: Queryable, accountId: string): Promise<StaffProfile | null> {
  return database.row<StaffProfile>(
    named(
      'profile-read-staff',
      sql`
    select ${person}, jsonb_build_object('role', p.role, 'phoneNumber', p.phone_number, 'department', p.department) as profile
    from accounts a join staff_profiles p on p.account_id = a.id where a.id = ${accountId}`,
    ),
  )
}

/** Which saving of a profile somebody has before them: as text, equal only while nobody saved it since. */
const versionOf = sql`
  (extract(epoch from greatest(a.updated_at, p.updated_at)) * 1000000)::bigint::text`

export interface ForeignEdit {
  accountId: string
  actorId: string
  /** What `readCustomerForEdit` gave with the values that were edited. */
  version: string
  input: CustomerProfileInput
}

/** A customer's profile for somebody of the staff to edit, with its version. */
export async function readCustomerForEdit(
  database: Queryable,
  accountId: string,
): Promise<(CustomerProfile & { version: string }) | null> {
  // The version first: saved in between, the values are newer than it, and saving over them is refused.
  const row = await database.row<{ version: string }>(
    named(
      'profile-version',
      sql`select ${versionOf} as version from accounts a join customer_profiles p on p.account_id = a.id where a.id = ${accountId}`,
    ),
  )
  const profile = await readCustomerProfile(database, accountId)
  return profile && row && { ...profile, ...row }
}

/**
 * Saves what staff edited, if the profile is still the one that they had before them. False when somebody saved it since,
 * whoever it was: nothing is overwritten that its editor has not seen.
 */
export async function editCustomerAs(
  database: Queryable,
  { accountId, actorId, version, input }: ForeignEdit,
  origin: Origin,
): Promise<boolean> {
  return editCustomer(database, accountId, input, origin, { actorId, version })
}

/** Changes one's own profile and records which fields changed, never to what. False when there is no such profile. */
export async function editCustomerProfile(
  database: Queryable,
  accountId: string,
  input: CustomerProfileInput,
  origin: Origin,
): Promise<boolean> {
  return editCustomer(database, accountId, input, origin, { actorId: accountId, version: null })
}

/** Whoever edits; a version only where two may edit at once, each without knowing of the other. */
interface Editor {
  actorId: string
  version: string | null
}

async function editCustomer(
  database: Queryable,
  accountId: string,
  { firstName, lastName, profile }: CustomerProfileInput,
  origin: Origin,
  editor: Editor,
): Promise<boolean> {
  return edit(
    database,
    'profile-edit-customer',
    sql`customer_profiles`,
    accountId,
    origin,
    { first_name: sql`${firstName}`, last_name: sql`${lastName}` },
    {
      phone_number: sql`${profile.phoneNumber}`,
      company: sql`${profile.company}`,
      address: sql`${profile.address}`,
      city: sql`${profile.city}`,
      state: sql`${profile.state}`,
      country: sql`${profile.country}`,
      postal_code: sql`${profile.postalCode}`,
      date_of_birth: sql`${profile.dateOfBirth}::date`,
    },
    editor,
  )
}

export async function editStaffProfile(
  database: Queryable,
  accountId: string,
  { firstName, lastName, profile }: StaffProfileInput,
  origin: Origin,
): Promise<boolean> {
  return edit(
    database,
    'profile-edit-staff',
    sql`staff_profiles`,
    accountId,
    origin,
    { first_name: sql`${firstName}`, last_name: sql`${lastName}` },
    {
      phone_number: sql`${profile.phoneNumber}`,
      department: sql`${profile.department}`,
    },
  )
}

type Columns = Record<string, Sql>

async function edit(
  database: Queryable,
  name: string,
  table: Sql,
  accountId: string,
  origin: Origin,
  ofAccount: Columns,
  ofProfile: Columns,
  { actorId, version }: Editor = { actorId: accountId, version: null },
): Promise<boolean> {
  const row = await database.row(
    named(
      name,
      sql`
    with former_account as (
      select a.* from accounts a join ${table} p on p.account_id = a.id
      where a.id = ${accountId} and (${version}::text is null or ${versionOf} = ${version}) for update of a, p
    ), former_profile as (
      select p.* from ${table} p join former_account f on f.id = p.account_id for update of p
    ), account as (
      update accounts now set ${assignments(ofAccount)}, updated_at = now()
      from former_account former where now.id = former.id
      returning ${changed(ofAccount)} as changed
    ), profile as (
      update ${table} now set ${assignments(ofProfile)}, updated_at = now()
      from former_profile former where now.account_id = former.account_id
      returning now.account_id, ${actorId}::uuid as actor_id, ${changed(ofProfile)} as changed
    ), edited as (
      select profile.account_id, profile.actor_id, account.changed || profile.changed as fields from account, profile
    ), event as (${auditInsert('profile-changed', origin, sql`edited where cardinality(fields) > 0`, sql`jsonb_build_object('fields', fields)`)}
    )
    select account_id from edited`,
    ),
  )
  return row !== null
}

function assignments(columns: Columns): Sql {
  return join(Object.entries(columns).map(([name, value]) => sql`${column(name)} = ${value}`))
}

/** The names of the columns whose value is another than before. */
function changed(columns: Columns): Sql {
  const names = Object.keys(columns).map(
    (name) => sql`case when former.${column(name)} is distinct from now.${column(name)} then ${name}::text end`,
  )
  return sql`array_remove(array[${join(names)}], null)`
}
