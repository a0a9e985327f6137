import type { Database } from '../../database/database.ts'
import { column, sql, type Sql } from '../../database/sql.ts'
import type { Log } from '../../lib/log.ts'
import { randomSpan } from '../../lib/random.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { MINUTE } from '../../lib/time.ts'
import { retentions, type Retention, type RetentionName } from './retention.ts'

/** Rows in one transaction: few enough that nobody waits for it. */
const BATCH = 500

/** Any number that no other program on the same database uses: one node keeps house, the others look again later. */
const ADVISORY_LOCK = 7_236_512_002n

export interface HouseReport {
  /** False when another node was at it, or this one was told to end: the rest is done by whoever comes next. */
  complete: boolean
  removed: Record<RetentionName, number>
}

/** Removes what is outdated, in small batches, each a transaction of its own. Safe at any time, on any number of nodes. */
export async function keepHouse(database: Database, goOn: () => boolean = () => true): Promise<HouseReport> {
  const removed = Object.fromEntries(retentions.map(({ name }) => [name, 0])) as Record<RetentionName, number>
  for (const retention of retentions) {
    for (let last = BATCH; last === BATCH; removed[retention.name] += last) {
      const count = goOn() ? await removeBatch(database, retention) : null
      if (count === null) return { complete: false, removed }
      last = count
    }
  }
  return { complete: true, removed }
}

/** Null when another node is at it. Nobody waits for the disk: what a crash brings back is removed again. */
async function removeBatch(database: Database, retention: Retention): Promise<number | null> {
  return database.transaction(async (within) => {
    const lock = await within.row<{ held: boolean }>(sql`
      select pg_try_advisory_xact_lock(${ADVISORY_LOCK}) as held, set_config('synchronous_commit', 'off', true)`)
    if (!lock?.held) return null
    return (await within.rows(batchStatement(retention))).length
  })
}

/**
 * Rows that somebody is using are left for the next time. The statement has no name on purpose: it is planned anew each
 * time, with the moments in it, and so by the index where little is outdated.
 */
function batchStatement({ table, outdated }: Retention): Sql {
  return sql`
    delete from ${column(table)} where ctid = any(array(
      select t.ctid from ${column(table)} t
      where ${typeof outdated === 'function' ? outdated() : outdated}
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
  return startRounds({
    every,
    first: randomSpan(every),
    onError: (error) => log.warn({ err: error }, 'what is outdated could not be removed this time'),
    work: async (goOn) => {
      const { removed } = await keepHouse(database, goOn)
      const some = Object.entries(removed).filter(([, count]) => count > 0)
      if (some.length > 0) log.info({ removed: Object.fromEntries(some) }, 'what was outdated is removed')
    },
  })
}
