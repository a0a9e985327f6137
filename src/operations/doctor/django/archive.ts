import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../../answers/fault.ts'
import type { Queryable } from '../../../database/database.ts'
import { sql, verbatim, type Sql } from '../../../database/sql.ts'
import { projectRoot } from '../../../lib/project-root.ts'
import { SECOND } from '../../../lib/time.ts'
import { LEGACY_TABLES } from '../../../django/shape.ts'
import type { Guard } from './guards.ts'

/** Where a repair keeps what it changed: in the legacy database itself, apart from the site's own tables. */
const ARCHIVE = 'meridian_archive'

/** What the archive calls the constraints that a run put in place. */
export const SCHEMA = '(schema)'

/** How long a repair tries for its locks. */
const LOCKED_WITHIN = 10 * SECOND

/** How long one lock is waited for, with others held: less than the second after which the server looks for deadlocks. */
const LOCK_WITHIN = SECOND / 4

const BETWEEN_TRIES = SECOND / 10

const LOCK_NOT_AVAILABLE = '55P03'

/** Runs and archived rows are there what they are in our own database. */
const TABLES = join(projectRoot, 'migrations', '0010-runs-and-archive.sql')

/** Begins a transaction that changes the legacy database; each of its statements sees what holds by then. */
export async function begin(within: Queryable): Promise<void> {
  await within.rows(sql`set transaction isolation level read committed, read write`)
  await within.rows(sql`select set_config('statement_timeout', '0', true)`)
  await demandOwner(within)
}

/**
 * Nobody else writes to the three tables, nor to those of `also`, until the transaction has ended. Tables of which a constraint
 * is put in place or taken away are closed to readers too. All locks or none: a site that holds one table and waits for
 * another is given way to, sooner than the server would look for a deadlock and end somebody's request. The fault
 * `legacy-busy` is for `tryFor` milliseconds without a chance.
 */
export async function lockTables(
  within: Queryable,
  changing: readonly Guard[],
  also: readonly Sql[],
  tryFor = LOCKED_WITHIN,
): Promise<void> {
  const locks = [
    ...Object.keys(LEGACY_TABLES).map((table) => {
      const closed = changing.some((guard) => guard.table === table && guard.closes)
      return sql`lock table ${verbatim(table)} in ${verbatim(closed ? 'access exclusive' : 'share row exclusive')} mode`
    }),
    ...also.map((table) => sql`lock table ${table} in share row exclusive mode`),
  ]
  const until = Date.now() + tryFor
  await patience(within, LOCK_WITHIN)
  while (!(await allOrNone(within, locks))) {
    if (Date.now() > until) throw new Fault('legacy-busy')
    await sleep(BETWEEN_TRIES)
  }
  await patience(within, LOCKED_WITHIN)
}

async function allOrNone(within: Queryable, locks: readonly Sql[]): Promise<boolean> {
  await within.rows(sql`savepoint locks`)
  try {
    for (const lock of locks) await within.rows(lock)
    await within.rows(sql`release savepoint locks`)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === LOCK_NOT_AVAILABLE)) throw error
    await within.rows(sql`rollback to savepoint locks`)
    return false
  }
}

async function patience(within: Queryable, milliseconds: number): Promise<void> {
  await within.rows(sql`select set_config('lock_timeout', ${String(milliseconds)}, true)`)
}

/** Makes the archive where there is none yet. From here on its tables are found before any others of these names. */
export async function openArchive(within: Queryable): Promise<void> {
  const path = (await within.row<{ path: string }>(sql`select current_setting('search_path') as path`))?.path ?? ''
  if (!(await hasArchive(within))) {
    await within.rows(sql`create schema ${verbatim(ARCHIVE)}`)
    await searchIn(within, ARCHIVE)
    await within.rows(verbatim(readFileSync(TABLES, 'utf8')))
  }
  await searchIn(within, path === '' ? ARCHIVE : `${ARCHIVE}, ${path}`)
}

async function searchIn(within: Queryable, path: string): Promise<void> {
  await within.rows(sql`select set_config('search_path', ${path}, true)`)
}

export async function hasArchive(within: Queryable): Promise<boolean> {
  return (await within.rows(sql`select from pg_namespace where nspname = ${ARCHIVE}`)).length > 0
}

/** The fault `legacy-not-owned`, in words, where this user may read the legacy database and not repair it. */
async function demandOwner(within: Queryable): Promise<void> {
  const lacking = await within.rows<{ what: string }>(sql`
    select 'It does not own the table ' || relname || '.' as what from pg_class
    where oid = any(${Object.keys(LEGACY_TABLES)}::regclass[]) and not pg_has_role(relowner, 'USAGE')
    union all
    select ${`It may not make the schema ${ARCHIVE}.`} where ${mayNotArchive()}`)
  if (lacking.length > 0) throw new Fault('legacy-not-owned', { details: lacking.map(({ what }) => what).join(' ') })
}

function mayNotArchive(): Sql {
  return sql`
    not has_database_privilege(current_database(), 'CREATE')
      and not exists (select from pg_namespace where nspname = ${ARCHIVE} and pg_has_role(nspowner, 'USAGE'))`
}
