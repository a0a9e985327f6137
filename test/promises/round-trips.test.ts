import type { Client } from 'pg'
import { beforeEach, expect, test, vi } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { findSession } from '../../src/accounts/sessions/sessions.ts'
import { Database } from '../../src/database/database.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { register } from '../../src/flows/registration/register.ts'
import { Keys } from '../../src/lib/keys.ts'
import { HOUR } from '../../src/lib/time.ts'
import { limitsIn, noLimits } from '../../src/limits/limits.ts'
import { urls } from '../../src/urls.ts'
import { ownCluster } from '../support/cluster.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { openSiteOn, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const proxy = await PostgresProxy.before(db.appUrl)
// No rounds of a node's own beside what is counted.
const site = await openSiteOn({ appUrl: proxy.url(db.appUrl) }, (pool) => new Database({ ...pool, connections: 10 }))
const visitor = new Visitor(site)
await visitor.register()

beforeEach(() => {
  proxy.roundTrips = 0
})

test('P10: a registration is one round trip, and the limit asked before it one more', async () => {
  const newcomer = new Visitor(site)
  const token = await newcomer.token(urls.customerRegistration)
  expect(proxy.roundTrips, 'the page itself asks the database nothing').toBe(0)
  const answer = await newcomer.post(urls.customerRegistration, { ...registrationForm(), submission: token })
  expect(answer.status).toBe(303)
  expect(proxy.roundTrips).toBe(2)
})

test('P10: a session check is one round trip, and once a minute one more, which notes it', async () => {
  await db.query(`update sessions set last_seen_at = now()`)
  await visitor.get(urls.landing)
  expect(proxy.roundTrips).toBe(1)

  await db.query(`update sessions set last_seen_at = now() - interval '61 seconds'`)
  await visitor.get(urls.landing)
  expect(proxy.roundTrips).toBe(3)
})

test('P10: a session check writes nothing, but for when it was last seen, at most once a minute', async () => {
  const written = async () =>
    (
      await db.query<{ xmin: string; last_seen_at: Date }>(
        'select xmin, last_seen_at from sessions order by id limit 1',
      )
    )[0]
  await db.query(`update sessions set last_seen_at = now()`)
  const before = await written()
  await visitor.get(urls.landing)
  expect(await written()).toEqual(before)

  await db.query(`update sessions set last_seen_at = now() - interval '61 seconds'`)
  await visitor.get(urls.landing)
  const after = await written()
  await visitor.get(urls.landing)
  expect(await written()).toEqual(after)
  expect(after?.last_seen_at.getTime()).toBeGreaterThan(before?.last_seen_at.getTime() ?? Infinity)
})

test('P10: a registration waits for the disk once, a limit and a session check not at all, by the own statistics of the server', async (context) => {
  const own = await ownCluster()
  const statistics = await connectionTo(own.superuserUrl)
  const { rows } = await statistics.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  )
  if ((rows[0]?.version ?? 0) < 180_000) return context.skip('pg_stat_io tells fsyncs of the WAL from PostgreSQL 18 on')
  const syncs = async (work: (database: Database) => Promise<unknown>) => {
    await statistics.query(`select pg_stat_reset_shared('io')`)
    const database = new Database({
      url: own.appUrl,
      connections: 1,
      onIdleError: () => {},
    })
    await work(database)
    await database.close()
    return syncsOfClients(statistics)
  }

  const times = 20
  const limit = { name: 'a limit', most: 1000, window: HOUR }
  expect(
    await syncs((database) => repeat(times, () => limitsIn(database).take([{ rule: limit, subject: 'somebody' }]))),
  ).toBe(0)

  let token = ''
  const registrations = await syncs(async (database) => {
    token = await registerTimes(database, times)
  })
  // Now and then the WAL writer gets there first.
  expect(registrations).toBeGreaterThanOrEqual(times * 0.8)
  expect(registrations).toBeLessThanOrEqual(times * 1.2)
  expect(await syncs((database) => repeat(times, () => findSession(database, token)))).toBe(0)
  return undefined
})

/** Backends report what they did when they end, which is somewhat later than whoever closed the connection knows. */
async function syncsOfClients(statistics: Client): Promise<number> {
  await vi.waitFor(async () => {
    const others = await statistics.query(
      `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    expect(others.rowCount).toBe(0)
  })
  await statistics.query('select pg_stat_clear_snapshot()')
  const { rows } = await statistics.query<{ fsyncs: number }>(
    `select coalesce(sum(fsyncs), 0)::int as fsyncs from pg_stat_io where object = 'wal' and backend_type = 'client backend'`,
  )
  return rows[0]?.fsyncs ?? 0
}

async function registerTimes(database: Database, times: number): Promise<string> {
  const registrar = {
    database,
    passwords: new Passwords({ memoryKib: 1024, passes: 1 }),
    limits: noLimits,
    keys: new Keys([TEST_SECRET]),
  }
  const parse = registrationParser({ defaultCountry: 'US', passwordPolicy: { minLength: 8, brand: 'Meridian' } })
  let token = ''
  await repeat(times, async () => {
    const parsed = await parse(registrationForm())
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals))
    const nobody = {
      client: { network: null, userAgent: null, browser: null },
      origin: { network: null, reference: null },
    }
    const outcome = await register(registrar, { input: parsed.value, submission: newSubmission(), ...nobody })
    if (outcome.outcome === 'registered') token = outcome.sessionToken
  })
  return token
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await work()
}
