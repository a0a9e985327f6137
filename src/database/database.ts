import type pg from 'pg'
import { Fault } from '../answers/fault.ts'
import { SECOND } from '../lib/time.ts'
import { faultFrom, isAway, mayBeSentAgain } from './faults.ts'
import { PrimaryPool, type PoolSettings } from './primary-pool.ts'
import type { Sql, Statement } from './sql.ts'

/** Longer than the server's own statement_timeout: reached only when the server does not answer at all. */
const ANSWER_WITHIN = 12 * SECOND

/** What a statement is sent through: the pool, or one connection inside a transaction. */
export interface Queryable {
  rows<Row>(statement: Sql | Statement): Promise<Row[]>
  /** The only row, or null when there is none. */
  row<Row>(statement: Sql | Statement): Promise<Row | null>
}

/**
 * The one way to the database. A single statement is a transaction of its own and goes over the wire in one round trip;
 * what the server's absence does to it comes out as a fault with a code.
 */
export class Database implements Queryable {
  readonly #pool: PrimaryPool

  constructor(settings: PoolSettings) {
    this.#pool = new PrimaryPool(settings)
  }

  async rows<Row>(statement: Sql | Statement): Promise<Row[]> {
    return this.#withClient((client) => send<Row>(client, statement))
  }

  async row<Row>(statement: Sql | Statement): Promise<Row | null> {
    return (await this.rows<Row>(statement))[0] ?? null
  }

  /** All of `work` or nothing of it. */
  async transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result> {
    return this.#withClient(async (client) => {
      await client.query('begin')
      try {
        const result = await work(queryable(client))
        await client.query('commit')
        return result
      } catch (error) {
        if (!isAway(error)) await client.query('rollback')
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #withClient<Result>(use: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw new Fault('database-unavailable', { cause: error })
    })
    try {
      const result = await withinDeadline(use(client))
      client.release()
      return result
    } catch (error) {
      // A connection whose last statement has no known end is closed, never used again and never told to cancel:
      // cancelling a COMMIT that waits for its standby would leave it committed here and nowhere else.
      client.release(isAway(error) || error instanceof Fault)
      throw faultFrom(error)
    }
  }
}

/** How often an operation that a receipt makes safe is sent again, and how long it waits before each. */
const PAUSES_BEFORE_SENDING_AGAIN = [0, 200, SECOND]

/**
 * Carries `work` through lost connections and serialisation failures by doing it again. Only for work whose repetition
 * cannot happen twice: a read, or a statement that leaves a receipt.
 */
export async function sendingAgain<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const pause of PAUSES_BEFORE_SENDING_AGAIN) {
    try {
      return await work()
    } catch (error) {
      if (!mayBeSentAgain(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return work()
}

function queryable(client: pg.ClientBase): Queryable {
  return {
    rows: (statement) => send(client, statement),
    row: async <Row>(statement: Sql | Statement) => (await send<Row>(client, statement))[0] ?? null,
  }
}

async function send<Row>(client: pg.ClientBase, statement: Sql | Statement): Promise<Row[]> {
  const { text, values } = statement
  const query = 'name' in statement ? { name: statement.name, text, values } : { text, values }
  return (await client.query(query)).rows as Row[]
}

async function withinDeadline<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault('database-busy', { details: 'No answer in time.' })), ANSWER_WITHIN)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
