import type { Database } from '../../database/database.ts'
import { column, empty, sql, type Sql } from '../../database/sql.ts'
import type { Log } from '../../lib/log.ts'
import { randomSpan } from '../../lib/random.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { MINUTE } from '../../lib/time.ts'
import { retentions, type Retention, type RetentionName } from './retention.ts'

/** Rows that go in one transaction: few enough that nobody waits for it. */
const BATCH = 500

/** A table without an index for it is read so many pages in one transaction, of 8 KiB as a rule. */
const PAGES = 2_000

/** Stretches of such a table in one round: all of a table of half a gigabyte. What is beyond is read in the next round. */
const STRETCHES_A_ROUND = 30

/** Any number that no other program on the same database uses: one node keeps house, the others look again later. */
const ADVISORY_LOCK = 7_236_512_002n

export interface HouseReport {
  /** False when another node was at it, or this one was told to end: the rest is done by whoever comes next. */
  complete: boolean
  removed: Record<RetentionName, number>
}

/** How the tables that are read through are read: a stretch of so many pages at a time, so many stretches, from where the last ones ended. */
export interface Walk {
  pages: number
  stretches: number
  /** By retention, the page at which to go on. */
  places: Map<RetentionName, number>
}

/**
 * Removes what is outdated, in small batches, each a transaction of its own. Safe at any time, on any number of nodes. It reads everything to
 * the end, unless `walk` says otherwise.
 */
export async function keepHouse(
  database: Database,
  goOn: () => boolean = () => true,
  { pages, stretches, places }: Walk = { pages: PAGES, stretches: Number.POSITIVE_INFINITY, places: new Map() },
): Promise<HouseReport> {
  const removed = Object.fromEntries(retentions.map(({ name }) => [name, 0])) as Record<RetentionName, number>
  for (const retention of retentions) {
    let place: number | null = places.get(retention.name) ?? 0
    for (let left = stretches; place !== null && left > 0;) {
      const batch: Batch | null = goOn() ? await removeBatch(database, retention, place, place + pages) : null
      if (batch === null) return { complete: false, removed }
      removed[retention.name] += batch.count
      if (batch.count < BATCH) left -= 1
      place = batch.next
    }
    places.set(retention.name, place ?? 0)
  }
  return { complete: true, removed }
}

interface Batch {
  count: number
  /** The page from which to go on; null at the end. */
  next: number | null
}

/** Null when another node is at it. Nobody waits for the disk: what a crash brings back is removed again. */
async function removeBatch(database: Database, retention: Retention, from: number, to: number): Promise<Batch | null> {
  return database.transaction(async (within) => {
    const lock = await within.row<{ held: boolean; pages: number }>(sql`
      select pg_try_advisory_xact_lock(${ADVISORY_LOCK}) as held, set_config('synchronous_commit', 'off', true),
        (pg_relation_size(${retention.table}::regclass) / current_setting('block_size')::int)::int as pages`)
    if (!lock?.held) return null
    const { length: count } = await within.rows(batchStatement(retention, from, to))
    if (count === BATCH) return { count, next: from }
    return { count, next: retention.readThrough && to < lock.pages ? to : null }
  })
}

/**
 * Rows that somebody is using are left for the next time. The statement has no name on purpose: it is planned anew each
 * time, with the moments in it, and so by the index where little is outdated.
 */
function batchStatement({ table, outdated, readThrough = false }: Retention, from: number, to: number): Sql {
  const stretch = sql`t.ctid >= ${`(${from},0)`}::tid and t.ctid < ${`(${to},0)`}::tid and`
  return sql`
    delete from ${column(table)} where ctid = any(array(
      select t.ctid from ${column(table)} t
      where ${readThrough ? stretch : empty} (${typeof outdated === 'function' ? outdated() : outdated})
      limit ${BATCH} for update of t skip locked
    ))
    returning null`
}

export interface HousekeepingSettings {
  database: Database
  log: Log
  /** Milliseconds between two rounds. */
  every?: number
}

/** Keeps house in the background, on every node; the first time at random, so that nodes started together spread out. */
export function startHousekeeping({ database, log, every = 10 * MINUTE }: HousekeepingSettings): Rounds {
  const walk: Walk = { pages: PAGES, stretches: STRETCHES_A_ROUND, places: new Map() }
  return startRounds({
    every,
    first: randomSpan(every),
    onError: (error) => log.warn({ err: error }, 'what is outdated could not be removed this time'),
    work: async (goOn) => {
      const { removed } = await keepHouse(database, goOn, walk)
      const some = Object.entries(removed).filter(([, count]) => count > 0)
      if (some.length > 0) log.info({ removed: Object.fromEntries(some) }, 'what was outdated is removed')
    },
  })
}
