import type { Client } from 'pg'
import { Fault } from '../../answers/fault.ts'
import { connectToPrimary } from '../../database/connection.ts'
import type { Sql } from '../../database/sql.ts'

/** Any number that no other program on the same database uses: one import or undoing at a time. */
const ADVISORY_LOCK = 7_236_512_003n

/** A connection of its own, on which nobody else imports; the fault `import-under-way` when somebody does. */
export async function withSession<Result>(url: string, work: (target: Client) => Promise<Result>): Promise<Result> {
  const target = await connectToPrimary(url, 'meridian import')
  try {
    await target.query(
      `set statement_timeout = 0; set timezone = 'UTC'; set work_mem = '64MB'; set temp_buffers = '64MB'`,
    )
    const { rows } = await target.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [ADVISORY_LOCK])
    if (!rows[0]?.held) throw new Fault('import-under-way')
    return await work(target)
  } finally {
    await target.end()
  }
}

export async function inSession<Row>(target: Client, { text, values }: Sql): Promise<Row[]> {
  return (await target.query(text, values)).rows as Row[]
}
