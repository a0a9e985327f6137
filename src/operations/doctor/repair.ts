import { archiveInsert, runInsert } from '../../archive/archive.ts'
import { claimUndo, markUndone, undoRows, whyNotUndone, type RunUndo } from '../../archive/undo.ts'
import { auditInsert, NO_REQUEST } from '../../audit/events.ts'
import type { Transactional } from '../../database/connection.ts'
import type { Queryable } from '../../database/database.ts'
import { expectedSchema } from '../../database/expected-schema.ts'
import { grantStatements, lockFor } from '../../database/grants.ts'
import { sql, verbatim } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import type { Finding } from './doctor.ts'
import { mendings } from './mending.ts'
import { asItWas, partsAmiss, restore, takeAway, type SchemaPart } from './schema-repair.ts'

const SCHEMA = new Set(['constraints-in-place', 'indexes-in-place', 'triggers-in-place'])
const PRIVILEGES = 'privileges-as-granted'
const GAPS = 'audit-without-gaps'

/** What would be done about one finding; no deeds where only a person can decide. */
export interface PlannedDeed {
  invariant: string
  count: number
  deeds: string[]
}

/** What a repair did. */
export interface Deed {
  invariant: string
  why: string
  /** Rows, or parts of the schema. */
  count: number
  /** In the server's words, why it could not be done; null where it was. */
  failed: string | null
}

export interface RepairRun {
  run: string
  deeds: Deed[]
}

/** What repair would do about these findings. Reads nothing and writes nothing. */
export function planFor(findings: readonly Finding[]): PlannedDeed[] {
  const all = mendings(expectedSchema())
  return findings.map(({ invariant, count }) => {
    const deeds = all.filter((each) => each.invariant === invariant).flatMap(({ steps }) => steps.map(({ why }) => why))
    if (SCHEMA.has(invariant))
      deeds.push('What is missing is put back as migrations/schema.sql has it, once the rows are mended.')
    if (invariant === PRIVILEGES)
      deeds.push('The role’s privileges are taken away and given anew. This is not taken back by an undo.')
    if (invariant === GAPS) deeds.push('The gap is recorded, by an event of each account.')
    return { invariant, count, deeds: [...new Set(deeds)] }
  })
}

/**
 * Mends what the doctor found, in one transaction: the rows, each archived as it was, and then the schema. Tables that
 * are changed take no writes from others meanwhile. What fails is left as it was, told, and does not hold up the rest.
 * `owner` owns the tables; `appRole` is whom the application connects as.
 */
export async function repair(owner: Transactional, findings: readonly Finding[], appRole: string): Promise<RepairRun> {
  const found = new Set(findings.map(({ invariant }) => invariant))
  const tables = expectedSchema()
  const run = newId()
  const chosen = mendings(tables).filter(({ invariant }) => found.has(invariant))
  const deeds = await owner.transaction(async (within) => {
    const done: Deed[] = []
    await within.rows(sql`set local lock_timeout = '10s'`)
    const counts = Object.fromEntries(findings.map(({ invariant, count }) => [invariant, count]))
    await within.rows(
      sql`${runInsert(run, 'repair', sql`null::uuid`, sql`${JSON.stringify({ found: counts })}::jsonb`)}`,
    )
    const schema = [...found].some((each) => SCHEMA.has(each))
    const changed = new Set(chosen.flatMap(({ steps }) => steps.map(({ relation }) => relation)))
    await within.rows(verbatim(lockFor(schema ? tables.map(({ name }) => name) : [...changed])))
    await within.rows(sql`set constraints all deferred`)
    for (const { invariant, steps } of chosen) {
      for (const { relation, why, first, change } of steps) {
        done.push(
          await attempt(within, { invariant, why }, async () => {
            const row = await within.row<{ count: number }>(sql`
              with ${first === undefined ? sql`` : sql`${first},`} change as (${change}), kept as (${archiveInsert(run, relation, why, sql`change`)} returning null)
              select count(*)::int as count from kept`)
            return row?.count ?? 0
          }),
        )
      }
    }
    if (schema) done.push(...(await repairSchema(within, run)))
    if (found.has(PRIVILEGES)) {
      const why = 'The privileges of the application’s role are given anew.'
      done.push(
        await attempt(within, { invariant: PRIVILEGES, why }, async () => {
          for (const statement of grantStatements(
            appRole,
            tables.map(({ name }) => name),
          ))
            await within.rows(verbatim(statement))
          return 1
        }),
      )
    }
    done.push(
      await attempt(
        within,
        {
          invariant: GAPS,
          why: 'Each account that was changed, or of which events are missing, has an event that says so.',
        },
        () => record(within, run, found.has(GAPS)),
      ),
    )
    return done.filter(({ count, failed }) => count > 0 || failed !== null)
  })
  return { run, deeds }
}

