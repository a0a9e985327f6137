import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { firstIdAt, newId } from '../../src/lib/random.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { DAY } from '../../src/lib/time.ts'
import { keepHouse, startHousekeeping, type HouseReport } from '../../src/operations/housekeeping/housekeeping.ts'
import { retentions } from '../../src/operations/housekeeping/retention.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase, type TestDatabase } from '../support/database.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'
import { pino } from 'pino'

const db = await freshDatabase()
const site = await openSite(db)

/** How each kind of row is made older than it is, and what is just too young to go. */
const cases: Record<string, { table: string; old: string; young: string; make: () => Promise<unknown> }> = {
  'sessions, too old': {
    table: 'sessions',
    make: person,
    old: `expires_at = now() - interval '1 second'`,
    young: `expires_at = now() + interval '1 minute'`,
  },
  'sessions, idle for too long': {
    table: 'sessions',
    make: person,
    old: `last_seen_at = now() - idle_limit - interval '1 second'`,
    young: `last_seen_at = now() - idle_limit + interval '1 minute'`,
  },
  receipts: {
    table: 'receipts',
    make: person,
    old: `created_at = now() - interval '97 hours'`,
    young: `created_at = now() - interval '95 hours'`,
  },
  'codes that expired': {
    table: 'codes',
    make: person,
    old: aged(32, `expires_at = now() - interval '31 days'`),
    young: aged(32, `expires_at = now() - interval '29 days'`),
  },
  'codes that were spent': {
    table: 'codes',
    make: person,
    old: aged(32, `spent_at = now() - interval '31 days'`),
    young: aged(32, `spent_at = now() - interval '29 days', expires_at = now() - interval '29 days'`),
  },
  'recovery requests': {
    table: 'recovery_requests',
    make: () => db.query('insert into recovery_requests (id) values ($1)', [newId()]),
    old: aged(2, `created_at = now() - interval '25 hours'`),
    young: `created_at = now() - interval '23 hours'`,
  },
  'letters that were sent': {
    table: 'letters',
    make: person,
    old: aged(92, `sent_at = now() - interval '91 days'`),
    young: aged(92, `sent_at = now() - interval '89 days'`),
  },
  'letters that were given up': {
    table: 'letters',
    make: person,
    old: aged(190, `given_up_at = now() - interval '181 days'`),
    young: aged(190, `given_up_at = now() - interval '179 days'`),
  },
  'invitations that nobody accepted': {
    table: 'invitations',
    make: invitation,
    old: aged(40, `expires_at = now() - interval '31 days'`),
    young: aged(40, `expires_at = now() - interval '29 days'`),
  },
  limits: {
    table: 'limits',
    make: () =>
      db.query(`insert into limits (key, taken, strikes, window_ends_at) values ($1, 1, 0, now())`, [newId()]),
    old: `window_ends_at = now() - interval '25 hours'`,
    young: `window_ends_at = now() - interval '23 hours'`,
  },
  'known browsers': {
    table: 'known_browsers',
    make: personWithTwoBrowsers,
    old: `last_seen_at = now() - interval '366 days' where first_seen_at < now() - interval '1 hour'`,
    young: `last_seen_at = now() - interval '364 days' where first_seen_at < now() - interval '1 hour'`,
  },
  'pending registrations': {
    table: 'pending_registrations',
    make: pendingRegistration,
    old: `created_at = now() - interval '97 hours'`,
    young: `created_at = now() - interval '95 hours'`,
  },
}

