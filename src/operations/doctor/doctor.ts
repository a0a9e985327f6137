import type { Transactional } from '../../database/connection.ts'
import { expectedFunctions, expectedGrants, expectedSchema } from '../../database/expected-schema.ts'
import { readMigrations } from '../../database/migrations.ts'
import { sql } from '../../database/sql.ts'
import { SECOND } from '../../lib/time.ts'
import type { Invariant } from './invariant.ts'
import { recordInvariants } from './records.ts'
import { rowInvariants } from './rows.ts'
import { schemaInvariants } from './schema.ts'

/** Offenders that are named; the others are counted. */
const NAMED = 20

/** Nothing the doctor asks for is ever waited for longer: others have to get on. */
const LOCK_WITHIN = SECOND

export interface Finding {
  invariant: string
  expects: string
  remedy: string
  /** How many offend; 0 where it could not be asked. */
  count: number
  /** The first of them. */
  examples: { subject: string; found: string }[]
  /** Why it could not be asked, in the server's words; null where it was. */
  unasked: string | null
}

export interface Examination {
  /** Everything holds, and everything was asked. */
  sound: boolean
  asked: number
  findings: Finding[]
}

export interface ExaminationSettings {
  /** Milliseconds that one question may take. */
  patience: number
  onAsked?: (done: number, of: number, next: string | null) => void
}

/** Every invariant of this version. `mailServer`: letters are expected to leave. */
export function invariantsOf(settings: { mailServer: boolean }): Invariant[] {
  const tables = expectedSchema()
  return [
    ...schemaInvariants(tables, expectedGrants(), readMigrations(), expectedFunctions()),
    ...rowInvariants(tables),
    ...recordInvariants(settings),
  ]
}

/**
 * Asks whether every invariant holds. Each question is a read-only transaction of its own, on one core, so that on a live
 * database nobody waits for it and no snapshot grows old; of the offenders only the first few leave the server.
 */
export async function examine(
  database: Transactional,
  invariants: readonly Invariant[],
  { patience, onAsked = () => {} }: ExaminationSettings,
): Promise<Examination> {
  const findings: Finding[] = []
  for (const [index, invariant] of invariants.entries()) {
    onAsked(index, invariants.length, invariant.name)
    const finding = await ask(database, invariant, patience)
    if (finding) findings.push(finding)
  }
  onAsked(invariants.length, invariants.length, null)
  return { sound: findings.length === 0, asked: invariants.length, findings }
}

async function ask(database: Transactional, invariant: Invariant, patience: number): Promise<Finding | null> {
  const { name, expects, remedy, offenders } = invariant
  const finding = { invariant: name, expects, remedy }
  try {
    const rows = await database.transaction(async (within) => {
      await within.rows(sql`set transaction read only`)
      await within.rows(sql`
        select set_config('statement_timeout', ${String(patience)}, true),
          set_config('lock_timeout', ${String(LOCK_WITHIN)}, true),
          set_config('max_parallel_workers_per_gather', '0', true)`)
      return within.rows<{ subject: string; found: string; count: number }>(sql`
        select subject, found, count(*) over ()::int as count from (${offenders}) as offender limit ${NAMED}`)
    })
    const [first] = rows
    if (!first) return null
    return {
      ...finding,
      count: first.count,
      examples: rows.map(({ subject, found }) => ({ subject, found })),
      unasked: null,
    }
  } catch (error) {
    return { ...finding, count: 0, examples: [], unasked: wordsOf(error) }
  }
}

function wordsOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
