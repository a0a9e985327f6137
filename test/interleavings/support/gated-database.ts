import { Database, type Queryable } from '../../../src/database/database.ts'
import type { PoolSettings } from '../../../src/database/primary-pool.ts'
import { sql, type Sql, type Statement } from '../../../src/database/sql.ts'
import { OPEN, type Gate, type Gated } from './gate.ts'

/** Writes, and so holds locks from its end to the COMMIT. */
const WRITES = /\b(insert into|update|delete from)\b/

/** Marks a place within a transaction, or how long to wait: nobody else can tell whether it was sent. */
const UNSEEN = /^\s*(savepoint|release|rollback to|set local|set constraints)\b/

/** Counts under a key that no other flow of a meeting takes: where its COMMIT stands makes no difference. */
const ALONE = /^limits-take/

/**
 * The way to the database of one flow under test: a single connection, each statement on it, and each COMMIT, held at a
 * gate before it is sent. BEGIN has none: nothing is seen or locked before the first statement. A single statement that
 * writes is sent as a transaction of its own, which it is anyway: so others come in between its end and its COMMIT, as
 * they do when two statements run at the same time.
 */
export class GatedDatabase extends Database implements Gated {
  gate: Gate = OPEN
  readonly refused: string[] = []
  backend = 0

  readonly #splitsWrites: boolean

  /** Without `splitsWrites` a single statement has one gate: for flows whose statements cannot get into each other's way. */
  constructor(pool: Pick<PoolSettings, 'url' | 'onIdleError'>, { splitsWrites = true } = {}) {
    super({ ...pool, connections: 1 })
    this.#splitsWrites = splitsWrites
  }

  override async rows<Row>(statement: Sql | Statement): Promise<Row[]> {
    const name = nameOf(statement)
    if (this.#splitsWrites && WRITES.test(statement.text) && !ALONE.test(name) && this.gate !== OPEN)
      return this.transaction((within) => within.rows<Row>(statement))
    await this.gate(name)
    return this.#noting(super.rows<Row>(statement))
  }

  override found<Row>(statement: Statement): Promise<Row | null> {
    return this.row<Row>(statement)
  }

  override async transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result> {
    return this.#noting(
      super.transaction(async (within) => {
        const result = await work(this.#gated(within))
        await this.gate('commit')
        return result
      }),
    )
  }

  async ready(): Promise<void> {
    const [row] = await this.rows<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    this.backend = row?.pid ?? 0
  }

  openGate(): void {
    this.gate = OPEN
    this.refused.length = 0
  }

  #gated(within: Queryable): Queryable {
    const rows = async <Row>(statement: Sql | Statement): Promise<Row[]> => {
      if (!UNSEEN.test(statement.text)) await this.gate(nameOf(statement))
      return within.rows<Row>(statement)
    }
    return { rows, row: async <Row>(statement: Sql | Statement) => (await rows<Row>(statement))[0] ?? null }
  }

  async #noting<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      if (cause instanceof Error && 'code' in cause) this.refused.push(String(cause.code))
      throw error
    }
  }
}

function nameOf(statement: Sql | Statement): string {
  return 'name' in statement
    ? statement.name.replace(/-[0-9a-f]{8}$/, '')
    : statement.text.trim().split(/\s+/).slice(0, 3).join(' ')
}