describe('14.2.7 what is outdated is removed, and nothing younger:', () => {
  test.each(Object.entries(cases))('%s', async (_, { table, make, old, young }) => {
    const own = await emptied(table)
    await make()
    const before = await db.count(table)
    expect(before).toBeGreaterThan(0)
    await own(young)
    await keepHouse(db.database)
    expect(await db.count(table), 'the younger').toBe(before)
    await own(old)
    const { complete, removed } = await keepHouse(db.database)
    expect(complete).toBe(true)
    expect(await db.count(table), 'the older').toBe(table === 'known_browsers' ? before - 1 : 0)
    expect(sum(removed)).toBeGreaterThan(0)
  })

  test('the last browser of an account stays, however long it has been quiet', async () => {
    await emptied('known_browsers')
    await person()
    await db.query(`update known_browsers set last_seen_at = now() - interval '5 years'`)
    await keepHouse(db.database)
    expect(await db.count('known_browsers')).toBe(1)
  })

  test.each([
    [
      'an accepted invitation',
      'invitations',
      invitation,
      aged(400, `expires_at = now() - interval '1 year', accepted_at = now()`),
    ],
    ['a letter that still waits', 'letters', person, aged(400, `created_at = now() - interval '1 year'`)],
  ])('%s stays', async (_, table, make, statement) => {
    const own = await emptied(table)
    await make()
    const before = await db.count(table)
    await own(statement)
    await keepHouse(db.database)
    expect(await db.count(table)).toBe(before)
  })

  test('the archive of a merge goes once it can no longer be taken back, and that of anything else stays', async () => {
    await emptied('archived_rows')
    const archived = async (kind: string, days: number) => {
      const [id, age] = [firstIdAt(new Date(Date.now() - days * DAY)), `${days} days`]
      const run = `${id.slice(0, 24)}${newId().slice(24)}`
      await db.query(`insert into runs (id, kind, started_at) values ($1, $2, now() - $3::interval)`, [run, kind, age])
      await db.query(`insert into archived_rows (run_id, relation, former, why) values ($1, $2, '{}', 'a test')`, [
        run,
        `${kind}, ${days} days`,
      ])
    }
    for (const days of [29, 30.9, 31.1, 400]) {
      for (const kind of ['merge', 'import', 'repair']) await archived(kind, days)
    }
    expect((await keepHouse(db.database)).removed['archives of merges']).toBe(2)
    const left = await db.query<{ relation: string }>(`select relation from archived_rows where relation like 'merge%'`)
    expect(left.map(({ relation }) => relation)).toEqual(['merge, 29 days', 'merge, 30.9 days'])
    expect(await db.count('archived_rows')).toBe(10)
    expect(await db.count(`runs where kind = 'merge'`), 'that it was done is known').toBe(4)
  })

  test('what happened to an account stays for ever', async () => {
    await person()
    const before = await db.count('audit_events')
    await keepHouse(db.database)
    expect(await db.count('audit_events')).toBe(before)
  })
})

describe('P4: a submission that comes again after housekeeping', () => {
  test('within a day is answered with the success that it was, and so on the third day', async () => {
    const visitor = new Visitor(site)
    const form = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    const first = await visitor.at(site).post(urls.customerRegistration, form)
    expect(first.status).toBe(303)
    for (const age of ['23 hours', '70 hours']) {
      await db.query(`update receipts set created_at = now() - $1::interval`, [age])
      await db.query(`update sessions set created_at = now() - $1::interval`, [age])
      await keepHouse(db.database)
      const again = await visitor.at(site).post(urls.customerRegistration, form)
      expect(again.status, age).toBe(303)
      expect(again.headers['set-cookie']?.find((line) => line.includes('session='))).toBe(
        first.headers['set-cookie']?.find((line) => line.includes('session=')),
      )
    }
    expect(await db.count(`accounts where email_canonical = '${form['email' as keyof typeof form]}'`)).toBe(1)
  })
})

