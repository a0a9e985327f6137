/**
 * A legacy database of a million users, every hundredth in each finding: asked by the doctor, mended, and taken back, while
 * somebody reads its tables all the time. Tells how long each takes, how long the reader was kept waiting, and whether
 * what was planned was done and the same checksum came back.
 *
 *   node bench/legacy-repair.ts [users]
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { LEGACY_TABLES } from '../src/django/shape.ts'
import { MINUTE } from '../src/lib/time.ts'
import { examine } from '../src/operations/doctor/doctor.ts'
import { legacyInvariants } from '../src/operations/doctor/django/invariants.ts'
import { DECIDABLE, type Decisions } from '../src/operations/doctor/django/mending.ts'
import { onLegacy } from '../src/operations/doctor/django/open.ts'
import { planLegacyRepair, repairLegacy } from '../src/operations/doctor/django/repair.ts'
import { undoLegacyRepair } from '../src/operations/doctor/django/undo.ts'
import { generateLegacyPeople } from '../test/support/legacy-people.ts'
import { OwnPostgres } from './speed/servers.ts'

const users = Number(process.argv[2] ?? 1_000_000)
const TABLES = Object.keys(LEGACY_TABLES)

const postgres = await OwnPostgres.start(undefined, ['shared_buffers=256MB'])
try {
  await main()
} finally {
  await postgres.stop()
}

async function main(): Promise<void> {
  await postgres.empty('legacy')
  const url = postgres.superuserUrl('legacy')
  const client = new Client({ connectionString: url })
  await client.connect()
  await generateLegacyPeople(client, users)
  const before = await checksum(client)
  const decisions: Decisions = { rules: new Set(DECIDABLE), keepers: [] }
  await onLegacy(url, 'a bench', async (legacy) => {
    const doctor = await timed(() => examine(legacy, legacyInvariants(), { patience: 10 * MINUTE }))
    const plan = await timed(() => planLegacyRepair(legacy, decisions))
    const readers = TABLES.map((table) => readerOf(url, table))
    const repair = await timed(() => repairLegacy(legacy, decisions))
    const waited = Object.fromEntries(await Promise.all(readers.map((reader) => reader.end())))
    const undo = await timed(() => undoLegacyRepair(legacy, repair.result.run ?? ''))
    const planned = 'deeds' in plan.result ? plan.result : null
    process.stdout.write(
      `${JSON.stringify(
        {
          users,
          found: doctor.result.findings.reduce((sum, { count }) => sum + count, 0),
          plannedIsDone: JSON.stringify(planned?.deeds) === JSON.stringify(repair.result.deeds),
          rowsArchived: repair.result.rows,
          failures: repair.result.failures.length + repair.result.refused.length,
          seconds: { doctor: doctor.seconds, plan: plan.seconds, repair: repair.seconds, undo: undo.seconds },
          longestReadSeconds: waited,
          undone: undo.result.outcome,
          sameChecksum: (await checksum(client)) === before,
        },
        null,
        2,
      )}\n`,
    )
  })
  await client.end()
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const began = performance.now()
  const result = await work()
  return { result, seconds: rounded(performance.now() - began) }
}

/** Somebody who reads a row of this table again and again; in the end, the longest that one reading took. */
function readerOf(url: string, table: string) {
  const stopping = new AbortController()
  const longest = (async (): Promise<[string, number]> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    let most = 0
    while (!stopping.signal.aborted) {
      const began = performance.now()
      await client.query(`select from ${table} where id = 1`)
      most = Math.max(most, performance.now() - began)
      await sleep(10)
    }
    await client.end()
    return [table, rounded(most)]
  })()
  return {
    end: () => {
      stopping.abort()
      return longest
    },
  }
}

/** Of every row of the three tables, whatever its order. */
async function checksum(client: Client): Promise<string> {
  const sums: string[] = []
  for (const table of TABLES) {
    const { rows } = await client.query<{ sum: string }>(
      `select count(*) || ' ' || sum(('x' || left(md5(t::text), 15))::bit(60)::bigint) as sum from ${table} t`,
    )
    sums.push(rows[0]?.sum ?? '')
  }
  return sums.join('\n')
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds / 10) / 100
}
