import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { importDjango, type ImportReport } from '../../src/operations/django-import/import.ts'
import { undoImport } from '../../src/operations/django-import/undo.ts'
import { urls } from '../../src/urls.ts'
import { emptyDatabase, freshDatabase, type TestDatabase } from '../support/database.ts'
import { IMPORTED_STATE } from '../support/imported-state.ts'
import { importFrom, NO_PROGRESS } from '../support/legacy.ts'
import { generateLegacyPeople } from '../support/legacy-people.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { openSite, startNode, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const USERS = 3000
const KILLS = 2

const legacy = await emptyDatabase()
const client = new Client({ connectionString: legacy.superuserUrl })
await client.connect()
await generateLegacyPeople(client, USERS)
await client.end()

const whole = await freshDatabase()
const killed = await freshDatabase()
const live = await freshDatabase()
const nodes = [await openSite(live, { LIMITS: 'off' }), await startNode(live, { LIMITS: 'off' })]

const request = (target: TestDatabase, apply: boolean) => ({
  ...importFrom(legacy.superuserUrl, target.appUrl),
  apply,
  examples: USERS * 2,
})

const stateOf = async (of: TestDatabase) => (await of.query<{ sum: string }>(IMPORTED_STATE))[0]?.sum

const counted = ({ found }: ImportReport) => found.map(({ finding, count }) => ({ finding, count }))

test(`of ${USERS} users with every hundredth in each finding, what was predicted is applied, row for row`, async () => {
  const predicted = await importDjango(request(whole, false))
  const applied = await importDjango(request(whole, true))
  expect(counted(applied)).toEqual(counted(predicted))
  expect(counted(predicted).length).toBeGreaterThan(20)
  const rows = await whole.query<{ row: string }>(
    `select f || ': ' || relation || ' ' || legacy_id as row from imported_rows, unnest(findings) f`,
  )
  const foretold = predicted.found.flatMap(({ finding, examples }) => examples.map((row) => `${finding}: ${row}`))
  expect(rows.map(({ row }) => row).toSorted()).toEqual(foretold.toSorted())
})

test('killed with -9 again and again and taken up each time, it ends the same', async () => {
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await killed.count('accounts')
    const child = spawn(
      process.execPath,
      [join(projectRoot, 'dist/main.mjs'), 'import', 'django', legacy.superuserUrl, '--apply'],
      { env: { ...process.env, DATABASE_URL: killed.appUrl, SECRET: TEST_SECRET }, stdio: 'ignore' },
    )
    const ended = new Promise((resolve) => child.once('close', resolve))
    while (child.exitCode === null && (await killed.count('accounts')) === before) await sleep(5)
    child.kill('SIGKILL')
    await ended
    // The server notices a moment later, and until then the lock is held.
    await untilAlone(killed)
  }
  expect(await killed.count('accounts')).toBeGreaterThan(0)
  await importDjango(request(killed, true))
  expect(await stateOf(killed)).toBe(await stateOf(whole))
  expect(await killed.query('select from runs')).toHaveLength(1)
})

test('customers register on two nodes while it runs: nobody is refused for it, and no address is there twice', async () => {
  const before = await importDjango(request(live, false))
  const running = importDjango(request(live, true))
  await untilUnderWay(live)
  // Some of them have an address that the import brings as well; whoever comes first keeps it.
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const visitor = new Visitor(nodes[index % 2] as (typeof nodes)[number])
      const submission = await visitor.token(urls.customerRegistration)
      const email = index % 4 === 0 ? `user${index * 60 + 50}@example.com` : `new${index}@example.com`
      const answer = await visitor.post(urls.customerRegistration, { ...registrationForm({ email }), submission })
      const [, amiss = ''] = /<div class="error-summary"(.*?)<\/div>/s.exec(answer.body) ?? []
      return { email, status: answer.status, taken: amiss.includes('already registered'), amiss }
    }),
  )
  const applied = await running
  for (const { email, status, taken, amiss } of answers) {
    if (email.startsWith('new')) expect(status, `${email} ${amiss}`).toBe(303)
    else expect(status === 303 || (status === 422 && taken), `${email} ${status} ${amiss}`).toBe(true)
  }
  const accounts = await live.count('accounts')
  const registered = answers.filter(({ status }) => status === 303).length
  expect(accounts).toBe(applied.accounts.customers + applied.accounts.staff + registered)
  expect(applied.accounts).toEqual(before.accounts)
  const found = await live.query('select email_canonical from accounts group by 1 having count(email_canonical) > 1')
  expect(found).toEqual([])
})

test('whoever holds a name and waits for another is given way to, without a deadlock', async () => {
  const target = await freshDatabase()
  const registering = new Client({ connectionString: target.appUrl })
  await registering.connect()
  await registering.query('begin')
  await registering.query(accountOf('user150@example.com', null))
  const running = importDjango(request(target, true))
  const waiting = `select from pg_stat_activity where application_name = 'meridian import' and wait_event_type = 'Lock'
    and datname = current_database()`
  await expect.poll(() => target.query(waiting), { interval: 5, timeout: 20_000 }).toHaveLength(1)
  await registering.query(accountOf(null, 'user130'))
  await registering.query('commit')
  await registering.end()
  const found = Object.fromEntries(counted(await running).map(({ finding, count }) => [finding, count]))
  expect(found).toMatchObject({ 'address-taken': 1, 'username-taken': 1 })
  const [{ deadlocks } = {}] = await target.query(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  )
  expect(deadlocks).toBe(0)
})

function accountOf(email: string | null, username: string | null): string {
  const [address, name] = [email, username].map((text) => (text === null ? 'null' : `'${text}'`))
  return `with account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
        username, username_canonical)
      values (gen_random_uuid(), 'customer', 'Ann', 'Archer', ${address}, ${address}, ${address}, ${email ? 1 : 'null'}, ${name}, ${name})
      returning id
    ) insert into customer_profiles (account_id) select id from account`
}

test('a connection that breaks while rows are read stops it in words, with nothing written', async () => {
  const target = await freshDatabase()
  const proxy = await PostgresProxy.before(legacy.superuserUrl)
  let rows = 0
  const breaking = importDjango({
    ...request(target, true),
    sourceUrl: proxy.url(legacy.superuserUrl),
    progress: { ...NO_PROGRESS, reading: () => ((rows += 1) === 1 ? void proxy.close() : undefined) },
  })
  await expect(breaking).rejects.toMatchObject({ code: 'legacy-broke-off' })
  for (const table of ['accounts', 'imported_rows', 'runs']) expect(await target.count(table)).toBe(0)
})

test('two at once: the second is told to wait', async () => {
  const target = await freshDatabase()
  const first = importDjango(request(target, true))
  await untilUnderWay(target)
  await expect(importDjango(request(target, true))).rejects.toMatchObject({ code: 'import-under-way' })
  const { run } = await first
  await undoImport(target.appUrl, run as string)
  expect(await target.count('accounts')).toBe(0)
})

async function lockHeld({ query }: TestDatabase): Promise<boolean> {
  const rows = await query(
    `select from pg_locks where locktype = 'advisory' and granted
     and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.length > 0
}

async function untilUnderWay(of: TestDatabase): Promise<void> {
  await expect.poll(() => lockHeld(of), { timeout: 20_000 }).toBe(true)
}

async function untilAlone(of: TestDatabase): Promise<void> {
  while (await lockHeld(of)) await sleep(20)
}
