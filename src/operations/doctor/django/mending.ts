import type { LegacyFinding } from '../../../django/findings.ts'
import { LEGACY_TABLES } from '../../../django/shape.ts'
import { column, join, sql, verbatim, type Sql } from '../../../database/sql.ts'
import type { Step } from '../change.ts'
import { tableOf, unknownNeeds, type Live, type LiveColumn } from './live.ts'
import { offences, PROFILE_TABLES, WHO_KEEPS, type Offence, type ProfileTable } from './offences.ts'

/** Findings for which there is a rule that a person may decide on, for everybody at once. */
export const DECIDABLE = ['several-profiles', 'profile-of-wrong-kind', 'role-unknown', 'address-shared'] as const

export type Decidable = (typeof DECIDABLE)[number]

/** What a person decided beforehand. */
export interface Decisions {
  rules: ReadonlySet<Decidable>
  /** Users who keep their address: the others who have it lose it. */
  keepers: readonly number[]
}

/** One statement of a mending; why it is done its mending says. */
export type Change = Omit<Step, 'why'>

/** What becomes of the offenders of one finding in one table. */
export interface Mending {
  offence: Offence
  why: string
  /** The `key` of each offender that is mended; of the others a person decides. */
  keys: Sql
  /** The `key` of each offender that is left. */
  rest: Sql
  /** Why those are left, and what can be decided. */
  waits: string
  /** What mends the offenders of these keys, whole or not at all. */
  steps: (keys: readonly string[]) => Change[]
}

const REFERRED_TO = 'Rows of other tables refer to it, and only a person knows what becomes of those.'

const NOBODY = sql`select null::bigint as key where false`

/** Everything that can be done, in the order in which it is done. */
export function mendings(live: Live, decisions: Decisions): Mending[] {
  const wrongKind = PROFILE_TABLES.map((table) => wrongKindArchived(live, table, decisions))
  return [
    roleReplaced(decisions),
    ...PROFILE_TABLES.map((table) => orphansArchived(live, table)),
    ...wrongKind,
    ...PROFILE_TABLES.map((table, n) => profilesMerged(live, table, decisions, (wrongKind[n] as Mending).keys)),
    ...PROFILE_TABLES.map((table) => profileMade(live, table)),
    addressGivenUp(decisions),
    leftToPeople('username-shared', 'A username is a way in: who is renamed has to be told.'),
    leftToPeople('username-of-another', 'A username is a way in: who is renamed has to be told.'),
  ]
}

function roleReplaced({ rules }: Decisions): Mending {
  return mending('role-unknown', 'accounts_staffprofile', {
    why: 'A role that is none of the three becomes customer_care, the least of them.',
    keys: rules.has('role-unknown')
      ? sql`select key from (${offenceOf('role-unknown', 'accounts_staffprofile').offenders}) o`
      : NOBODY,
    waits: 'A role is a right. --decide role-unknown makes it customer_care, the least of the three.',
    steps: (keys) => [
      {
        relation: 'accounts_staffprofile',
        change: sql`
          with found as (select t.id, to_jsonb(t) as former from accounts_staffprofile t where t.id = ${among(keys)})
          update accounts_staffprofile t set role = 'customer_care' from found where t.id = found.id
          returning null::uuid as account_id, found.former, to_jsonb(t) as made`,
      },
    ],
  })
}

function orphansArchived(live: Live, table: ProfileTable): Mending {
  const { offenders } = offenceOf('profile-without-user', table)
  return mending('profile-without-user', table, {
    why: 'A profile whose user is gone is archived.',
    keys: sql`select key from (${offenders}) o where not ${referredTo(live, table, sql`p.id = o.key`)}`,
    waits: REFERRED_TO,
    steps: (keys) => [removed(table, sql`t.id = ${among(keys)}`)],
  })
}

function wrongKindArchived(live: Live, table: ProfileTable, { rules }: Decisions): Mending {
  const { offenders } = offenceOf('profile-of-wrong-kind', table)
  return mending('profile-of-wrong-kind', table, {
    why: 'A profile of the wrong kind is archived.',
    keys: rules.has('profile-of-wrong-kind')
      ? sql`select key from (${offenders}) o where not ${referredTo(live, table, sql`p.user_id = o.key`)}`
      : NOBODY,
    waits: rules.has('profile-of-wrong-kind')
      ? REFERRED_TO
      : 'Only a person knows which of the two is right. --decide profile-of-wrong-kind archives the profile.',
    steps: (keys) => [removed(table, sql`t.user_id = ${among(keys)}`)],
  })
}