describe('housekeeping', () => {
  test('clears a backlog of many batches, and leaves the living alone', async () => {
    await emptied('limits')
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) select 'outdated ' || n, 1, 0, now() - interval '2 days' from generate_series(1, 3210) n`,
    )
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) select 'living ' || n, 1, 0, now() from generate_series(1, 100) n`,
    )
    expect((await keepHouse(db.database)).removed.limits).toBe(3210)
    expect(await db.count('limits')).toBe(100)
  })

  test('reads a large table a stretch at a time, goes on where it stopped, and comes round', async () => {
    await emptied('limits')
    const outdated = (name: string) =>
      db.query(
        `insert into limits (key, taken, strikes, window_ends_at) select $1 || n, 1, 0, now() - interval '2 days' from generate_series(1, 3000) n`,
        [name],
      )
    const walk = { pages: 10, stretches: 2, places: new Map() }
    const roundsToEmpty = async () => {
      let rounds = 0
      for (; rounds < 30 && (await db.count('limits')) > 0; rounds += 1) await keepHouse(db.database, () => true, walk)
      expect(await db.count('limits')).toBe(0)
      return rounds
    }
    await outdated('first')
    expect(await roundsToEmpty()).toBeGreaterThan(1)
    await outdated('second')
    await roundsToEmpty()
  })

  test('on 16 nodes at once removes each row once, and none waits for another', async () => {
    await emptied('limits')
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) select 'outdated ' || n, 1, 0, now() - interval '2 days' from generate_series(1, 2000) n`,
    )
    const reports = await Promise.all(Array.from({ length: 16 }, () => keepHouse(db.database)))
    const rest = await keepHouse(db.database)
    expect(sum(reports.map(({ removed }) => removed.limits)) + rest.removed.limits).toBe(2000)
    expect(
      reports.some(({ complete }) => !complete),
      'some found another at it',
    ).toBe(true)
  })

  test('keeps out of the way while another is at it', async () => {
    await emptied('limits')
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) values ('outdated', 1, 0, now() - interval '2 days')`,
    )
    const other = await connectionTo(db.appUrl)
    await other.query('begin')
    await other.query('select pg_try_advisory_xact_lock(7236512002)')
    expect(await keepHouse(db.database)).toMatchObject({ complete: false, removed: { limits: 0 } })
    await other.query('rollback')
    expect((await keepHouse(db.database)).removed.limits).toBe(1)
  })

  test('leaves a row that somebody is using for the next time, and does not wait for it', async () => {
    await emptied('limits')
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) values ('outdated', 1, 0, now() - interval '2 days')`,
    )
    const other = await connectionTo(db.appUrl)
    await other.query('begin')
    await other.query(`update limits set taken = 1, window_ends_at = now() where key = 'outdated'`)
    expect((await keepHouse(db.database)).removed.limits).toBe(0)
    await other.query('commit')
    await keepHouse(db.database)
    expect(await db.count('limits')).toBe(1)
  })

  test('runs by itself, and ends when it is told to', async () => {
    await emptied('limits')
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) values ('outdated', 1, 0, now() - interval '2 days')`,
    )
    const rounds = startHousekeeping({ database: db.database, log: pino({ level: 'silent' }), every: 50 })
    await expect.poll(() => db.count('limits'), { timeout: 5000 }).toBe(0)
    await rounds.stop()
    await db.query(
      `insert into limits (key, taken, strikes, window_ends_at) values ('outdated', 1, 0, now() - interval '2 days')`,
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await db.count('limits')).toBe(1)
  })

  test('is a command, with counts for a person and for a program', async () => {
    const own = await freshDatabase()
    await own.query(
      `insert into limits (key, taken, strikes, window_ends_at) values ('outdated', 1, 0, now() - interval '2 days')`,
    )
    const report = JSON.parse(await run(own, 'housekeeping', '--json')) as HouseReport
    expect(report).toMatchObject({ complete: true, removed: { limits: 1, sessions: 0 } })
    expect(Object.keys(report.removed)).toEqual(retentions.map(({ name }) => name))
    expect(await run(own, 'housekeeping')).toContain('Removed 0 rows:')
  })
})

async function person(): Promise<string> {
  const { email } = await new Visitor(site).register()
  return email
}

async function personWithTwoBrowsers(): Promise<void> {
  const email = await person()
  await db.query(
    `insert into known_browsers (account_id, browser_hash, first_seen_at)
     select id, $2, now() - interval '2 years' from accounts where email_canonical = $1`,
    [email, randomBytes(32)],
  )
}

async function invitation(): Promise<void> {
  await db.query(
    `insert into invitations (id, code_hash, role, expires_at) values ($1, $2, 'admin', now() + interval '1 hour')`,
    [newId(), randomBytes(32)],
  )
}

async function pendingRegistration(): Promise<void> {
  await db.query(
    `insert into pending_registrations (id, code_hash, receipt_hash, browser_hash, email, email_delivery, email_canonical,
       email_canonical_version, first_name, last_name, password_hash, expires_at)
     values ($1, $2, $3, $2, 'ann@example.com', 'ann@example.com', 'ann@example.com', 1, 'Ann', 'Archer', $4, now())`,
    [newId(), randomBytes(32), randomBytes(32), 'x'.repeat(32)],
  )
}

/** As if the row had been made that many days ago: its id is in order of time. */
function aged(days: number, rest: string): string {
  return `id = ('${firstIdAt(new Date(Date.now() - days * DAY)).slice(0, 24)}' || right(replace(id::text, '-', ''), 12))::uuid, ${rest}`
}

/** Empties a table, so that what a test makes is all there is in it; gives the way to change it. */
async function emptied(table: string): Promise<(change: string) => Promise<unknown>> {
  await db.query(`delete from ${table}`)
  return (change) => db.query(`update ${table} set ${change}`)
}

function sum(counts: Readonly<Record<string, number>> | readonly number[]): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}

async function run({ appUrl, ownerUrl }: TestDatabase, ...command: string[]): Promise<string> {
  const env = {
    ...process.env,
    DATABASE_URL: appUrl,
    DATABASE_OWNER_URL: ownerUrl,
    SECRET: TEST_SECRET,
    NODE_ENV: 'test',
  }
  const { stdout } = await promisify(execFile)(process.execPath, [join(projectRoot, 'dist/main.mjs'), ...command], {
    env,
  })
  return stdout
}
