import { claimUndo, markUndone, whyNotUndone } from '../../../archive/undo.ts'
import type { Transactional } from '../../../database/connection.ts'
import type { Queryable } from '../../../database/database.ts'
import { column, join, sql, type Sql } from '../../../database/sql.ts'
import { begin, hasArchive, lockTables, openArchive, SCHEMA } from './archive.ts'
import { LEGACY_TABLES } from '../../../django/shape.ts'
import { guards, takeAway, type GuardAmiss, type GuardWas } from './guards.ts'
import { tableOf } from './live.ts'

/** What taking a repair of the legacy database back came to. */
export type LegacyUndo =
  | { outcome: 'undone'; rows: number }
  | { outcome: 'no-such-run' | 'undone-before' }
  | { outcome: 'changed-since'; relation: string; count: number; keys: string[] }
  | { outcome: 'in-the-way'; words: string }

/** Rolls the transaction back: a run is taken back whole or not at all. */
class ChangedSince extends Error {
  readonly what: { relation: string; count: number; keys: string[] }

  constructor(what: { relation: string; count: number; keys: string[] }) {
    super(`${what.count} rows of ${what.relation} are no longer as the run left them`)
    this.what = what
  }
}

/** What was archived has no place to go back to. */
class InTheWay extends Error {}

/** How many of those that were changed since are named. */
const NAMED = 20

/**
 * Takes away again the constraints that a repair put in place, and puts back every row as it was: of a row that is still
 * there what the repair changed of it, and nothing that its person has changed since. Where somebody has changed the very
 * same, nothing is taken back.
 */
export async function undoLegacyRepair(legacy: Transactional, run: string): Promise<LegacyUndo> {
  try {
    return await legacy.transaction(async (within) => {
      await begin(within)
      if (!(await hasArchive(within))) return { outcome: 'no-such-run' }
      await openArchive(within)
      const claim = await claimUndo(within, run, 'repair')
      if ('outcome' in claim) return claim
      const parts = await partsOf(within, run)
      await lockTables(
        within,
        parts.map(({ guard }) => guard),
        await tablesOf(within, run),
      )
      await within.rows(sql`set constraints all immediate`)
      const unheld: Sql[] = []
      for (const part of parts) unheld.push(...(await takeAway(within, part)))
      await within.rows(sql`set constraints all deferred`)
      const rows = await undoRows(within, run)
      await within.rows(sql`set constraints all immediate`)
      for (const statement of unheld) await within.rows(statement)
      await markUndone(within, run)
      return { outcome: 'undone', rows }
    })
  } catch (error) {
    if (error instanceof ChangedSince) return { outcome: 'changed-since', ...error.what }
    if (error instanceof InTheWay) return { outcome: 'in-the-way', words: error.message }
    const why = whyNotUndone(error)
    if (why.outcome !== 'in-the-way') throw error
    return why
  }
}

/** The constraints that the run put in place, the last first. The archive names them, and what they are is known here alone. */
async function partsOf(within: Queryable, run: string): Promise<GuardAmiss[]> {
  const rows = await within.rows<{ part: { guard: string; was: GuardWas; name: string } }>(sql`
    select made as part from archived_rows where run_id = ${run} and relation = ${SCHEMA} order by id desc`)
  return rows.map(({ part: { guard: called, was, name } }) => {
    const guard = guards.find((each) => each.name === called)
    if (!guard) throw new Error(`no constraint ${called} is known`)
    return { guard, was, name }
  })
}

/** The tables beside the three of which the run changed rows, as far as they are still there. */
async function tablesOf(within: Queryable, run: string): Promise<Sql[]> {
  const rows = await within.rows<{ schema: string; table: string }>(sql`
    select distinct nspname::text as schema, relname::text as table
    from archived_rows r join pg_class c on c.oid = to_regclass(r.relation) join pg_namespace n on n.oid = c.relnamespace
    where r.run_id = ${run} and r.relation <> all(${Object.keys(LEGACY_TABLES)}::text[]) and r.relation <> ${SCHEMA}
    order by 1, 2`)
  return rows.map(tableOf)
}

