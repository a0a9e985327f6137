import { Pool, type PoolClient } from 'pg'
import { Fault } from '../answers/fault.ts'
import { SECOND } from '../lib/time.ts'
import { within } from './deadline.ts'
import type { Judgement } from './faults.ts'
import { hostsOf } from './hosts.ts'

export interface PoolSettings {
  url: string
  /** Connections at most, to each host. */
  connections: number
  /** Whether a statement is sent though the answer to an earlier one is still awaited. */
  pipeline?: boolean
  /** Called with what goes wrong on a connection that nobody is using. */
  onIdleError: (error: Error) => void
  /** Called when a connection has told that its host is gone. */
  onHostGone?: () => void
}

/** A connection, for as long as it is needed. */
export interface Lease {
  client: PoolClient
  /** Gives it back. Doing so twice is doing so once. */
  release: (connection?: Judgement['connection']) => void
  /** Breaks it off instead, whatever is under way on it: all who wait for an answer are told that it is lost. */
  cut: () => void
}

const CONNECT_WITHIN = 3 * SECOND

/** For how long a connection that nobody uses is trusted: something between us and the server may forget it without a word. */
export const IDLE_FOR = 60 * SECOND

/**
 * A pool over several hosts of which one is the primary: tries them in turn, from the last that would do, and refuses
 * one that is a standby. When one connection tells that its host is gone, every idle connection to it goes too, so that
 * a failover costs the statements that were under way and no others.
 */
export class PrimaryPool {
  readonly #urls: string[]
  readonly #settings: PoolSettings
  readonly #pools: Pool[]
  readonly #known = new WeakSet<PoolClient>()
  #last = 0

  constructor(settings: PoolSettings) {
    this.#settings = settings
    this.#urls = hostsOf(settings.url)
    this.#pools = this.#urls.map((url) => this.#open(url))
  }

  async connect(): Promise<Lease> {
    const failures: unknown[] = []
    for (const index of this.#inTurn()) {
      try {
        return await this.#lease(index)
      } catch (error) {
        failures.push(error)
      }
    }
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'no host of DATABASE_URL is the primary')
  }

  async end(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()))
  }

  async #lease(index: number): Promise<Lease> {
    const pool = this.#pools[index] as Pool
    const client = await pool.connect()
    await this.#refuseStandby(client)
    this.#last = index
    return leaseOf(client, (connection) => {
      client.release(connection !== 'good')
      // Of many connections that tell the same, the first renews the pool.
      if (connection !== 'host gone' || this.#pools[index] !== pool) return
      this.#renew(index)
      this.#settings.onHostGone?.()
    })
  }

  /** Not by the pool's own `verify`: who waits no longer when that is answered would keep the connection for good. */
  async #refuseStandby(client: PoolClient): Promise<void> {
    if (this.#urls.length === 1 || this.#known.has(client)) return
    try {
      if (await isStandby(client)) throw new Fault('database-unavailable', { details: 'A standby.' })
      this.#known.add(client)
    } catch (error) {
      destroy(client)
      client.release(true)
      throw error
    }
  }

  #renew(index: number): void {
    const before = this.#pools[index] as Pool
    this.#pools[index] = this.#open(this.#urls[index] as string)
    this.#endWhenServed(before)
  }

  /** A pool that is ending leaves those standing who wait for a connection. */
  #endWhenServed(pool: Pool): void {
    const end = () => {
      if (pool.waitingCount > 0) return
      for (const event of ['acquire', 'release'] as const) pool.off(event, end)
      pool.end().catch(this.#settings.onIdleError)
    }
    for (const event of ['acquire', 'release'] as const) pool.on(event, end)
    end()
  }

  #inTurn(): number[] {
    return this.#pools.map((_, offset) => (this.#last + offset) % this.#pools.length)
  }

  #open(connectionString: string): Pool {
    const { connections, pipeline = false, onIdleError } = this.#settings
    const pool = new Pool({
      connectionString,
      max: connections,
      pipeline,
      connectionTimeoutMillis: CONNECT_WITHIN,
      idleTimeoutMillis: IDLE_FOR,
      statement_timeout: 10 * SECOND,
      lock_timeout: 5 * SECOND,
      idle_in_transaction_session_timeout: 15 * SECOND,
      // On large tables PostgreSQL compiles what it takes for costly: 20 ms for a question that is answered in 0.1.
      options: '-c jit=off',
      keepAlive: true,
      application_name: 'meridian',
    })
    // A checked-out client that loses its server raises 'error' on itself, and without a listener that ends the process.
    pool.on('connect', (client) => client.on('error', onIdleError))
    pool.on('error', onIdleError)
    return pool
  }
}

/** A lease that is given back at most once. */
export function leaseOf(client: PoolClient, giveBack: (connection: Judgement['connection']) => void): Lease {
  let released = false
  const release = (connection: Judgement['connection'] = 'good') => {
    if (released) return
    released = true
    giveBack(connection)
  }
  return {
    client,
    release,
    cut() {
      destroy(client)
      release('host gone')
    },
  }
}

/** The driver's own end waits for the answers that are due in a pipeline. */
function destroy(client: PoolClient): void {
  client.connection.stream.destroy()
}

async function isStandby(client: PoolClient): Promise<boolean> {
  const asked = client.query<{ standby: boolean }>(
    `select current_setting('transaction_read_only')::boolean as standby`,
  )
  const { rows } = await within(CONNECT_WITHIN, asked, new Error('no answer from this host'))
  return rows[0]?.standby ?? false
}
