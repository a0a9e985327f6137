import type { PoolClient } from 'pg'
import type { Judgement } from './faults.ts'
import { IDLE_FOR, leaseOf, PrimaryPool, type Lease, type PoolSettings } from './primary-pool.ts'

/** Questions under way on a line before another one is opened. */
const DEPTH = 16

/** Lines at most. More than one, so that a question that waits for a disk holds up a part of the others and not all. */
const MOST_LINES = 4

interface Line {
  lease: Promise<Lease>
  isOpen: boolean
  underWay: number
  /** When it was last given back, by performance.now(). */
  usedAt: number
}

/**
 * Connections that all share: a question is sent while earlier ones are still under way, and the server answers one after the
 * other (PostgreSQL's pipeline mode). To wake one of its processes for each question costs more than a question that
 * an index answers; here one that is awake goes on to the next. And nobody waits for a connection that a registration has.
 *
 * An answer waits for those ahead of it. So only what waits for no lock may be asked here, and never a transaction.
 */
export class SharedLines {
  readonly #pool: PrimaryPool
  #lines: readonly Line[] = []

  constructor(settings: Omit<PoolSettings, 'connections' | 'pipeline'>) {
    // Lines are counted here. Those that are left in the same moment the pool still counts, and they are to be in nobody's way.
    this.#pool = new PrimaryPool({ ...settings, connections: 2 * MOST_LINES, pipeline: true })
  }

  /** A share in a line. Once somebody gives it back as spoiled, nobody gets a share in it any more; nor in any other, where the host is gone. */
  async connect(): Promise<Lease> {
    const line = this.#next()
    line.underWay += 1
    const { client } = await line.lease
    return leaseOf(client, (connection) => {
      line.underWay -= 1
      line.usedAt = performance.now()
      // What a line tells that was left already is no news of the others.
      if (connection === 'good' || !this.#lines.includes(line)) return
      this.#leave(line, connection)
      if (connection === 'host gone') this.renew()
    })
  }

  /** Gives nobody a share any more in a line that is open now; who has one gets their answer. */
  renew(): void {
    for (const line of this.#lines) if (line.isOpen) this.#leave(line, 'spoiled')
  }

  async end(): Promise<void> {
    for (const line of this.#lines) this.#leave(line, 'spoiled')
    await this.#pool.end()
  }

  #next(): Line {
    for (const line of this.#lines) if (isStale(line)) this.#leave(line, 'spoiled')
    const free = this.#lines.find(({ underWay }) => underWay < DEPTH)
    if (free) return free
    if (this.#lines.length < MOST_LINES) return this.#open()
    return this.#lines.reduce((one, other) => (other.underWay < one.underWay ? other : one))
  }

  #open(): Line {
    const line: Line = { lease: this.#pool.connect(), isOpen: false, underWay: 0, usedAt: performance.now() }
    this.#lines = [...this.#lines, line]
    line.lease.then(
      ({ client }) => this.#opened(line, client),
      () => this.#forget(line),
    )
    return line
  }

  #opened(line: Line, client: PoolClient): void {
    line.isOpen = true
    // Also where nobody is asking: the next who does gets another line.
    client.once('end', () => this.#leave(line, 'spoiled'))
  }

  #leave(line: Line, connection: Judgement['connection']): void {
    this.#forget(line)
    line.lease.then(
      ({ release }) => release(connection),
      () => undefined,
    )
  }

  #forget(line: Line): void {
    this.#lines = this.#lines.filter((one) => one !== line)
  }
}

function isStale({ underWay, usedAt }: Line): boolean {
  return underWay === 0 && performance.now() - usedAt > IDLE_FOR
}
