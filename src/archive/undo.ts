import type { Queryable } from '../database/database.ts'
import { column, join, sql, type Sql } from '../database/sql.ts'
import type { RunKind } from './archive.ts'

/** A table's rows that are no longer as the run left them, and so cannot be taken back to what they were before it. */
export interface ChangedSince {
  relation: string
  why: string
  count: number
  accounts: string[]
}

/** What taking a run back came to. */
export type RunUndo =
  | { outcome: 'undone'; rows: number }
  | { outcome: 'no-such-run' | 'undone-before' }
  | { outcome: 'changed-since'; changed: ChangedSince }
  | { outcome: 'in-the-way'; words: string }

/** Rolls the transaction back: a run is taken back whole or not at all. */
export class NotAsLeft extends Error {
  readonly changed: ChangedSince

  constructor(changed: ChangedSince) {
    super(`${changed.count} rows of ${changed.relation} are no longer as the run left them`)
    this.changed = changed
  }
}

/** Locks a run that is to be taken back, so that of two who do it one does; tells how old it is, in milliseconds. */
export async function claimUndo(
  within: Queryable,
  run: string,
  kind: RunKind,
): Promise<{ age: number } | { outcome: 'no-such-run' | 'undone-before' }> {
  const row = await within.row<{ undone: boolean; age: number }>(sql`
    select undone_at is not null as undone, (extract(epoch from now() - started_at) * 1000)::float as age
    from runs where id::text = ${run} and kind = ${kind} for update`)
  if (!row) return { outcome: 'no-such-run' }
  return row.undone ? { outcome: 'undone-before' } : { age: row.age }
}

export async function markUndone(within: Queryable, run: string): Promise<void> {
  await within.rows(sql`update runs set undone_at = now() where id = ${run}`)
}

/** What stood in the way of an undo that was rolled back, as its outcome; any other error is thrown again. */
export function whyNotUndone(error: unknown): Extract<RunUndo, { outcome: 'changed-since' | 'in-the-way' }> {
  if (error instanceof NotAsLeft) return { outcome: 'changed-since', changed: error.changed }
  if (offendsConstraint(error)) return { outcome: 'in-the-way', words: error.message }
  throw error
}

/** Class 23 of the SQL states: something that came to be since does not go together with what was. */
function offendsConstraint(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('23')
}

/**
 * Puts back, within the caller's transaction, every row that a run changed, removed or made; how many. Steps are taken
 * back in the opposite order, so that a row which was changed twice goes through both. Throws NotAsLeft where a row that
 * the run left has been changed since: what somebody did afterwards is never overwritten.
 */
export async function undoRows(within: Queryable, runId: string): Promise<number> {
  await within.rows(sql`set constraints all deferred`)
  const steps = await within.rows<{ relation: string; why: string }>(sql`
    select relation, why from archived_rows
    where run_id = ${runId} and to_regclass(quote_ident(relation)) is not null
    group by relation, why order by max(id) desc`)
  let rows = 0
  for (const step of steps) rows += await undoStep(within, runId, step.relation, step.why)
  return rows
}

async function undoStep(within: Queryable, runId: string, relation: string, why: string): Promise<number> {
  const table = column(relation)
  const step = sql`select * from archived_rows where run_id = ${runId} and relation = ${relation} and why = ${why}`
  const missing = await within.row<{ count: number; accounts: string[] }>(sql`
    with ${pairs(table, step)}
    select count(*)::int as count, coalesce((array_agg(distinct account_id::text))[1:20], '{}') as accounts
    from left_as where at is null`)
  if (missing && missing.count > 0) throw new NotAsLeft({ relation, why, ...missing })

  const columns = await within.rows<{ name: string; identity: boolean }>(sql`
    select attname::text as name, attidentity <> '' as identity from pg_attribute
    where attrelid = ${relation}::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`)
  const all = join(columns.map(({ name }) => column(name)))
  const settable = join(columns.filter(({ identity }) => !identity).map(({ name }) => column(name)))
  const former = sql`jsonb_populate_record(null::${table}, former)`

  const [removed, changed] = await Promise.all([
    within.rows(sql`
      with ${pairs(table, step)}
      delete from ${table} where ctid in (select at from left_as where former is null) returning null`),
    within.rows(sql`
      with ${pairs(table, step)}
      update ${table} t set (${settable}) = (select ${settable} from ${former})
      from left_as where t.ctid = left_as.at and former is not null returning null`),
  ])
  const restored = await within.rows(sql`
    insert into ${table} (${all}) overriding system value
    select ${all} from (
      select r.* from (${step}) as kept cross join lateral ${former} as r where kept.made is null order by kept.id
    ) as row returning null`)
  return removed.length + changed.length + restored.length
}

/** Each row that the step left, beside where it is now. Rows that are the same are told apart by nothing but their number. */
function pairs(table: Sql, step: Sql): Sql {
  return sql`
    kept as (
      select former, made, account_id, row_number() over (partition by made order by id) as n
      from (${step}) as step where made is not null
    ), present as (
      select t.ctid as at, to_jsonb(t) as made, row_number() over (partition by to_jsonb(t) order by t.ctid) as n
      from ${table} t where to_jsonb(t) in (select made from kept)
    ), left_as as (
      select kept.*, present.at from kept left join present on present.made = kept.made and present.n = kept.n
    )`
}
