import { identityHash } from '../../accounts/tombstones.ts'
import type { Queryable } from '../../database/database.ts'
import { column, sql, type Sql } from '../../database/sql.ts'

/** Who of several with one name keeps it: the last to have signed in, then who is active, then who came first. */
const THE_LAST = sql`last_login desc nulls last, is_active desc, date_joined, legacy_id`

/**
 * Decides about every row, set by set, in tables of this session: `found` has what was found, `decided` what becomes of
 * each user that is not here yet, `decided_profiles` each one's profile, `to_archive` the rows that are kept as they were.
 */
export async function decide(target: Queryable, source: string): Promise<void> {
  const run = (statement: Sql) => target.rows(statement)
  await run(sql`create temp table found (finding text not null, relation text not null, legacy_id bigint not null)`)
  await run(sql`create temp table questions (legacy_id bigint not null, finding text not null, wanted text not null)`)
  await run(newUsers(source))
  await run(sql`create unique index on decided (legacy_id)`)
  await run(sql`create unique index on decided (place)`)
  await run(sql`analyze decided`)
  for (const statement of names()) await run(statement)
  await run(sql`analyze decided`)
  for (const statement of taken(source)) await run(statement)
  for (const statement of profiles(source)) await run(statement)
  for (const statement of conclusions()) await run(statement)
}

/** The users that no import has dealt with yet; among all, who is whose rival for a name. */
function newUsers(source: string): Sql {
  return sql`
    create temp table decided as
    with ranked as (
      select *,
        case when email_canonical is not null then row_number() over (
          partition by email_canonical order by findings && '{address-missing,address-invalid}', ${THE_LAST}) end as email_rank,
        case when username_canonical is not null then row_number() over (
          partition by username_canonical order by ${THE_LAST}) end as username_rank
      from staged_users
    )
    select r.*, case when is_staff or is_superuser then 'staff' else 'customer' end as kind,
      case when is_active then 'active' else 'suspended' end as status,
      false as left_aside, row_number() over (order by legacy_id) as place
    from ranked r
    where not exists (
      select from imported_rows i
      where i.source = ${source} and i.relation = 'auth_user' and i.legacy_id = r.legacy_id
    )`
}

function names(): Sql[] {
  return [
    sql`insert into found select f, 'auth_user', legacy_id from decided, unnest(findings) f`,
    sql`insert into found select 'address-shared', 'auth_user', legacy_id from decided where email_rank > 1`,
    sql`insert into found select 'username-shared', 'auth_user', legacy_id from decided where username_rank > 1`,
    sql`
      insert into found
      select 'username-of-another', 'auth_user', d.legacy_id from decided d
      where username_address is not null and exists (
        select from staged_users u where u.email_canonical = d.username_address and u.legacy_id <> d.legacy_id
      )`,
    sql`insert into questions select legacy_id, 'address-shared', email from decided where email_rank > 1`,
    sql`insert into questions select legacy_id, 'username-shared', username from decided where username_rank > 1`,
    sql`update decided set email = null, email_delivery = null, email_canonical = null where email_rank > 1`,
    sql`update decided set username = null, username_canonical = null where username_rank > 1`,
    sql`
      insert into found
      select 'erased', 'auth_user', legacy_id from decided d
      where exists (select from tombstones where identity_hash = ${identityHash('email', sql`d.email_canonical`)})
        or exists (select from tombstones where identity_hash = ${identityHash('username', sql`d.username_canonical`)} )`,
    sql`
      update decided set left_aside = true
      where legacy_id in (select legacy_id from found where finding = 'erased')`,
  ]
}

/** Names that an account has which is here already, whoever registered it. */
function taken(source: string): Sql[] {
  const another = sql`not exists (
    select from imported_rows i where i.source = ${source} and i.relation = 'auth_user' and i.legacy_id = d.legacy_id and i.account_id = a.id)`
  return [
    sql`
      create temp table taken as
      select d.legacy_id, a.email_canonical is not null and a.email_canonical = d.email_canonical as address,
        a.username_canonical is not null and a.username_canonical = d.username_canonical as username
      from decided d join accounts a on a.email_canonical = d.email_canonical
      where not left_aside and ${another}
      union all
      select d.legacy_id, false, true
      from decided d join accounts a on a.username_canonical = d.username_canonical
      where not left_aside and ${another} and a.email_canonical is distinct from d.email_canonical`,
    sql`insert into found select distinct 'address-taken', 'auth_user', legacy_id from taken where address`,
    sql`insert into found select distinct 'username-taken', 'auth_user', legacy_id from taken where username`,
    sql`insert into questions select d.legacy_id, 'address-taken', d.email from decided d where legacy_id in (select legacy_id from taken where address)`,
    sql`insert into questions select d.legacy_id, 'username-taken', d.username from decided d where legacy_id in (select legacy_id from taken where username)`,
    sql`update decided set email = null, email_delivery = null, email_canonical = null where legacy_id in (select legacy_id from taken where address)`,
    sql`update decided set username = null, username_canonical = null where legacy_id in (select legacy_id from taken where username)`,
    sql`
      insert into found
      select 'nameless', 'auth_user', legacy_id from decided
      where email_canonical is null and username_canonical is null and not left_aside`,
    sql`
      insert into questions
      select legacy_id, 'nameless', 'user ' || legacy_id from decided
      where email_canonical is null and username_canonical is null and not left_aside
        and legacy_id not in (select legacy_id from questions)`,
    sql`update decided set left_aside = true where email_canonical is null and username_canonical is null`,
  ]
}

