/**
 * A million legacy users taken over, against a bare COPY of the same rows out of the one database and into tables with the
 * constraints of the other, in the same run; whether what was predicted is what was done, row for row; the memory of the
 * process; then killed with -9 ten times and taken up again, and at last undone.
 *
 *   npm run bench -- import [users] [kills]
 */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { LEGACY_TABLES } from '../src/django/shape.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { IMPORTED_STATE } from '../test/support/imported-state.ts'
import { generateLegacyPeople } from '../test/support/legacy-people.ts'
import { residentMiB } from './speed/parties.ts'
import { OwnPostgres } from './speed/servers.ts'

const users = Number(process.argv[2] ?? 1_000_000)
const kills = Number(process.argv[3] ?? 10)

const TABLES = Object.keys(LEGACY_TABLES)

const postgres = await OwnPostgres.start(undefined, ['shared_buffers=256MB'])
try {
  await main()
} finally {
  await postgres.stop()
}

async function main(): Promise<void> {
  await postgres.empty('legacy')
  for (const name of ['whole', 'killed', 'bare']) await postgres.prepared(name)
  await onDatabase('legacy', (client) => generateLegacyPeople(client, users))
  const before = await sums()
  tell({ users })

  const foretold = await importInto('whole', ['--examples', '999999999'])
  tell({ estimatedWriting: foretold.report.seconds.writing, estimatedFromReading: foretold.report.seconds.reading })
  await checkpoint()
  const applied = await importInto('whole', ['--apply'])
  const { reading, writing } = applied.report.seconds
  tell({ importSeconds: applied.seconds, reading, writing, residentMiB: thirds(applied.memory) })
  await checkpoint()
  const bare = await bareCopy()
  tell({ bareCopySeconds: bare, ratio: applied.seconds / bare })
  const done = await findingsIn('whole')
  tell({
    kindsOfFindings: foretold.report.found.length,
    findings: done.length,
    predictedIsApplied: isDeepStrictEqual(rowsOf(foretold.report), done),
  })
  if (kills > 0) {
    const survived = await killedAndResumed((2 * writing) / (kills + 1))
    tell({ kills: survived, sameEndState: (await sum('killed')) === (await sum('whole')) })
    tell({ undone: await undo('killed') })
  }
  tell({ undone: await undo('whole') })
  tell({ checksumsAsBefore: isDeepStrictEqual(await sums(), before) })
}

