import type { ClientBase } from 'pg'
import { Fault } from '../answers/fault.ts'
import { randomSpan } from '../lib/random.ts'
import { MINUTE, SECOND } from '../lib/time.ts'
import { within } from './deadline.ts'
import { judge, type Judgement } from './faults.ts'
import { PrimaryPool, type Lease, type PoolSettings } from './primary-pool.ts'
import { SharedLines } from './shared-lines.ts'
import type { Sql, Statement } from './sql.ts'

/** Longer than the server's own statement_timeout: reached only when the server does not answer at all. */
const ANSWER_WITHIN = 12 * SECOND

/** How long a connection whose statement got no answer keeps its place in the pool. */
const LET_GO_AFTER = MINUTE

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
  readonly #lines: SharedLines

  constructor(settings: Omit<PoolSettings, 'pipeline' | 'onHostGone'>) {
    // Else sessions were still looked up where nothing is written any more.
    this.#pool = new PrimaryPool({ ...settings, onHostGone: () => this.#lines.renew() })
    this.#lines = new SharedLines(settings)
  }

  async rows<Row>(statement: Sql | Statement): Promise<Row[]> {
    return onceMoreIf(
      ({ nothingDone }) => nothingDone,
      () => this.#withClient((client) => send<Row>(client, statement)),
    )
  }

  /**
   * The row that a key leads to, or null: over a connection that everybody who asks shares, and so without waiting for one. Only for a
   * statement that reads by an index and waits for no lock. It is sent once more where the connection is lost.
   */
  async found<Row>(statement: Statement): Promise<Row | null> {
    const rows = await onceMoreIf(
      ({ connection }) => connection !== 'good',
      () => this.#withLease(this.#lines, (client) => send<Row>(client, statement), cutOff),
    )
    return rows[0] ?? null
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
        const { command } = await client.query('commit')
        // A transaction that an error has spoiled answers COMMIT with ROLLBACK, and no error.
        if (command !== 'COMMIT') throw new Error('a transaction went on after an error, and was undone')
        return result
      } catch (error) {
        if (judge(error).connection === 'good') await client.query('rollback')
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#lines.end()])
  }

  #withClient<Result>(use: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return this.#withLease(this.#pool, use, letGoLater)
  }

  async #withLease<Result>(
    from: { connect: () => Promise<Lease> },
    use: (client: ClientBase) => Promise<Result>,
    whenLate: (lease: Lease, work: Promise<unknown>) => void,
  ): Promise<Result> {
    const lease = await from.connect().catch((error: unknown) => {
      throw new Fault('database-unavailable', { cause: error })
    })
    const work = use(lease.client)
    try {
      const result = await within(ANSWER_WITHIN, work, NO_ANSWER)
      lease.release()
      return result
    } catch (error) {
      const { fault, connection } = judge(error)
      if (error === NO_ANSWER) whenLate(lease, work)
      else lease.release(connection)
      throw error === NO_ANSWER ? new Fault('database-busy', { cause: error }) : fault
    }
  }
}

/** Does the same once more where what made it fail is such that it may. */
async function onceMoreIf<Result>(
  may: (judgement: Judgement) => boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || !may(judge(error.cause))) throw error
    return work()
  }
}

/** How long an operation that a receipt makes safe is sent again, and how soon after each failure but the first. */
const SENT_AGAIN_FOR = 1.2 * SECOND
const SENT_AGAIN_AFTER = { least: 40, spread: 60 }

/**
 * Carries `work` through lost connections and serialisation failures by doing it again: at once, and then every now and
 * then, so that it is served as soon as the server is back. Only for work whose repetition cannot happen twice: a read, or
 * a statement that leaves a receipt.
 */
export async function sendingAgain<Result>(work: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + SENT_AGAIN_FOR
  for (let repeated = 0; ; repeated += 1) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || (repeated > 0 && performance.now() > until)) throw error
    }
    const pause = SENT_AGAIN_AFTER.least + randomSpan(SENT_AGAIN_AFTER.spread)
    if (repeated > 0) await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

/** Whether an instant later it may well be different: not where the server has already taken its time. */
function mayPass(error: unknown): boolean {
  return error instanceof Fault && (error.code === 'database-unavailable' || judge(error.cause).nothingDone)
}

function queryable(client: ClientBase): Queryable {
  return {
    rows: (statement) => send(client, statement),
    row: async <Row>(statement: Sql | Statement) => (await send<Row>(client, statement))[0] ?? null,
  }
}

async function send<Row>(client: ClientBase, statement: Sql | Statement): Promise<Row[]> {
  const { text, values } = statement
  const query = 'name' in statement ? { name: statement.name, text, values } : { text, values }
  return (await client.query(query)).rows as Row[]
}

const NO_ANSWER = new Error('the database did not answer in time')

/**
 * A connection whose statement has no known end is never used again, and never told to cancel: cancelling a COMMIT that
 * waits for its standby would leave it committed here and nowhere else. Until the end is known it keeps its place in the
 * pool, so that a standby that stalls fills our pool and not the server.
 */
function letGoLater(lease: Lease, work: Promise<unknown>): void {
  const letGo = () => lease.release('host gone')
  const timer = setTimeout(letGo, LET_GO_AFTER)
  timer.unref()
  work
    .then(letGo, letGo)
    .finally(() => clearTimeout(timer))
    .catch(() => {})
}

/** What only reads may be broken off at any time, and those behind it had better be asked elsewhere. */
function cutOff(lease: Lease): void {
  lease.cut()
}