/** Newest non-empty wins, field by field; the oldest row stays, and what refers to the others refers to it. */
function profilesMerged(live: Live, table: ProfileTable, { rules }: Decisions, archived: Sql): Mending {
  const { offenders } = offenceOf('several-profiles', table)
  const unkeyed = {
    ...live,
    references: { ...live.references, [table]: live.references[table].filter(({ keyed }) => !keyed) },
  }
  const role = rules.has('role-unknown')
    ? sql`case when p.role in ('customer_care', 'manager', 'admin') then p.role else 'customer_care' end`
    : sql`p.role`
  const sameRole =
    table === 'accounts_customerprofile' || rules.has('several-profiles')
      ? sql`true`
      : sql`(select count(distinct ${role}) from accounts_staffprofile p where p.user_id = o.key) = 1`
  const several = sql`select key from (${offenders}) o except (${archived})`
  const keys = sql`
    select key from (${several}) o where ${sameRole} and not ${referredTo(unkeyed, table, sql`p.user_id = o.key`)}`
  return mending('several-profiles', table, {
    why: 'Several profiles of one user are merged: of each field the newest that is not empty.',
    keys,
    rest: sql`(${several}) except (${keys})`,
    waits:
      table === 'accounts_staffprofile'
        ? 'Their roles differ, and a role is a right. --decide several-profiles takes the newest.'
        : 'Rows of a table without a primary key refer to them.',
    steps: (given) => [
      ...live.references[table].map((reference) => ({
        relation: reference.relation,
        change: sql`
            with ranked as (
              select p.id, min(p.id) over (partition by p.user_id) as keeper from ${verbatim(table)} p where p.user_id = ${among(given)}
            ), found as (
              select t.ctid as at, ranked.keeper, to_jsonb(t) as former
              from ${tableOf(reference)} t join ranked on ranked.id = t.${column(reference.column)}
              where ranked.id <> ranked.keeper for update of t
            )
            update ${tableOf(reference)} t set ${column(reference.column)} = found.keeper from found where t.ctid = found.at
            returning null::uuid as account_id, found.former, to_jsonb(t) as made`,
      })),
      merged(table, live.columns[table], given),
    ],
  })
}

function merged(table: ProfileTable, columns: readonly LiveColumn[], keys: readonly string[]): Change {
  const profiles = verbatim(table)
  const fields = columns.filter(({ name, made }) => !made && name !== 'id' && name !== 'user_id')
  const chosen = fields.map((field, n) => sql`${newest(field)} as ${column(`from_${n}`)}`)
  const set = fields.map(
    ({ name }, n) =>
      sql`${column(name)} = (select o.${column(name)} from ${profiles} o where o.id = best.${column(`from_${n}`)})`,
  )
  return {
    relation: table,
    first: sql`
      best as (
        select p.user_id, min(p.id) as keeper, ${join(chosen)} from ${profiles} p where p.user_id = ${among(keys)} group by p.user_id
      ), kept_row as (
        select p.id, to_jsonb(p) as former from ${profiles} p join best on best.keeper = p.id
      ), gone as (
        delete from ${profiles} p using best where p.user_id = best.user_id and p.id <> best.keeper returning to_jsonb(p) as former
      ), merged as (
        update ${profiles} p set ${join(set)}
        from best join kept_row on kept_row.id = best.keeper cross join (select count(*) as n from gone) removed
        where p.id = best.keeper and removed.n >= 0 returning kept_row.former, to_jsonb(p) as made
      )`,
    change: sql`
      select null::uuid as account_id, former, null::jsonb as made from gone
      union all select null, former, made from merged`,
  }
}

/** The row from which a field is taken, by its id: so that a value of whatever type can be taken. */
function newest({ name, category }: LiveColumn): Sql {
  const [field, newestFirst] = [sql`p.${column(name)}`, sql`p.updated_at desc, p.id desc`]
  if (name === 'created_at') return sql`(array_agg(p.id order by ${field}))[1]`
  if (name === 'updated_at') return sql`(array_agg(p.id order by ${newestFirst}))[1]`
  if (name.startsWith('is_active_')) return sql`(array_agg(p.id order by ${field} desc))[1]`
  return sql`coalesce(
    (array_agg(p.id order by ${newestFirst}) filter (where ${field} is not null and ${isSomething(field, category)}))[1],
    (array_agg(p.id order by ${newestFirst}))[1])`
}

function isSomething(field: Sql, category: string): Sql {
  if (category === 'S') return sql`${field} <> ''`
  if (category === 'A') return sql`cardinality(${field}) > 0`
  return category === 'J' ? sql`${field}::text not in ('{}', '[]', 'null', '""')` : sql`true`
}

