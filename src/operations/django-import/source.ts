import { Client } from 'pg'
import { Fault } from '../../answers/fault.ts'
import { checkShape } from '../../django/shape.ts'
import { SECOND } from '../../lib/time.ts'

/**
 * Opens the legacy database at one moment: a transaction that reads only, and sees nothing of what happens after. The
 * faults `legacy-unreachable` and `legacy-not-whole` say what is wrong with it before anything is read.
 */
export async function openSource(url: string, options: { extraColumns: boolean }): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10 * SECOND,
    application_name: 'meridian import',
    keepAlive: true,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set timezone = 'UTC'`)
    await client.query('begin isolation level repeatable read read only')
    await checkShape(async ({ text, values }) => (await client.query(text, values)).rows, options)
    return client
  } catch (error) {
    await client.end().catch(() => {})
    if (error instanceof Fault) throw error
    throw new Fault('legacy-unreachable', { cause: error, details: `${(error as Error).message}.` })
  }
}