/** Steps are taken back in the opposite order, so that a row that was changed twice goes through both. */
async function undoRows(within: Queryable, run: string): Promise<number> {
  const steps = await within.rows<{ relation: string; why: string }>(sql`
    select relation, why from archived_rows where run_id = ${run} and relation <> ${SCHEMA}
    group by relation, why order by max(id) desc`)
  let rows = 0
  for (const { relation, why } of steps) {
    const kept = sql`select id, former, made from archived_rows where run_id = ${run} and relation = ${relation} and why = ${why}`
    rows += await undoStep(within, relation, kept)
  }
  return rows
}

async function undoStep(within: Queryable, relation: string, kept: Sql): Promise<number> {
  const { table, columns, key } = await readTable(within, relation)
  const all = join(columns.map(({ name }) => column(name)))
  const settable = join(columns.filter(({ always }) => !always).map(({ name }) => column(name)))
  const now = present(table, key, kept)

  const [lost] = await within.rows<{ name: string }>(sql`
    select f as name from (${kept}) k cross join lateral jsonb_object_keys(coalesce(k.former, k.made)) f
    where f <> all(${columns.map(({ name }) => name)}::text[]) limit 1`)
  if (lost) throw new InTheWay(`The table ${relation} has lost its column ${lost.name}.`)

  const changed = await within.rows<{ key: string }>(sql`
    with ${now} select made_key as key from now_there where at is null or not as_left order by id`)
  if (changed.length > 0) {
    throw new ChangedSince({ relation, count: changed.length, keys: changed.slice(0, NAMED).map((each) => each.key) })
  }
  const removed = await within.rows(sql`
    with ${now} delete from ${table} t using now_there n where t.ctid = n.at and n.former is null returning null`)
  const restored = await within.rows(sql`
    with ${now} update ${table} t set (${settable}) = (
      select ${settable} from jsonb_populate_record(t, (
        select coalesce(jsonb_object_agg(f.key, f.value), '{}') from jsonb_each(n.former) f where n.made -> f.key is distinct from f.value))
    ) from now_there n where t.ctid = n.at and n.former is not null returning null`)
  const returned = await within.rows(sql`
    insert into ${table} (${all}) overriding system value
    select ${all} from (
      select r.* from (${kept}) k cross join lateral jsonb_populate_record(null::${table}, k.former) r
      where k.made is null order by k.id
    ) as row returning null`)
  return removed.length + restored.length + returned.length
}

/**
 * Each row that the run left, by its key: where it is now, and whether all that the run changed of it is as it was left. Of a row
 * that the run made that is the whole row.
 */
function present(table: Sql, key: readonly string[], kept: Sql): Sql {
  const same = key.map((name) => sql`t.${column(name)} = l.${column(name)}`)
  return sql`
    now_there as (
      select k.id, k.former, k.made, concat_ws(' ', ${join(key.map((name) => sql`k.made ->> ${name}`))}) as made_key, t.ctid as at,
        not exists (
          select from jsonb_each(k.made) m
          where (k.former is null or k.former -> m.key is distinct from m.value) and to_jsonb(t) -> m.key is distinct from m.value
        ) as as_left
      from (${kept}) k cross join lateral jsonb_populate_record(null::${table}, k.made) l
        left join ${table} t on ${join(same, ' and ')}
      where k.made is not null
    )`
}

interface LegacyTableNow {
  table: Sql
  columns: { name: string; always: boolean }[]
  key: string[]
}

async function readTable(within: Queryable, relation: string): Promise<LegacyTableNow> {
  const columns = await within.rows<{
    schema: string
    table: string
    name: string
    always: boolean
    keyed: boolean
  }>(sql`
    select nspname::text as schema, relname::text as table, attname::text as name, attidentity = 'a' as always,
      exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p' and a.attnum = any(k.conkey)) as keyed
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where c.oid = to_regclass(${relation}) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`)
  const [first] = columns
  if (!first) throw new InTheWay(`The table ${relation} is gone.`)
  return {
    table: tableOf(first),
    columns,
    key: columns.filter(({ keyed }) => keyed).map(({ name }) => name),
  }
}
