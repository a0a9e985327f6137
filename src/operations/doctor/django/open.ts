import { Fault } from '../../../answers/fault.ts'
import { checkShape } from '../../../django/shape.ts'
import { Connection } from '../../../database/connection.ts'
import { judge } from '../../../database/faults.ts'
import { sql } from '../../../database/sql.ts'

/**
 * A connection to the legacy database, once it is known to be whole; closed again whatever happens. The faults
 * `legacy-unreachable` and `legacy-not-whole` say what is wrong with it, `legacy-lost` that it broke off in the middle of the work, and
 * `legacy-busy` that others held what it needed. Columns that the site came to have are welcome.
 */
export async function onLegacy<Result>(
  url: string,
  name: string,
  work: (legacy: Connection) => Promise<Result>,
): Promise<Result> {
  const legacy = await reached(() => Connection.open(url, name))
  try {
    await reached(() =>
      legacy.transaction(async (within) => {
        await within.rows(sql`set transaction read only`)
        await checkShape((statement) => within.rows(statement), { extraColumns: true })
      }),
    )
    return await work(legacy)
  } catch (error) {
    throw inWords(error)
  } finally {
    await legacy.close()
  }
}

async function reached<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault && error.code !== 'database-unreachable') throw error
    const details = error instanceof Fault ? (error.details ?? '') : `${(error as Error).message}.`
    throw new Fault('legacy-unreachable', { cause: error, details })
  }
}

function inWords(error: unknown): unknown {
  const { connection, fault } = judge(error)
  if (connection === 'host gone')
    return new Fault('legacy-lost', { cause: error, details: `${(error as Error).message}.` })
  const busy = fault instanceof Fault && fault.code === 'database-busy'
  return busy ? new Fault('legacy-busy', { cause: error }) : error
}
