import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { Connection } from '../../src/database/connection.ts'
import { HOUR } from '../../src/lib/time.ts'
import { expectedFunctions, expectedGrants, expectedSchema } from '../../src/database/expected-schema.ts'
import { readMigrations } from '../../src/database/migrations.ts'
import { examine } from '../../src/operations/doctor/doctor.ts'
import { recordInvariants } from '../../src/operations/doctor/records.ts'
import { schemaInvariants } from '../../src/operations/doctor/schema.ts'
import { COST, OwnPostgres } from '../speed/servers.ts'
import { fillSite, PASSWORD } from './fill.ts'

/** What a big load may do without: it is thrown away if the machine stops. */
const FOR_FILLING = ['fsync=off', 'full_page_writes=off', 'wal_level=minimal', 'max_wal_senders=0', 'max_wal_size=16GB']

/** As somebody would run a site of this size on the machine at hand. */
const FOR_PEOPLE = ['shared_buffers=2GB', 'effective_cache_size=12GB', 'max_wal_size=8GB']

export function nameOf(count: number): string {
  return `people_${count}`
}

/**
 * One PostgreSQL with a database for each of these numbers of accounts. Those that the folder `keep` has already are used as they are;
 * the others are made, and examined by the doctor, before anything is measured.
 */
export async function sitesOf(
  counts: readonly number[],
  keep: string | undefined,
  say: (words: string) => void,
): Promise<OwnPostgres> {
  if (keep === undefined) {
    // Without a folder to keep there is one server for both.
    const postgres = await OwnPostgres.start(undefined, FOR_PEOPLE)
    for (const count of counts) await make(postgres, count, say)
    for (const count of counts) await lookedThrough(postgres, count)
    return postgres
  }
  const filling = await OwnPostgres.start(keep, FOR_FILLING)
  try {
    for (const count of counts) if (!(await isMade(filling, count))) await make(filling, count, say)
  } finally {
    await filling.stop()
  }
  const postgres = await OwnPostgres.start(keep, FOR_PEOPLE)
  for (const count of counts) await lookedThrough(postgres, count)
  return postgres
}

/** Says that the directory's daily turn was today's, so that nodes do not begin with it while something else is measured. */
async function lookedThrough(postgres: OwnPostgres, count: number): Promise<void> {
  await postgres.prepared(nameOf(count))
  await postgres.ask(
    nameOf(count),
    `insert into directory_turns (begun_at, finished_at) values (now(), now())
     on conflict (only_one) do update set begun_at = now(), finished_at = now()`,
  )
}

/** Marked on the database itself once it was found sound. */
async function isMade(postgres: OwnPostgres, count: number): Promise<boolean> {
  const rows = await postgres.ask<{ mark: string | null }>(
    'postgres',
    `select shobj_description(oid, 'pg_database') as mark from pg_database where datname = $1`,
    [nameOf(count)],
  )
  return rows[0]?.mark === 'sound'
}

async function make(postgres: OwnPostgres, count: number, say: (words: string) => void): Promise<void> {
  const name = nameOf(count)
  const began = performance.now()
  const took = () => `${((performance.now() - began) / 1000).toFixed(0)} s`
  await postgres.ask('postgres', `drop database if exists ${name} with (force)`)
  await postgres.prepared(name)
  const passwords = new Passwords({ memoryKib: Number(COST.MEMORY_KIB), passes: Number(COST.PASSES) })
  const hash = await passwords.hash(PASSWORD, null)
  await fillSite(postgres.ownerUrl(name), count, hash, (words) => say(`${name}, ${took()}: ${words}`))
  await prove(postgres, count)
  say(`${name}, ${took()}: sound`)
}

/**
 * PostgreSQL has checked every row against every constraint as it put them back; that all are there, as the schema says, is asked here, and
 * what no constraint says. The mark is for the next run.
 */
export async function prove(postgres: OwnPostgres, count: number): Promise<void> {
  const name = nameOf(count)
  const connection = await Connection.open(await postgres.prepared(name), 'the doctor of the bench')
  const invariants = [
    ...schemaInvariants(expectedSchema(), expectedGrants(), readMigrations(), expectedFunctions()),
    ...recordInvariants({ mailServer: true }),
  ]
  const verdict = await examine(connection, invariants, { patience: HOUR })
  await connection.close()
  if (!verdict.sound) throw new Error(`${name} is not sound: ${JSON.stringify(verdict.findings)}`)
  await postgres.ask('postgres', `comment on database ${name} is 'sound'`)
}