function profiles(source: string): Sql[] {
  const dealtWith = sql`exists (
    select from imported_rows i where i.source = ${source} and i.relation = p.relation and i.legacy_id = p.legacy_id)`
  const ownKind = sql`p.relation = case d.kind when 'staff' then 'accounts_staffprofile' else 'accounts_customerprofile' end`
  return [
    sql`delete from staged_profiles p where ${dealtWith}`,
    sql`
      insert into found
      select 'profile-without-user', relation, legacy_id from staged_profiles p
      where not exists (select from staged_users u where u.legacy_id = p.user_id)`,
    sql`
      insert into found
      select 'profile-late', relation, p.legacy_id from staged_profiles p join staged_users u on u.legacy_id = p.user_id
      where not exists (select from decided d where d.legacy_id = p.user_id)`,
    sql`
      insert into found
      select 'profile-of-wrong-kind', p.relation, p.legacy_id from staged_profiles p join decided d on d.legacy_id = p.user_id
      where not (${ownKind})`,
    sql`
      create temp table own_profiles as
      select p.* from staged_profiles p join decided d on d.legacy_id = p.user_id where ${ownKind}`,
    sql`analyze own_profiles`,
    sql`
      create temp table several as
      select user_id from own_profiles group by user_id having count(*) > 1`,
    sql`insert into found select 'several-profiles', relation, legacy_id from own_profiles join several using (user_id)`,
    sql`insert into found select f, relation, legacy_id from staged_profiles, unnest(findings) f`,
    sql`
      create temp table decided_profiles as
      select user_id, active, created_at, updated_at, phone_number, address, city, state, country, postal_code, date_of_birth, role,
        department
      from own_profiles p where not exists (select from several s where s.user_id = p.user_id)
      union all
      select user_id, bool_or(active), min(created_at), max(updated_at), ${newest('phone_number')}, ${newest('address')}, ${newest('city')},
        ${newest('state')}, ${newest('country')}, ${newest('postal_code')}, ${newest('date_of_birth')}, ${newest('role')}, ${newest('department')}
      from own_profiles join several using (user_id) group by user_id`,
    sql`create unique index on decided_profiles (user_id)`,
    sql`analyze decided_profiles`,
    sql`
      insert into found
      select case kind when 'staff' then 'staff-without-profile' else 'profile-missing' end, 'auth_user', legacy_id
      from decided d where not exists (select from decided_profiles p where p.user_id = d.legacy_id)`,
    sql`
      update decided d set status = 'suspended'
      from decided_profiles p where p.user_id = d.legacy_id and d.kind = 'staff' and not p.active`,
  ]
}

/** A field of several profiles: the newest that is not empty. */
function newest(field: string): Sql {
  const name = column(field)
  return sql`(array_agg(${name} order by updated_at desc, legacy_id desc) filter (where ${name} is not null))[1]`
}

/** Findings for which the original row is kept: what was lost, changed or left aside would otherwise be nowhere here. */
const ARCHIVED = [
  'several-profiles',
  'profile-without-user',
  'profile-of-wrong-kind',
  'profile-late',
  'profile-inactive',
  'address-shared',
  'address-taken',
  'address-invalid',
  'username-is-address',
  'username-of-another',
  'username-shared',
  'username-taken',
  'username-unusable',
  'nameless',
  'name-cleaned',
  'phone-unreadable',
  'birth-date-impossible',
  'country-unknown',
  'text-unreadable',
  'role-unknown',
]

/** The profiles of users who are left aside for want of a name: archived, as the users themselves are. */
export function profilesLeftAside(these: Sql): Sql {
  return sql`
    insert into to_archive
    select p.relation, p.legacy_id, 'nameless' from staged_profiles p join decided d on d.legacy_id = p.user_id
    where ${these} and d.left_aside
      and not exists (select from erased e where e.relation = p.relation and e.legacy_id = p.legacy_id)
      and not exists (select from to_archive t where t.relation = p.relation and t.legacy_id = p.legacy_id)`
}

function conclusions(): Sql[] {
  return [
    sql`analyze found`,
    sql`
      create temp table findings_of as
      select relation, legacy_id, array_agg(distinct finding order by finding) as findings from found group by relation, legacy_id`,
    sql`create unique index on findings_of (relation, legacy_id)`,
    sql`analyze findings_of`,
    // Of somebody who was erased nothing is archived: not the user, nor a profile.
    sql`
      create temp table erased as
      select relation, legacy_id from found where finding = 'erased'
      union all
      select p.relation, p.legacy_id from staged_profiles p join found e on e.legacy_id = p.user_id and e.finding = 'erased'`,
    sql`analyze erased`,
    sql`
      create temp table to_archive as
      select relation, f.legacy_id, array_to_string(array(
        select x from unnest(findings) x where x = any(${ARCHIVED}::text[])), ', ') as why
      from findings_of f
      where findings && ${ARCHIVED}::text[]
        and not exists (select from erased e where e.relation = f.relation and e.legacy_id = f.legacy_id)`,
    profilesLeftAside(sql`true`),
    sql`create index on to_archive (relation, legacy_id)`,
    sql`analyze to_archive`,
    sql`delete from questions where legacy_id in (select legacy_id from found where finding = 'erased')`,
    sql`create index on questions (legacy_id)`,
    sql`analyze questions`,
    sql`create index on staged_profiles (user_id)`,
  ]
}