/** Each figure as soon as there is one: a long run that is broken off was not for nothing. */
function tell(figures: object): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${JSON.stringify(figures)}\n`)
}

/** So that no part of the run writes to the disk what an earlier one has left to write. */
async function checkpoint(): Promise<void> {
  await onDatabase('postgres', (client) => client.query('checkpoint'))
}

interface Report {
  run: string
  found: { finding: string; examples: string[] }[]
  seconds: { reading: number; writing: number }
}

/** `finding: table id` of each row in which something was found. */
function rowsOf({ found }: Report): string[] {
  return found.flatMap(({ finding, examples }) => examples.map((row) => `${finding}: ${row}`)).toSorted()
}

async function findingsIn(name: string): Promise<string[]> {
  return onDatabase(name, async (client) => {
    const { rows } = await client.query<{ row: string }>(
      `select f || ': ' || relation || ' ' || legacy_id as row from imported_rows, unnest(findings) f`,
    )
    return rows.map(({ row }) => row).toSorted()
  })
}

function start(name: string, more: string[]) {
  const legacy = postgres.superuserUrl('legacy')
  return spawn(process.execPath, [join(projectRoot, 'dist/main.mjs'), 'import', 'django', legacy, '--json', ...more], {
    env: environment(name),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

interface Imported {
  report: Report
  seconds: number
  /** What the process held, in MiB, five times a second. */
  memory: number[]
}

async function importInto(name: string, more: string[]): Promise<Imported> {
  const began = performance.now()
  const child = start(name, more)
  let text = ''
  child.stdout.on('data', (data) => (text += String(data)))
  const memory: number[] = []
  const watch = setInterval(() => {
    try {
      const held = residentMiB(child.pid as number)
      if (held > 0) memory.push(held)
    } catch {
      // It has ended.
    }
  }, 200)
  await new Promise((ended) => child.once('close', ended))
  clearInterval(watch)
  return { report: JSON.parse(text) as Report, seconds: (performance.now() - began) / 1000, memory }
}

/** The highest of the first, the second and the last third of a run. */
function thirds(memory: number[]): number[] {
  const third = Math.ceil(memory.length / 3)
  return [0, 1, 2].map((part) => Math.round(Math.max(...memory.slice(part * third, (part + 1) * third))))
}

/** The same rows, out of the three tables and into those that an import writes, with their constraints: as little as can be done to have them here. */
async function bareCopy(): Promise<number> {
  const made = [
    'accounts',
    'customer_profiles',
    'staff_profiles',
    'passwords',
    'imported_rows',
    'audit_events',
    'archived_rows',
    'import_questions',
    'directory_changes',
  ]
  await onDatabase(
    'bare',
    async (client) => void (await client.query('insert into runs (id, kind) select gen_random_uuid(), $1', ['import'])),
  )
  const [run] = await onDatabase(
    'whole',
    async (client) => (await client.query<{ id: string }>('select id from runs')).rows,
  )
  await onDatabase('bare', async (client) => void (await client.query('update runs set id = $1', [run?.id])))
  const began = performance.now()
  for (const table of TABLES) {
    await onDatabase('legacy', async (client) => {
      const out = client.query(copyTo(`copy ${table} to stdout`))
      for await (const _ of out);
    })
  }
  await onDatabase('whole', (whole) =>
    onDatabase('bare', async (client) => {
      await client.query('begin')
      for (const table of made) {
        const { rows } = await client.query<{ columns: string }>(
          `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
           where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
          [table],
        )
        const columns = rows[0]?.columns
        const out = whole.query(copyTo(`copy (select ${columns} from ${table}) to stdout`))
        await pipeline(out, client.query(copyFrom(`copy ${table} (${columns}) from stdin`)))
      }
      await client.query('commit')
    }),
  )
  return (performance.now() - began) / 1000
}

/** `within` are seconds. */
async function killedAndResumed(within: number): Promise<number> {
  let killed = 0
  while (killed < kills) {
    const written = await accounts('killed')
    const child = start('killed', ['--apply'])
    const ended = new Promise((resolve) => child.once('close', resolve))
    // Until it writes, and a random while longer: one kill with another, they fall all over the writing.
    while (child.exitCode === null && (await accounts('killed')) === written) await sleep(100)
    await sleep(Math.random() * within * 1000)
    child.kill('SIGKILL')
    await ended
    killed += 1
  }
  await importInto('killed', ['--apply'])
  return killed
}

async function undo(name: string) {
  const began = performance.now()
  const [run] = await onDatabase(
    name,
    async (client) => (await client.query<{ id: string }>('select id from runs')).rows,
  )
  const text = execFileSync(
    process.execPath,
    [join(projectRoot, 'dist/main.mjs'), 'import', 'undo', run?.id as string, '--json'],
    { env: environment(name) },
  )
  const { removed } = JSON.parse(String(text)) as { removed: number }
  return { removed, left: await accounts(name), seconds: (performance.now() - began) / 1000 }
}

function environment(name: string) {
  return { ...process.env, DATABASE_URL: postgres.appUrl(name), SECRET: 'a secret of the bench that is long enough' }
}

async function onDatabase<Result>(name: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: postgres.superuserUrl(name) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function accounts(name: string): Promise<number> {
  return onDatabase(name, async (client) => {
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from accounts')
    return rows[0]?.count ?? 0
  })
}

async function sum(name: string): Promise<string> {
  return onDatabase(name, async (client) => (await client.query<{ sum: string }>(IMPORTED_STATE)).rows[0]?.sum ?? '')
}

/** Of both databases of an import, the legacy one and the two that it was done into. */
async function sums(): Promise<string[]> {
  const legacy = await onDatabase('legacy', async (client) => {
    const { rows } = await client.query<{ sum: string }>(
      TABLES.map(
        (table) =>
          `select count(*) || ' ' || sum(('x' || left(md5(t::text), 15))::bit(60)::bigint) as sum from ${table} t`,
      ).join(' union all '),
    )
    return rows.map(({ sum: one }) => one)
  })
  return [...legacy, await sum('whole'), await sum('killed')]
}
