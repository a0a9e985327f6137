import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseError, escapeIdentifier, type Client } from 'pg'
import { Fault } from '../answers/fault.ts'
import { sha256 } from '../lib/keys.ts'
import { projectRoot } from '../lib/project-root.ts'
import { connectToPrimary } from './connection.ts'
import { hostsOf } from './hosts.ts'

interface Migration {
  name: string
  text: string
  checksum: string
}

const folder = join(projectRoot, 'migrations')

const RECORD = `
  create table if not exists schema_migrations (
    name text primary key,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`

/** Any number that no other program on the same database uses: one migrates, the others wait. */
const ADVISORY_LOCK = 7_236_512_001n

/** The connection strings with which to migrate: who owns the schema, and the role that the application runs as. */
export interface MigrationRoles {
  ownerUrl: string
  appUrl: string
}

/**
 * Brings the schema up to date and says anew what the application's role may do. Safe to run twice and by several
 * nodes at once; where nothing is to be done, the application's own role suffices. Returns what was applied now.
 */
export async function migrate({ ownerUrl, appUrl }: MigrationRoles): Promise<string[]> {
  const client = await connectToPrimary(ownerUrl, 'meridian migrate')
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK])
    // A change that waits for a long transaction makes everybody behind it wait: better to fail, and to be tried again.
    await client.query(`set lock_timeout = '5s'`)
    const pending = pendingAmong(await applied(client))
    for (const migration of pending) await apply(client, migration)
    const { rows } = await client.query<{ owner: string }>('select current_user as owner')
    const app = await roleOf(appUrl)
    if (app !== rows[0]?.owner) await client.query(grantsFor(app))
    return pending.map(({ name }) => name)
  } finally {
    await client.end()
  }
}

/** What was applied so far; nothing in a database that has seen no migration yet. */
async function applied(client: Client): Promise<Omit<Migration, 'text'>[]> {
  const { rows } = await client.query<{ found: string | null }>(`select to_regclass('schema_migrations') as found`)
  if (rows[0]?.found === null) return []
  return (await client.query('select name, checksum from schema_migrations order by name')).rows
}

function pendingAmong(done: Omit<Migration, 'text'>[]): Migration[] {
  const known = readMigrations()
  for (const { name, checksum } of done) {
    const ours = known.find((migration) => migration.name === name)
    if (!ours) throw new Fault('schema-from-the-future', { details: `Unknown: ${name}.` })
    if (ours.checksum !== checksum) throw new Fault('schema-altered', { details: `Altered: ${name}.` })
  }
  return known.filter(({ name }) => !done.some((migration) => migration.name === name))
}

export function readMigrations(): Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.*\.sql$/.test(name))
  return names.toSorted().map((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return { name, text, checksum: sha256(text).toString('hex') }
  })
}

async function apply(client: Client, { name, text, checksum }: Migration): Promise<void> {
  try {
    await client.query('begin')
    await client.query(RECORD)
    await client.query(text)
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    if (error instanceof DatabaseError && error.code === '42501') {
      throw new Fault('schema-missing', { cause: error, details: `${name}: ${error.message}.` })
    }
    throw error
  }
}

/** What the application's role may do, as the statements that say so. */
export function grantsFor(app: string): string {
  return readFileSync(join(folder, 'grants.sql'), 'utf8').replaceAll(':"app"', escapeIdentifier(app))
}

/** Whom the application connects as: named in its connection string, or else (PGUSER, the system's user) by the server. */
export async function roleOf(url: string): Promise<string> {
  const named = decodeURIComponent(new URL(hostsOf(url)[0] as string).username)
  if (named !== '') return named
  const client = await connectToPrimary(url, 'meridian migrate')
  try {
    const { rows } = await client.query<{ role: string }>('select current_user as role')
    return rows[0]?.role ?? ''
  } finally {
    await client.end()
  }
}