/** An empty one, as the site itself makes for whoever registers: its pages cannot be shown without. */
function profileMade(live: Live, table: ProfileTable): Mending {
  const staff = table === 'accounts_staffprofile'
  const finding = staff ? 'staff-without-profile' : 'profile-missing'
  const role = sql`case when u.is_superuser then 'admin' else 'customer_care' end`
  const given: [string, Sql][] = [
    ['user_id', sql`u.id`],
    ['created_at', sql`now()`],
    ['updated_at', sql`now()`],
    ...(staff
      ? ([
          ['is_active_staff', sql`true`],
          ['role', role],
        ] as [string, Sql][])
      : ([['is_active_customer', sql`true`]] as [string, Sql][])),
  ]
  const own = new Set<string>(LEGACY_TABLES[table])
  const texts = live.columns[table].filter(
    ({ name, category, notNull, filled, made }) => !own.has(name) && category === 'S' && notNull && !filled && !made,
  )
  const all = [...given, ...texts.map(({ name }): [string, Sql] => [name, sql`''`])]
  const unknown = unknownNeeds(live.columns[table], new Set(all.map(([name]) => name)))
  const { offenders } = offenceOf(finding, table)
  return mending(finding, table, {
    why: staff
      ? 'Staff without a staff profile get an empty one: admin for a superuser, customer care for everybody else.'
      : 'A customer without a profile gets an empty one.',
    keys: unknown.length === 0 ? sql`select key from (${offenders}) o` : NOBODY,
    waits: `A new row of ${table} has to be given what nobody here knows: ${unknown.join(', ')}. Make it in Django's admin.`,
    steps: (keys) => [
      {
        relation: table,
        first: sql`made as (
          insert into ${verbatim(table)} (${join(all.map(([name]) => column(name)))})
          select ${join(all.map(([, value]) => value))} from auth_user u where u.id = ${among(keys)} returning *
        )`,
        change: sql`select null::uuid as account_id, null::jsonb as former, to_jsonb(made) as made from made`,
      },
    ],
  })
}

/** Of a user it keeps all but the hash of the password, which no repair changes. */
function addressGivenUp({ rules, keepers }: Decisions): Mending {
  const named = sql`id = any(${[...keepers]}::bigint[])`
  return mending('address-shared', 'auth_user', {
    why: 'Of several users with one address, the one who was decided on keeps it; the others sign in by username.',
    keys: sql`
      select id as key from (
        select id, row_number() over (partition by lower(email) order by ${named} desc, ${WHO_KEEPS}) as n,
          bool_or(${named}) over (partition by lower(email)) as chosen
        from auth_user where email <> ''
      ) ranked where n > 1 and (chosen or ${rules.has('address-shared')})`,
    rest: sql`
      select u.id as key from auth_user u join (${offenceOf('address-shared', 'auth_user').offenders}) o on o.key = u.id
      where not ${rules.has('address-shared')}
        and lower(u.email) not in (select lower(email) from auth_user where email <> '' and ${named})`,
    waits:
      'Whose it is only a person knows. --keep-address <user> leaves it to that one, --decide address-shared each time to the last to have signed in.',
    steps: (keys) => [
      {
        relation: 'auth_user',
        change: sql`
          with found as (select t.id, to_jsonb(t) - 'password' as former from auth_user t where t.id = ${among(keys)})
          update auth_user t set email = '' from found where t.id = found.id
          returning null::uuid as account_id, found.former, to_jsonb(t) - 'password' as made`,
      },
    ],
  })
}

function leftToPeople(finding: LegacyFinding, waits: string): Mending {
  return mending(finding, 'auth_user', { why: '', keys: NOBODY, waits, steps: () => [] })
}

function mending(
  finding: LegacyFinding,
  table: Offence['table'],
  what: Omit<Mending, 'offence' | 'rest'> & { rest?: Sql },
): Mending {
  const offence = offenceOf(finding, table)
  return {
    rest: sql`select key from (${offence.offenders}) o except (${what.keys})`,
    ...what,
    offence,
  }
}

function offenceOf(finding: LegacyFinding, table: Offence['table']): Offence {
  const offence = offences.find((each) => each.finding === finding && each.table === table)
  if (!offence) throw new Error(`nothing looks for ${finding} in ${table}`)
  return offence
}

function removed(table: ProfileTable, where: Sql): Change {
  return {
    relation: table,
    change: sql`
      delete from ${verbatim(table)} t where ${where}
      returning null::uuid as account_id, to_jsonb(t) as former, null::jsonb as made`,
  }
}

/** Whether rows of other tables refer to a profile `p` of which this holds. */
function referredTo({ references }: Live, table: ProfileTable, where: Sql): Sql {
  const each = references[table].map(
    (reference) => sql`exists (
      select from ${tableOf(reference)} r join ${verbatim(table)} p on p.id = r.${column(reference.column)} where ${where})`,
  )
  return each.length === 0 ? sql`false` : sql`(${join(each, ' or ')})`
}

/** As a set to join with: an array of another integer type is searched from its beginning for each row. */
function among(keys: readonly string[]): Sql {
  return sql`any(select unnest(${[...keys]}::bigint[]))`
}