/** Puts back every row as it was before a repair, and takes away again what would not let it in. */
export async function undoRepair(owner: Transactional, run: string): Promise<RunUndo> {
  const tables = expectedSchema()
  try {
    return await owner.transaction(async (within) => {
      await within.rows(sql`set local lock_timeout = '10s'`)
      const claim = await claimUndo(within, run, 'repair')
      if ('outcome' in claim) return claim
      const parts = await within.rows<{ part: SchemaPart }>(sql`
        select made as part from archived_rows where run_id = ${run} and relation = ${'(schema)'} order by id desc`)
      for (const { part } of parts) for (const statement of takeAway(tables, part)) await within.rows(statement)
      const rows = await undoRows(within, run)
      await within.rows(sql`set constraints all immediate`)
      for (const { part } of parts) for (const statement of asItWas(tables, part)) await within.rows(statement)
      await within.rows(sql`
        with account as (
          select distinct account_id, null::uuid as actor_id from archived_rows where run_id = ${run} and account_id is not null
        ) ${auditInsert('repair-undone', NO_REQUEST, sql`account`, sql`jsonb_build_object('run', ${run}::text)`)}`)
      await markUndone(within, run)
      return { outcome: 'undone', rows }
    })
  } catch (error) {
    return whyNotUndone(error)
  }
}

/** Rows that were checked on credit are settled first: a table with checks outstanding cannot be altered. */
async function repairSchema(within: Queryable, run: string): Promise<Deed[]> {
  const tables = expectedSchema()
  const settled = await attempt(
    within,
    { invariant: 'constraints-in-place', why: 'Every constraint that stands holds.' },
    async () => {
      await within.rows(sql`set constraints all immediate`)
      return 0
    },
  )
  if (settled.failed !== null) return [settled]
  const deeds: Deed[] = []
  for (const part of await partsAmiss(within, tables)) {
    const { kind, table, name } = part
    deeds.push(
      await attempt(
        within,
        {
          invariant: `${kind === 'index' ? 'indexes' : `${kind}s`}-in-place`,
          why: `The ${kind} ${name} of ${table} is put back.`,
        },
        async () => {
          for (const statement of restore(tables, part)) await within.rows(statement)
          await within.rows(sql`
          insert into archived_rows (run_id, relation, made, why)
          values (${run}, ${'(schema)'}, ${JSON.stringify(part)}::jsonb, ${`The ${kind} is put back.`})`)
          return 1
        },
      ),
    )
  }
  return deeds
}

/** One event for each account that the run touched; and where events were missing, for those that have none. */
async function record(within: Queryable, run: string, gaps: boolean): Promise<number> {
  const rows = await within.rows(sql`
    with account as (
      select r.account_id, null::uuid as actor_id from archived_rows r where r.run_id = ${run} and r.account_id is not null
      union
      select a.id, null from accounts a where ${gaps}
        and a.created_at >= (select min(occurred_at) from audit_events)
        and (not exists (select from audit_events e where e.account_id = a.id)
          or (a.status = 'closing' and not exists (
            select from audit_events e where e.account_id = a.id and e.event in ('account-closing', 'account-repaired'))))
    ) ${auditInsert('account-repaired', NO_REQUEST, sql`account`, sql`jsonb_build_object('run', ${run}::text)`)} returning null`)
  return rows.length
}

async function attempt(
  within: Queryable,
  what: { invariant: string; why: string },
  work: () => Promise<number>,
): Promise<Deed> {
  await within.rows(sql`savepoint deed`)
  try {
    const count = await work()
    await within.rows(sql`release savepoint deed`)
    return { ...what, count, failed: null }
  } catch (error) {
    await within.rows(sql`rollback to savepoint deed`)
    return { ...what, count: 0, failed: error instanceof Error ? error.message : String(error) }
  }
}
