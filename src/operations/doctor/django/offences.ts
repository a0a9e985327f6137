import type { LegacyFinding } from '../../../django/findings.ts'
import type { LegacyTable } from '../../../django/shape.ts'
import { sql, verbatim, type Sql } from '../../../database/sql.ts'

/** A finding in one table of the legacy site, and the one statement that tells everything that offends. */
export interface Offence {
  finding: LegacyFinding
  /** The table whose rows are amiss. */
  table: LegacyTable
  /** The table that an offender's key is of: of several profiles it is their user's. */
  keyed: LegacyTable
  /** `key` (an id in the table `keyed`) and `found` (what is the matter, without anything that somebody typed). */
  offenders: Sql
}

export type ProfileTable = Exclude<LegacyTable, 'auth_user'>

export const PROFILE_TABLES: readonly ProfileTable[] = ['accounts_customerprofile', 'accounts_staffprofile']

/** Who is staff, over the alias u: as an import sees it, too. */
export const IS_STAFF = sql`(u.is_staff or u.is_superuser)`

/** Who of several keeps an address: the last to have signed in, then who is active, then who came first; as in an import. */
export const WHO_KEEPS = sql`last_login desc nulls last, is_active desc, date_joined, id`

/** What each of the two tables says of its people. */
const kinds = {
  accounts_customerprofile: { missing: 'profile-missing', isOf: sql`not ${IS_STAFF}`, other: 'staff', own: 'customer' },
  accounts_staffprofile: { missing: 'staff-without-profile', isOf: IS_STAFF, other: 'a customer', own: 'staff' },
} as const

export const offences: readonly Offence[] = [
  ...PROFILE_TABLES.flatMap((table): Offence[] => {
    const { missing, isOf, other, own } = kinds[table]
    const profiles = verbatim(table)
    return [
      {
        finding: 'several-profiles',
        table,
        keyed: 'auth_user',
        offenders: sql`
          select p.user_id as key, 'has ' || count(*) || ${` rows in ${table}`} as found
          from ${profiles} p join auth_user u on u.id = p.user_id group by p.user_id having count(*) > 1`,
      },
      {
        finding: 'profile-without-user',
        table,
        keyed: table,
        offenders: sql`
          select p.id as key, coalesce('its user ' || p.user_id || ' is gone', 'it names no user') as found
          from ${profiles} p where not exists (select from auth_user u where u.id = p.user_id)`,
      },
      {
        finding: 'profile-of-wrong-kind',
        table,
        keyed: 'auth_user',
        offenders: sql`
          select u.id as key, ${`is ${other}, and has a row in ${table}`} as found
          from auth_user u where not (${isOf}) and exists (select from ${profiles} p where p.user_id = u.id)`,
      },
      {
        finding: missing,
        table,
        keyed: 'auth_user',
        offenders: sql`
          select u.id as key, ${`has no ${own} profile`} as found
          from auth_user u where ${isOf} and not exists (select from ${profiles} p where p.user_id = u.id)`,
      },
    ]
  }),
  {
    finding: 'role-unknown',
    table: 'accounts_staffprofile',
    keyed: 'accounts_staffprofile',
    offenders: sql`
      select p.id as key, 'its role is none of the three' as found
      from accounts_staffprofile p where p.role not in ('customer_care', 'manager', 'admin')`,
  },
  {
    finding: 'address-shared',
    table: 'auth_user',
    keyed: 'auth_user',
    offenders: sql`
      select id as key, 'has the address of auth_user ' || keeper
        || case when email = kept then ': no sign-in by it succeeds' else ', in another case' end as found
      from (
        select id, email, first_value(id) over keepers as keeper, first_value(email) over keepers as kept,
          row_number() over keepers as n
        from auth_user where email <> '' window keepers as (partition by lower(email) order by ${WHO_KEEPS})
      ) ranked where n > 1`,
  },
  {
    finding: 'username-shared',
    table: 'auth_user',
    keyed: 'auth_user',
    offenders: sql`
      select id as key, 'has the username of auth_user ' || keeper || ', in this or another case' as found
      from (
        select id, first_value(id) over keepers as keeper, row_number() over keepers as n
        from auth_user window keepers as (partition by lower(username) order by ${WHO_KEEPS})
      ) ranked where n > 1`,
  },
  {
    finding: 'username-of-another',
    table: 'auth_user',
    keyed: 'auth_user',
    offenders: sql`
      select u.id as key, 'its username is the address of auth_user ' || min(o.id) as found
      from auth_user u join auth_user o on lower(o.email) = lower(u.username) and o.id <> u.id
      where o.email <> '' group by u.id`,
  },
]
