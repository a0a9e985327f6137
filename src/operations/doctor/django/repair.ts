import { archiveInsert, runInsert } from '../../../archive/archive.ts'
import type { LegacyFinding } from '../../../django/findings.ts'
import type { LegacyTable } from '../../../django/shape.ts'
import type { Transactional } from '../../../database/connection.ts'
import type { Queryable } from '../../../database/database.ts'
import { sql, type Sql } from '../../../database/sql.ts'
import { newId } from '../../../lib/random.ts'
import { begin, lockTables, openArchive, SCHEMA } from './archive.ts'
import { guardsAmiss, putInPlace, type Guard, type GuardAmiss } from './guards.ts'
import { readLive, tableOf } from './live.ts'
import { mendings, type Change, type Decisions, type Mending } from './mending.ts'
import { PROFILE_TABLES } from './offences.ts'

/** After so many keys that cannot be mended, the rest of their batch is left together. */
const MOST_FAILURES = 20

/** What is done about one finding in one table; `count` is of its offenders, as the doctor counts them. */
export interface LegacyDeed {
  finding: LegacyFinding
  table: LegacyTable
  why: string
  count: number
}

/** Offenders that nothing is done about, and why. */
export interface LegacyWait {
  finding: LegacyFinding
  table: LegacyTable
  count: number
  why: string
}

/** A constraint that is missing; `waitsFor` is what has to be decided before it can be put in place. */
export interface LegacyGuard {
  name: string
  keeps: string
  waitsFor: LegacyFinding[]
}

export interface LegacyPlan {
  deeds: LegacyDeed[]
  waiting: LegacyWait[]
  guards: LegacyGuard[]
}

/** Offenders that should have been mended and could not, in the server's words; they are as they were. */
export interface LegacyFailure {
  finding: LegacyFinding
  keys: string[]
  words: string
}

export interface LegacyRepair extends LegacyPlan {
  /** Null where there was nothing to do, and nothing was done. */
  run: string | null
  /** Rows that were changed, removed or made, and are in the archive. */
  rows: number
  failures: LegacyFailure[]
  /** Constraints that should have stood and do not, in the server's words. */
  refused: { name: string; words: string }[]
}

/** Users who are to keep an address that nobody else has, so that there is nothing to decide. */
export interface NothingToKeep {
  outcome: 'nothing-to-keep'
  users: number[]
}

/** What a repair would do now. Reads at one moment, and writes nothing. */
export async function planLegacyRepair(
  legacy: Transactional,
  decisions: Decisions,
): Promise<({ outcome: 'planned' } & LegacyPlan) | NothingToKeep> {
  return legacy.transaction(async (within) => {
    await within.rows(sql`set transaction isolation level repeatable read, read only`)
    const users = await keepingNothing(within, decisions)
    if (users.length > 0) return { outcome: 'nothing-to-keep', users }
    const all = mendings(await readLive(within), decisions)
    const deeds: LegacyDeed[] = []
    for (const mending of all) deeds.push({ ...named(mending), count: await countOf(within, mending.keys) })
    const waiting = await waitingOf(within, all)
    const guards = (await guardsAmiss(within)).map((amiss) => guardAfter(amiss, waiting))
    return { outcome: 'planned', deeds: deeds.filter(({ count }) => count > 0), waiting, guards }
  })
}

/**
 * Does what a plan shows, in one transaction in which nobody else can write to the three tables: mends the rows, each archived
 * whole as it was, and then puts the missing constraints in place. What cannot be mended is left as it was, told, and does
 * not hold up the rest. Where there is nothing to do, nothing is written. `tryFor` is how many
 * milliseconds it tries for its locks. The fault `legacy-not-owned` is for a user who may not, `legacy-busy` for a site that never
 * lets go.
 */
export async function repairLegacy(
  legacy: Transactional,
  decisions: Decisions,
  { tryFor }: { tryFor?: number } = {},
): Promise<LegacyRepair> {
  const run = newId()
  try {
    return await legacy.transaction(async (within) => {
      await begin(within)
      const live = await readLive(within)
      await lockTables(
        within,
        (await guardsAmiss(within)).map(({ guard }) => guard),
        PROFILE_TABLES.flatMap((table) => live.references[table]).map(tableOf),
        tryFor,
      )
      const amiss = await guardsAmiss(within)
      const all = mendings(await readLive(within), decisions)
      await openArchive(within)
      await within.rows(runInsert(run, 'repair', sql`null::uuid`, sql`${JSON.stringify(detailsOf(decisions))}::jsonb`))
      // What is checked at the end of a transaction is checked at the end of each deed, so that one that fails fails alone.
      await within.rows(sql`set constraints all immediate`)

      const done: LegacyRepair = { run, rows: 0, deeds: [], waiting: [], guards: [], failures: [], refused: [] }
      for (const mending of all) {
        const keys = (
          await within.rows<{ key: string }>(sql`select key::text from (${mending.keys}) k order by k.key`)
        ).map(({ key }) => key)
        const { count, rows } = await mendAll(within, run, mending, keys, done.failures)
        if (count > 0) done.deeds.push({ ...named(mending), count })
        done.rows += rows
      }
      done.waiting = await waitingOf(within, all)
      for (const each of amiss) done.guards.push(await guarded(within, run, each, done))
      if (done.deeds.length === 0 && done.guards.every((guard) => !stands(done, guard))) throw new NothingDone(done)
      return done
    })
  } catch (error) {
    if (error instanceof NothingDone) return { ...error.done, run: null }
    throw error
  }
}

