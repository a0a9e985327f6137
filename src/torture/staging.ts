import { Client, escapeIdentifier, escapeLiteral } from 'pg'
import { Fault } from '../answers/fault.ts'
import type { Database, Queryable } from '../database/database.ts'
import { hostsOf } from '../database/hosts.ts'
import { sql } from '../database/sql.ts'

/**
 * The mark by which a database says that it is a staging system's, and which origin is its site. It is a setting of the
 * database and not a row: a dump that is restored elsewhere does not take it along, in neither direction.
 */
const MARK = 'meridian.staging'

/** Refuses unless the database is marked, and for that very site. */
export async function assertStaging(database: Queryable, origins: readonly string[]): Promise<void> {
  const row = await database.row<{ mark: string | null }>(sql`select current_setting(${MARK}, true) as mark`)
  const marked = (row?.mark ?? '').split(' ').filter((part) => part !== '')
  if (marked.length === 0) throw new Fault('storm-refused', { details: 'The database is not marked as staging.' })
  const other = origins.find((origin) => !marked.includes(origin))
  if (other)
    throw new Fault('storm-refused', { details: `It is marked for ${marked.join(' and ')}, not for ${other}.` })
}

/**
 * Marks a database as that of a staging site. `accounts` has to be how many it holds: whoever has taken production for
 * staging does not say that number by accident.
 */
export async function markStaging(ownerUrl: string, origins: readonly string[], accounts: number): Promise<void> {
  await asOwner(ownerUrl, async (client, name) => {
    const { rows } = await client.query<{ held: number }>('select count(*)::int as held from accounts')
    const held = rows[0]?.held ?? 0
    if (held !== accounts) {
      throw new Fault('storm-refused', {
        details: `The database holds ${held} accounts. If that is your staging system, say so: --accounts ${held}.`,
      })
    }
    await client.query(`alter database ${escapeIdentifier(name)} set ${MARK} = ${escapeLiteral(origins.join(' '))}`)
  })
}

export async function unmarkStaging(ownerUrl: string): Promise<void> {
  await asOwner(ownerUrl, async (client, name) => {
    await client.query(`alter database ${escapeIdentifier(name)} reset ${MARK}`)
  })
}

/** Removes every account of that domain, and with it what hangs on it, a few hundred at a time. How many there were. */
export async function removePeople(database: Database, domain: string): Promise<number> {
  for (let removed = 0; ;) {
    const gone = await database.rows(sql`
      with gone as (
        delete from accounts where id in (
          select id from accounts where email_canonical like ${`%@${domain}`} limit 500)
        returning id, email_canonical
      ), requests as (
        delete from recovery_requests r using gone where r.email_canonical = gone.email_canonical
      )
      select id from gone`)
    if (gone.length === 0) return removed
    removed += gone.length
  }
}

async function asOwner(url: string, work: (client: Client, name: string) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: hostsOf(url)[0] as string, application_name: 'meridian torture' })
  try {
    await client.connect()
    const { rows } = await client.query<{ name: string }>('select current_database() as name')
    await work(client, rows[0]?.name ?? '')
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('storm-refused', { cause: error, details: `${(error as Error).message}.` })
  } finally {
    await client.end().catch(() => {})
  }
}
