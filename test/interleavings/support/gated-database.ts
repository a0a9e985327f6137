import { Database, type Queryable } from '../../../src/database/database.ts'
import type { PoolSettings } from '../../../src/database/primary-pool.ts'
import type { Sql, Statement } from '../../../src/database/sql.ts'

/** Asked ahead of each statement, with its name; the statement is sent when the promise is kept. */
export type Gate = (statement: string) => Promise<void>

const OPEN: Gate = () => Promise.resolve()

/**
 * The way to the database of one flow under test: a single connection, each statement on it, and each COMMIT of a
 * transaction, held at a gate before it is sent. BEGIN has none: nothing is seen or locked before the first statement.
 */
export class GatedDatabase extends Database {
  gate: Gate = OPEN
  /** SQLSTATEs with which statements were refused since this was last emptied. */
  readonly refused: string[] = []

  constructor(pool: Pick<PoolSettings, 'url' | 'onIdleError'>) {
    super({ ...pool, connections: 1 })
  }

  override async rows<Row>(statement: Sql | Statement): Promise<Row[]> {
    await this.gate(nameOf(statement))
    return this.#noting(super.rows<Row>(statement))
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

  openGate(): void {
    this.gate = OPEN
    this.refused.length = 0
  }

  #gated(within: Queryable): Queryable {
    const rows = async <Row>(statement: Sql | Statement): Promise<Row[]> => {
      await this.gate(nameOf(statement))
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
