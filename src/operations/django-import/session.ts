import { Fault } from '../../answers/fault.ts'
import { Connection } from '../../database/connection.ts'
import type { Queryable } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'

/** Any number that no other program on the same database uses: one import or undoing at a time. */
const ADVISORY_LOCK = 7_236_512_003n

const SETTINGS = [
  sql`set statement_timeout = 0`,
  sql`set timezone = 'UTC'`,
  sql`set work_mem = '64MB'`,
  sql`set temp_buffers = '64MB'`,
]

/** A connection of its own, on which nobody else imports; the fault `import-under-way` when somebody does. */
export async function withSession<Result>(url: string, work: (target: Connection) => Promise<Result>): Promise<Result> {
  const target = await Connection.open(url, 'meridian import')
  try {
    for (const setting of SETTINGS) await target.rows(setting)
    const lock = await target.row<{ held: boolean }>(sql`select pg_try_advisory_lock(${ADVISORY_LOCK}) as held`)
    if (!lock?.held) throw new Fault('import-under-way')
    return await work(target)
  } finally {
    await target.close()
  }
}

/**
 * From here on a batch's rows are found by their keys. It is the same few of any number, and the tables have grown since
 * the planner heard of their sizes: it would read them whole for each batch.
 */
export async function findRowsByKey(target: Queryable): Promise<void> {
  for (const way of ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'material']) {
    await target.rows(sql`select set_config(${`enable_${way}`}, 'off', false)`)
  }
}