/** Whether a guard was put in place. */
export function stands({ refused }: Pick<LegacyRepair, 'refused'>, { name, waitsFor }: LegacyGuard): boolean {
  return waitsFor.length === 0 && !refused.some((each) => each.name === name)
}

/** Rolls the transaction back: a run that changed nothing is none. */
class NothingDone extends Error {
  readonly done: LegacyRepair

  constructor(done: LegacyRepair) {
    super('there was nothing to do')
    this.done = done
  }
}

/** All at once; where that fails, each half by itself, until what fails stands alone. */
async function mendAll(
  within: Queryable,
  run: string,
  mending: Mending,
  keys: readonly string[],
  failures: LegacyFailure[],
): Promise<{ count: number; rows: number }> {
  if (keys.length === 0) return { count: 0, rows: 0 }
  await within.rows(sql`savepoint deed`)
  try {
    let rows = 0
    for (const change of mending.steps(keys)) rows += await archived(within, run, mending.why, change)
    await within.rows(sql`release savepoint deed`)
    return { count: keys.length, rows }
  } catch (error) {
    await within.rows(sql`rollback to savepoint deed`)
    const { finding } = mending.offence
    if (keys.length === 1 || failures.length >= MOST_FAILURES) {
      failures.push({ finding, keys: [...keys], words: (error as Error).message })
      return { count: 0, rows: 0 }
    }
    const half = Math.ceil(keys.length / 2)
    const one = await mendAll(within, run, mending, keys.slice(0, half), failures)
    const other = await mendAll(within, run, mending, keys.slice(half), failures)
    return { count: one.count + other.count, rows: one.rows + other.rows }
  }
}

async function archived(
  within: Queryable,
  run: string,
  why: string,
  { relation, first, change }: Change,
): Promise<number> {
  const row = await within.row<{ count: number }>(sql`
    with ${first === undefined ? sql`` : sql`${first},`} change as (${change}),
      kept as (${archiveInsert(run, relation, why, sql`change`)} returning null)
    select count(*)::int as count from kept`)
  return row?.count ?? 0
}

async function guarded(
  within: Queryable,
  run: string,
  amiss: GuardAmiss,
  done: Pick<LegacyRepair, 'waiting' | 'refused'>,
): Promise<LegacyGuard> {
  const guard = guardAfter(amiss, done.waiting)
  if (guard.waitsFor.length > 0) return guard
  await within.rows(sql`savepoint guard`)
  try {
    await within.rows(putInPlace(amiss))
    const part = JSON.stringify({ guard: amiss.guard.name, was: amiss.was, name: amiss.name })
    await within.rows(sql`
      insert into archived_rows (run_id, relation, made, why)
      values (${run}, ${SCHEMA}, ${part}::jsonb, ${`It keeps ${amiss.guard.keeps}.`})`)
    await within.rows(sql`release savepoint guard`)
  } catch (error) {
    await within.rows(sql`rollback to savepoint guard`)
    done.refused.push({ name: amiss.name, words: (error as Error).message })
  }
  return guard
}

function guardAfter({ guard, name }: GuardAmiss, waiting: readonly LegacyWait[]): LegacyGuard {
  return { name, keeps: guard.keeps, waitsFor: inTheWayOf(guard, waiting) }
}

function inTheWayOf({ table, needs }: Guard, waiting: readonly LegacyWait[]): LegacyFinding[] {
  return needs.filter((need) => waiting.some((each) => each.finding === need && each.table === table))
}

async function waitingOf(within: Queryable, all: readonly Mending[]): Promise<LegacyWait[]> {
  const waiting: LegacyWait[] = []
  for (const { offence, rest, waits } of all) {
    const count = await countOf(within, rest)
    if (count > 0) waiting.push({ finding: offence.finding, table: offence.table, count, why: waits })
  }
  return waiting
}

function named({ offence, why }: Mending): Omit<LegacyDeed, 'count'> {
  return { finding: offence.finding, table: offence.table, why }
}

async function countOf(within: Queryable, keys: Sql): Promise<number> {
  const row = await within.row<{ count: number }>(sql`select count(*)::int as count from (${keys}) k`)
  return row?.count ?? 0
}

async function keepingNothing(within: Queryable, { keepers }: Decisions): Promise<number[]> {
  const rows = await within.rows<{ id: number }>(sql`
    select k.id::float8 as id from unnest(${[...keepers]}::bigint[]) as k (id)
    where not exists (
      select from auth_user u join auth_user o on lower(o.email) = lower(u.email) and o.id <> u.id
      where u.id = k.id and u.email <> ''
    )`)
  return rows.map(({ id }) => id)
}

function detailsOf({ rules, keepers }: Decisions) {
  return { of: 'django', decided: [...rules], keepers }
}
