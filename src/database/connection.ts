import type { Writable } from 'node:stream'
import { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { Fault } from '../answers/fault.ts'
import { SECOND } from '../lib/time.ts'
import type { Queryable } from './database.ts'
import { hostsOf } from './hosts.ts'
import type { Sql, Statement } from './sql.ts'

const CONNECT_WITHIN = 5 * SECOND

/** What transactions can be opened on: the pool, or one connection. */
export interface Transactional {
  transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result>
}

/**
 * One connection of an operator's command, for statements that may take longer than anybody waits for a page. Its errors
 * are the server's own: whoever reads them runs the server.
 */
export class Connection implements Queryable, Transactional {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  /** To the primary among the hosts of this URL. `name` is how pg_stat_activity shows it. */
  static async open(url: string, name: string): Promise<Connection> {
    return new Connection(await connectToPrimary(url, name))
  }

  async rows<Row>({ text, values }: Sql | Statement): Promise<Row[]> {
    return (await this.#client.query({ text, values })).rows as Row[]
  }

  async row<Row>(statement: Sql | Statement): Promise<Row | null> {
    return (await this.rows<Row>(statement))[0] ?? null
  }

  async transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result> {
    await this.#client.query('begin')
    try {
      const result = await work(this)
      const { command } = await this.#client.query('commit')
      if (command !== 'COMMIT') throw new Error('a transaction went on after an error, and was undone')
      return result
    } catch (error) {
      // The first error is the one to tell, also where the connection is gone.
      await this.#client.query('rollback').catch(() => {})
      throw error
    }
  }

  /** Takes rows as COPY writes them in its text format, into these columns: `people (id, name)`, of our own code's making. */
  copyInto(columns: string): Writable {
    return this.#client.query(copyFrom(`copy ${columns} from stdin`))
  }

  async close(): Promise<void> {
    await this.#client.end()
  }
}

export async function connectToPrimary(url: string, name: string): Promise<Client> {
  const failures: unknown[] = []
  for (const host of hostsOf(url)) {
    const client = new Client({
      connectionString: host,
      connectionTimeoutMillis: CONNECT_WITHIN,
      application_name: name,
    })
    client.on('error', (error) => failures.push(error))
    try {
      await client.connect()
      const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby')
      if (!rows[0]?.standby) return client
      failures.push(new Error('a standby'))
    } catch (error) {
      failures.push(error)
    }
    await client.end().catch((error: unknown) => failures.push(error))
  }
  throw new Fault('database-unreachable', { cause: failures[0], details: wordsOf(failures[0]) })
}

function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return wordsOf(error.errors[0])
  return error instanceof Error ? `${error.message}.` : ''
}
