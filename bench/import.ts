/**
 * A million legacy users taken over, against a bare COPY of the same rows out of the one database and into tables with the
 * constraints of the other, in the same run; then killed with -9 ten times and taken up again.
 *
 *   node bench/import.ts [users] [kills]
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { EmbeddedCluster } from '../src/database/embedded/cluster.ts'
import { migrate } from '../src/database/migrations.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { IMPORTED_STATE } from '../test/support/imported-state.ts'
import { generateLegacyPeople } from '../test/support/legacy-people.ts'
import { residentMiB } from './speed/parties.ts'

const users = Number(process.argv[2] ?? 1_000_000)
const kills = Number(process.argv[3] ?? 10)

const folder = mkdtempSync(join(tmpdir(), 'meridian-import-'))
const cluster = await EmbeddedCluster.open({ dataDir: folder, options: ['max_wal_size=4GB', 'shared_buffers=256MB'] })
try {
  await main()
} finally {
  await cluster.stop()
  rmSync(cluster.place, { recursive: true })
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<void> {
  for (const name of ['legacy', 'whole', 'killed', 'bare']) await cluster.prepare(name)
  await onDatabase('legacy', (client) => generateLegacyPeople(client, users))
  for (const name of ['whole', 'killed', 'bare']) await migrate(urls(name))

  const { report: predicted } = await importInto('whole', [])
  const { report, seconds, peak } = await importInto('whole', ['--apply'])
  const counted = await onDatabase('whole', async (client) => {
    const { rows } = await client.query<{ finding: string; count: number }>(
      'select f as finding, count(*)::int as count from imported_rows, unnest(findings) f group by f order by f',
    )
    return rows
  })
  const asPredicted = JSON.stringify(byName(predicted.found)) === JSON.stringify(byName(counted))
  const bare = await bareCopy()
  const survived = await killedAndResumed()
  const [one, other] = [await sum('whole'), await sum('killed')]
  const undone = await undo('whole', report.run)
  process.stdout.write(
    `${JSON.stringify(
      {
        users,
        predictedIsApplied: asPredicted,
        findings: predicted.found.length,
        importSeconds: seconds,
        reading: report.seconds.reading,
        writing: report.seconds.writing,
        bareCopySeconds: bare,
        ratio: seconds / bare,
        peakResidentMiB: peak,
        kills: survived,
        sameEndState: one === other,
        undo: undone,
      },
      null,
      2,
    )}\n`,
  )
}

interface Report {
  run: string
  found: { finding: string; count: number }[]
  seconds: { reading: number; writing: number }
}

function byName(found: { finding: string; count: number }[]) {
  return found.map(({ finding, count }) => ({ finding, count })).toSorted((a, b) => (a.finding < b.finding ? -1 : 1))
}

function start(name: string, more: string[]) {
  const legacy = cluster.url('postgres', 'legacy')
  return spawn(process.execPath, [join(projectRoot, 'dist/main.mjs'), 'import', 'django', legacy, '--json', ...more], {
    env: { ...process.env, DATABASE_URL: urls(name).appUrl, SECRET: 'a secret of the bench that is long enough' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function importInto(name: string, more: string[]): Promise<{ report: Report; seconds: number; peak: number }> {
  const began = performance.now()
  const child = start(name, more)
  let text = ''
  child.stdout.on('data', (data) => (text += String(data)))
  let peak = 0
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, residentMiB(child.pid as number))
    } catch {
      // It has ended.
    }
  }, 200)
  await new Promise((ended) => child.once('close', ended))
  clearInterval(watch)
  return { report: JSON.parse(text) as Report, seconds: (performance.now() - began) / 1000, peak: Math.round(peak) }
}

/** The same rows, out of the three tables and into five with their keys: as little as can be done to have them here. */
async function bareCopy(): Promise<number> {
  const tables = ['auth_user', 'accounts_customerprofile', 'accounts_staffprofile']
  const made = [
    'accounts',
    'customer_profiles',
    'staff_profiles',
    'passwords',
    'imported_rows',
    'audit_events',
    'archived_rows',
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
  for (const table of tables) {
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

async function killedAndResumed(): Promise<number> {
  let killed = 0
  while (killed < kills) {
    const written = await accounts('killed')
    const child = start('killed', ['--apply'])
    const ended = new Promise((resolve) => child.once('close', resolve))
    // Until it writes, and a random while longer.
    while (child.exitCode === null && (await accounts('killed')) === written) await sleep(100)
    await sleep(Math.random() * 2000)
    child.kill('SIGKILL')
    await ended
    killed += 1
  }
  await importInto('killed', ['--apply'])
  return killed
}

async function undo(name: string, run: string) {
  const began = performance.now()
  const env = { ...process.env, DATABASE_URL: urls(name).appUrl, SECRET: 'a secret of the bench that is long enough' }
  const text = execFileSync(process.execPath, [join(projectRoot, 'dist/main.mjs'), 'import', 'undo', run, '--json'], {
    env,
  })
  const { removed } = JSON.parse(String(text)) as { removed: number }
  return { removed, left: await accounts(name), seconds: (performance.now() - began) / 1000 }
}

function urls(name: string) {
  return { ownerUrl: cluster.url('meridian_owner', name), appUrl: cluster.url('meridian_app', name) }
}

async function onDatabase<Result>(name: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: cluster.url('postgres', name) })
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
