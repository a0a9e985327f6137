import type { LegacyFinding } from '../../../django/findings.ts'
import type { LegacyTable } from '../../../django/shape.ts'
import type { Queryable } from '../../../database/database.ts'
import { column, join, sql, verbatim, type Sql } from '../../../database/sql.ts'
import { PROFILE_TABLES } from './offences.ts'

/** Something that the legacy database has to keep by itself, so that what a repair mended cannot come again. */
export interface Guard {
  /** As Django would have called it, where Django would have made it. */
  name: string
  table: LegacyTable
  /** What it keeps, to people. */
  keeps: string
  /** What must be mended in the same table before it can stand. */
  needs: LegacyFinding[]
  /** Whether the table is closed to readers as well while it is put in place. */
  closes: boolean
  put: Sql
  take: Sql
  /** Whether the server has one that does the same, by whatever name, as `was` ('missing' or 'not valid') and `name`. */
  amiss: Sql
}

export type GuardWas = 'missing' | 'not valid'

/** A guard that is not there, or was never held to the rows that were there before it. */
export interface GuardAmiss {
  guard: Guard
  was: GuardWas
  /** What it is called there, or is going to be. */
  name: string
}

export const guards: readonly Guard[] = [
  unique('auth_user', {
    name: 'auth_user_username_key',
    keeps: 'one user for each username',
    needs: ['username-shared'],
    columns: ['username'],
  }),
  uniqueText('username', {
    name: 'auth_user_username_lower_key',
    keeps: 'one user for each username, whatever its case',
    needs: ['username-shared'],
    where: null,
  }),
  uniqueText('email', {
    name: 'auth_user_email_lower_key',
    keeps: 'one user for each address, whatever its case',
    needs: ['address-shared'],
    where: `(email)::text <> ''::text`,
  }),
  ...PROFILE_TABLES.flatMap((table) => [
    unique(table, {
      name: `${table}_user_id_key`,
      keeps: 'one profile for each user',
      needs: ['several-profiles'],
      columns: ['user_id'],
    }),
    ofUsers(table),
  ]),
]

/** Everything that does not keep what it should, in the order in which it can be put in place. */
export async function guardsAmiss(within: Queryable): Promise<GuardAmiss[]> {
  const rows = await within.rows<{ guard: string; was: GuardWas; name: string }>(amissStatement())
  return guards.flatMap((guard) => {
    const row = rows.find((each) => each.guard === guard.name)
    return row ? [{ guard, was: row.was, name: row.name }] : []
  })
}

/** What is amiss, as `guard`, `was` and `name`. */
export function amissStatement(): Sql {
  return sql`select guard, was, name from (${join(
    guards.map(({ name, amiss }) => sql`select ${name}::text as guard, was, name from (${amiss}) as one`),
    ' union all ',
  )}) as amiss`
}

/** Puts it in place, over rows that by now agree with it. */
export function putInPlace({ guard, was, name }: GuardAmiss): Sql {
  return was === 'missing' ? guard.put : sql`alter table ${verbatim(guard.table)} validate constraint ${column(name)}`
}

/**
 * Takes it away again. What comes back is for when the rows are as they were: a constraint that had never been held to the rows
 * before it stands like that again.
 */
export async function takeAway(within: Queryable, { guard, was, name }: GuardAmiss): Promise<Sql[]> {
  if (was === 'missing') {
    await within.rows(guard.take)
    return []
  }
  const [onTable, constraint] = [verbatim(guard.table), column(name)]
  const row = await within.row<{ definition: string }>(sql`
    select pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = ${guard.table}::regclass and conname = ${name}`)
  if (!row) return []
  await within.rows(sql`alter table ${onTable} drop constraint ${constraint}`)
  return [sql`alter table ${onTable} add constraint ${constraint} ${verbatim(row.definition)} not valid`]
}

interface Unique {
  name: string
  keeps: string
  needs: LegacyFinding[]
}

/** A constraint and not an index alone: it is what Django would have made, and what its migrations look for. */
function unique(table: LegacyTable, { columns, ...what }: Unique & { columns: string[] }): Guard {
  const [onTable, name] = [verbatim(table), column(what.name)]
  return {
    ...what,
    table,
    closes: true,
    put: sql`alter table ${onTable} add constraint ${name} unique (${join(columns.map(column))})`,
    take: sql`alter table ${onTable} drop constraint if exists ${name}`,
    amiss: missingIndex(table, what.name, columns.join(), null),
  }
}

function uniqueText(field: 'email' | 'username', { where, ...what }: Unique & { where: string | null }): Guard {
  const condition = where === null ? sql`` : sql`where ${verbatim(where)}`
  return {
    ...what,
    table: 'auth_user',
    closes: false,
    put: sql`create unique index ${column(what.name)} on auth_user (lower(${column(field)})) ${condition}`,
    take: sql`drop index if exists ${column(what.name)}`,
    amiss: missingIndex('auth_user', what.name, `lower((${field})::text)`, where),
  }
}

/** A key that covers more than is asked, such as an index without a condition, does as well. */
function missingIndex(table: LegacyTable, name: string, key: string, where: string | null): Sql {
  return sql`
    select 'missing' as was, ${name}::text as name
    where not exists (
      select from pg_index i
      where i.indrelid = ${table}::regclass and i.indisunique and i.indisvalid and i.indisready and i.indnkeyatts = 1
        and pg_get_indexdef(i.indexrelid, 1, false) = any(${alike(key)}::text[])
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) in (${where ?? ''}, ${`(${where})`}))
    )`
}

/** Keys that do the same: capital letters instead of small ones, and a column that is text already. */
function alike(key: string): string[] {
  return [key, key.replaceAll(/\((\w+)\)::text/g, '$1')].flatMap((each) => [each, each.replace('lower(', 'upper(')])
}

/** Checked at the end of a transaction, as all that Django makes are. */
function ofUsers(table: LegacyTable): Guard {
  const name = `${table}_user_id_fk_auth_user_id`
  const onTable = verbatim(table)
  return {
    name,
    table,
    keeps: 'a user for each profile',
    needs: ['profile-without-user'],
    closes: false,
    put: sql`
      alter table ${onTable} add constraint ${column(name)} foreign key (user_id) references auth_user (id)
        deferrable initially deferred`,
    take: sql`alter table ${onTable} drop constraint if exists ${column(name)}`,
    amiss: sql`
      select case when k.conname is null then 'missing' else 'not valid' end as was,
        coalesce(k.conname::text, ${name}::text) as name
      from (select attnum from pg_attribute where attrelid = ${table}::regclass and attname = 'user_id') a
        left join lateral (
          select conname, convalidated from pg_constraint
          where conrelid = ${table}::regclass and confrelid = 'auth_user'::regclass and contype = 'f' and conkey = array[a.attnum]
          order by convalidated desc limit 1
        ) k on true
      where not coalesce(k.convalidated, false)`,
  }
}
