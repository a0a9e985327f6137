import { Pool, type ClientBase, type PoolClient } from 'pg'
import { Fault } from '../answers/fault.ts'
import { SECOND } from '../lib/time.ts'
import { hostsOf } from './hosts.ts'

export interface PoolSettings {
  url: string
  /** Connections at most, to each host. */
  connections: number
  /** Called with what goes wrong on a connection that nobody is using. */
  onIdleError: (error: Error) => void
}

const CONNECT_WITHIN = 3 * SECOND

/**
 * A pool over several hosts of which one is the primary: tries them in turn, from the last that would do, and refuses
 * one that is a standby. After a failover the first statement that fails throws its connection away, and the next one
 * finds the new primary.
 */
export class PrimaryPool {
  readonly #pools: Pool[]
  #last = 0

  constructor(settings: PoolSettings) {
    const hosts = hostsOf(settings.url)
    this.#pools = hosts.map((url) => openPool(url, settings, hosts.length > 1))
  }

  async connect(): Promise<PoolClient> {
    const failures: unknown[] = []
    for (const index of this.#inTurn()) {
      try {
        const client = await (this.#pools[index] as Pool).connect()
        this.#last = index
        return client
      } catch (error) {
        failures.push(error)
      }
    }
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'no host of DATABASE_URL is the primary')
  }

  async end(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.end()))
  }

  #inTurn(): number[] {
    return this.#pools.map((_, offset) => (this.#last + offset) % this.#pools.length)
  }
}

function openPool(connectionString: string, settings: PoolSettings, severalHosts: boolean): Pool {
  const pool = new Pool({
    connectionString,
    max: settings.connections,
    connectionTimeoutMillis: CONNECT_WITHIN,
    idleTimeoutMillis: 60 * SECOND,
    statement_timeout: 10 * SECOND,
    lock_timeout: 5 * SECOND,
    idle_in_transaction_session_timeout: 15 * SECOND,
    keepAlive: true,
    application_name: 'meridian',
    ...(severalHosts ? { verify: refuseStandby } : {}),
  })
  // A checked-out client that loses its server raises 'error' on itself, and without a listener that ends the process.
  pool.on('connect', (client) => client.on('error', settings.onIdleError))
  pool.on('error', settings.onIdleError)
  return pool
}

function refuseStandby(client: ClientBase, done: (error?: Error) => void): void {
  client.query<{ standby: boolean }>(
    `select current_setting('transaction_read_only')::boolean as standby`,
    (error: Error | null, result) => {
      const standby = error === null && result.rows[0]?.standby === true
      done(standby ? new Fault('database-unavailable', { details: 'A standby.' }) : (error ?? undefined))
    },
  )
}
