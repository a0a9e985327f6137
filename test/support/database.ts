import { randomBytes } from 'node:crypto'
import { Client, Pool, type QueryResultRow } from 'pg'
import { afterAll, expect, inject, onTestFinished } from 'vitest'
import { Database } from '../../src/database/database.ts'
import { TEMPLATE } from './template.ts'

export interface TestDatabase {
  name: string
  appUrl: string
  ownerUrl: string
  superuserUrl: string
  /** As the application's role. */
  database: Database
  /** One statement as the application's role, outside of our own code. */
  query: <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>
  /** The number that a `select count(*)` gives. */
  count: (table: string) => Promise<number>
}

/** A database of this test file's own, cloned from the migrated template in some 30 ms. */
export function freshDatabase(): Promise<TestDatabase> {
  return databaseFrom(TEMPLATE)
}

/** A database that has seen no migration yet. */
export function emptyDatabase(): Promise<TestDatabase> {
  return databaseFrom('template1')
}

async function databaseFrom(origin: string): Promise<TestDatabase> {
  const template = inject('template')
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuperuser(template.superuserUrl, `create database ${name} template ${origin} owner meridian_owner`)
  const [appUrl, ownerUrl, superuserUrl] = [template.appUrl, template.ownerUrl, template.superuserUrl].map((url) =>
    withName(url, name),
  ) as [string, string, string]
  const database = new Database({ url: appUrl, connections: 10, onIdleError: () => {} })
  const pool = new Pool({ connectionString: appUrl, max: 5 })
  pool.on('error', () => {})
  const leave = async () => {
    await database.close()
    await pool.end()
    await asSuperuser(template.superuserUrl, `drop database ${name} with (force)`)
  }
  whenDone(leave)
  const query: TestDatabase['query'] = async (text, values) => (await pool.query(text, values)).rows as never
  return {
    name,
    appUrl,
    ownerUrl,
    superuserUrl,
    database,
    query,
    count: async (table) => Number((await query<{ count: string }>(`select count(*) from ${table}`))[0]?.count),
  }
}

/** After the test that asked for it, or after the file when none is running. */
export function whenDone(leave: () => Promise<void>): void {
  if (expect.getState().currentTestName === undefined) afterAll(leave)
  else onTestFinished(leave)
}

/** A connection of its own, closed when the test is over. */
export async function connectionTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => client.end())
  return client
}

async function asSuperuser(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: withName(url, 'postgres') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function withName(url: string, name: string): string {
  return url.replace(/\/[^/]*$/, `/${name}`)
}
