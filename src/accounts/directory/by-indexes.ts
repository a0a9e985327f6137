import type { Database, Queryable } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'

/**
 * Reads without walking through whole tables. For a common word the planner would rather do so, and stop when it has found enough; where it is
 * mistaken about how two conditions go together, it walks through a million.
 */
export function byIndexes<Result>(database: Database, work: (within: Queryable) => Promise<Result>): Promise<Result> {
  return database.transaction(async (within) => {
    await within.row(sql`select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)`)
    return work(within)
  })
}
