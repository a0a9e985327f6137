import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { createServer } from '../../src/http/server.ts'
import { Web } from '../../src/http/web.ts'
import { Keys } from '../../src/lib/keys.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { INTERNALS, knock, someNetwork } from '../support/hostile-http.ts'
import { checksum, customer, invite, staffMember } from '../support/hostile-people.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor, type Answer } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db, { METRICS_TOKEN: 'a token of the tests alone' })

type Who = 'visitor' | 'customer' | 'customer_care' | 'manager' | 'admin'

const cookies: Record<Who, string> = {
  visitor: '',
  customer: cookiesOf((await customer(site)).visitor),
  customer_care: cookiesOf((await staffMember(db, site, 'customer_care')).visitor),
  manager: cookiesOf((await staffMember(db, site, 'manager')).visitor),
  admin: cookiesOf((await staffMember(db, site, 'admin')).visitor),
}

/** One answer for all of the staff, and those of a role of its own where there are any. */
type Row = Record<'visitor' | 'customer' | 'staff', number | string> & Partial<Record<Who, number | string>>

/** What each gets at each address: an answer, or where they are sent. 8.1.1 has the same table in docs. */
const TO_CUSTOMER_SIGN_IN = urls.customerSignIn
const TO_STAFF_SIGN_IN = urls.staffSignIn
const matrix: Record<string, Row> = {
  [urls.landing]: { visitor: 200, customer: 200, staff: 200 },
  [urls.customerRegistration]: { visitor: 200, customer: urls.landing, staff: urls.console },
  [urls.customerSignIn]: { visitor: 200, customer: urls.landing, staff: urls.console },
  [urls.staffSignIn]: { visitor: 200, customer: urls.landing, staff: urls.console },
  [urls.customerSignOut]: { visitor: urls.landing, customer: 200, staff: 200 },
  [urls.staffSignOut]: { visitor: urls.landing, customer: 200, staff: 200 },
  [urls.customerProfile]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 403 },
  [urls.staffProfile]: { visitor: TO_STAFF_SIGN_IN, customer: 403, staff: 200 },
  [urls.sessions]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 200 },
  [urls.reauthentication]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 200 },
  [urls.passwordChange]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 200 },
  [urls.emailChange]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 200 },
  [urls.emailConfirmation]: { visitor: 410, customer: 410, staff: 410 },
  [urls.emailCorrection]: { visitor: 410, customer: 410, staff: 410 },
  [urls.emailReversal]: { visitor: 410, customer: 410, staff: 410 },
  [urls.ownData]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 403 },
  [urls.accountClosing]: { visitor: TO_CUSTOMER_SIGN_IN, customer: 200, staff: 403 },
  [urls.accountKeeping]: { visitor: 410, customer: urls.landing, staff: urls.console },
  [urls.confirmation]: { visitor: 410, customer: 410, staff: 410 },
  [urls.confirmationRequest]: { visitor: TO_CUSTOMER_SIGN_IN, customer: urls.customerProfile, staff: 403 },
  [urls.registrationSent]: { visitor: 200, customer: urls.landing, staff: urls.console },
  [urls.registrationLink]: { visitor: 410, customer: 410, staff: 410 },
  [urls.recovery]: { visitor: 200, customer: 200, staff: 200 },
  [urls.recoverySent]: { visitor: 200, customer: 200, staff: 200 },
  [urls.newPassword]: { visitor: 410, customer: 410, staff: 410 },
  [urls.staffRegistration]: { visitor: 410, customer: urls.landing, staff: urls.console },
  [urls.console]: { visitor: TO_STAFF_SIGN_IN, customer: 403, staff: 200 },
  [urls.customers]: { visitor: TO_STAFF_SIGN_IN, customer: 403, staff: 200 },
  [urls.customersFound]: { visitor: TO_STAFF_SIGN_IN, customer: 403, staff: urls.customers },
  [urls.customersDownload]: { visitor: TO_STAFF_SIGN_IN, customer: 403, staff: urls.customers, customer_care: 403 },
  [urls.sessionApi]: { visitor: 200, customer: 200, staff: 200 },
  [urls.alive]: { visitor: 200, customer: 200, staff: 200 },
  [urls.ready]: { visitor: 200, customer: 200, staff: 200 },
  [urls.metrics]: { visitor: 404, customer: 404, staff: 404 },
}

describe('8.2.1, 8.3.1 who may see what', () => {
  const rows = Object.entries(matrix).flatMap(([path, expected]) =>
    (Object.keys(cookies) as Who[]).map((who) => ({
      path,
      who,
      expected: expected[who] ?? expected.staff,
    })),
  )

  test('is said of every address that there is', () => {
    const known = new Set([...Object.keys(matrix), urls.assets])
    // The console's have theirs in asvs-roles.test.ts, where the router itself is asked for them.
    expect(
      Object.values(urls).filter(
        (url) => !known.has(url) && !url.startsWith(urls.console) && url !== urls.staffInvitation,
      ),
    ).toEqual([])
  })

  test.for(rows)('$who at $path: $expected', async ({ path, who, expected }) => {
    const answer = await knock(site, { what: path, path, headers: { cookie: cookies[who] } })
    if (typeof expected === 'number') return expect(answer.status).toBe(expected)
    expect(answer.status).toBe(303)
    expect(answer.headers.location?.split('?')[0]).toBe(expected)
  })

  const posts = [urls.customerProfile, urls.staffProfile, urls.staffRegistration]
  test.for(posts.flatMap((path) => (Object.keys(cookies) as Who[]).map((who) => ({ path, who }))))(
    '$who sends a form to $path: what they may not see they may not send',
    async ({ path, who }) => {
      const allowed = matrix[path]?.[who === 'visitor' || who === 'customer' ? who : 'staff'] === 200
      const before = await checksum(db)
      const submission = await tokenFor(cookies[who])
      const body = new URLSearchParams({ ...registrationForm(), submission }).toString()
      const headers = {
        cookie: cookies[who],
        'sec-fetch-site': 'same-origin',
        'content-type': 'application/x-www-form-urlencoded',
      }
      const answer = await knock(site, { what: path, method: 'POST', path, body, headers })
      if (allowed) return expect(answer.status).toBe(303)
      expect([303, 403, 410], String(answer.status)).toContain(answer.status)
      expect(await checksum(db)).toEqual(before)
    },
  )

  test('an address written in another way is the same address, or none', async () => {
    const spellings = [
      '/dashboard',
      '//dashboard/',
      '/dashboard//',
      '/Dashboard/',
      '/dashboard/.',
      '/./dashboard/',
      '/%64ashboard/',
    ]
    for (const path of [...spellings, '/dashboard/%2e', '/dashboard/;a', '/dashboard%2f', '/accounts/../dashboard/']) {
      const answer = await knock(site, { what: path, path, headers: { cookie: cookies.customer } })
      expect([308, 403, 404], `${path}: ${answer.status}`).toContain(answer.status)
    }
  })

  test('8.4.2 being on this machine grants nothing', async () => {
    for (const network of ['127.0.0.1', '::1', '10.0.0.1', 'localhost']) {
      const headers = { 'x-forwarded-for': network, host: 'localhost' }
      expect((await knock(site, { what: network, path: urls.console, headers })).status).toBe(303)
      expect((await knock(site, { what: network, path: urls.metrics, headers })).status).toBe(404)
    }
  })

  test('8.3.2 what is taken away is gone from the next request on', async () => {
    const { visitor, email } = await staffMember(db, site, 'admin')
    await db.query(`delete from accounts where email_canonical = $1`, [email])
    expect((await visitor.get(urls.console)).status).toBe(303)
  })

  test('a route that does not say who may call it does not start', async () => {
    const web = new Web(
      { brand: 'B', publicUrl: 'http://localhost', assets: { css: '', js: '', font: null } },
      db.database,
      new Keys([TEST_SECRET]),
    )
    const server = await createServer({ trustProxy: undefined, log: pino({ level: 'silent' }) }, web)
    expect(() => server.get('/open/', async () => 'open')).toThrow('/open/ does not say who may call it')
    expect(() => server.post('/open/', { config: {} }, async () => 'open')).toThrow()
    expect(() => server.get('/shut/', { config: { access: 'staff' } }, async () => 'shut')).toThrow(
      '/shut/ lets in staff without naming a permission',
    )
    expect(() =>
      server.get('/odd/', { config: { access: 'customer', may: 'use-console' } }, async () => 'odd'),
    ).toThrow('/odd/ names a permission that nobody but staff can have')
    const rule = { access: 'staff', may: 'use-console' } as const
    expect(() => server.get('/shut/', { config: rule }, async () => 'shut')).not.toThrow()
    await server.close()
  })
})

describe('13.4.5 the figures', () => {
  test.for([undefined, '', 'Bearer', 'Bearer ', 'Bearer wrong', 'Basic YTpi', 'Bearer a token of the tests alonE'])(
    'are not shown to %s',
    async (authorization) => {
      const headers = authorization === undefined ? {} : { authorization }
      expect((await knock(site, { what: 'metrics', path: urls.metrics, headers })).status).toBe(404)
    },
  )

  test('say nothing about anybody', async () => {
    const headers = { authorization: 'Bearer a token of the tests alone' }
    const { status, body } = await knock(site, { what: 'metrics', path: urls.metrics, headers })
    expect(status).toBe(200)
    expect(body).not.toMatch(/@|canary|10\.\d+\.\d+|MA-/)
  })
})

describe("13.2.2 the application's role", () => {
  const refused = [
    'create table mine (a int)',
    'create schema mine',
    'create function mine() returns int language sql as $$ select 1 $$',
    'create extension pgcrypto',
    'alter table accounts add column a int',
    'alter table accounts drop constraint accounts_customer_profile_fkey',
    'alter table accounts disable trigger all',
    'drop table sessions',
    'drop index sessions_account_id_idx',
    'truncate accounts cascade',
    'create trigger t before insert on accounts execute function suppress_redundant_updates_trigger()',
    `update audit_events set event = 'nothing'`,
    'delete from audit_events',
    'truncate audit_events',
    'drop table audit_events',
    `insert into schema_migrations (name, checksum) values ('a', 'b')`,
    'delete from schema_migrations',
    `set session_replication_role = 'replica'`,
    'set role meridian_owner',
    'set session authorization postgres',
    'alter role meridian_app superuser',
    `create role other login`,
    `copy (select 1) to program 'true'`,
    `copy accounts to '/tmp/accounts'`,
    `select pg_read_file('/etc/passwd')`,
    'select * from pg_authid',
    'alter system set fsync = off',
    'create database other',
  ]

  test.for(refused)('may not: %s', async (statement) => {
    const client = await connectionTo(db.appUrl)
    await expect(client.query(statement)).rejects.toThrow()
  })

  test('owns nothing', async () => {
    const owned = await db.query(
      `select relname from pg_class where pg_get_userbyid(relowner) = current_user and relpersistence <> 't'`,
    )
    expect(owned).toEqual([])
  })
})

describe('16.5.3 a guard that fails lets nobody past', () => {
  test('the session check: a page for the signed in is shown to nobody', async () => {
    const answers = await without('sessions', () =>
      Promise.all(
        [urls.customerProfile, urls.console].map((path) =>
          knock(site, { what: path, path, headers: { cookie: cookies.admin } }),
        ),
      ),
    )
    for (const answer of answers) {
      expect(answer.status).toBe(500)
      expectGeneric(answer)
    }
  })

  test.for(['limits', 'passwords', 'audit_events', 'sessions', 'accounts'])(
    'signing in without %s: nobody gets a session',
    async (table) => {
      const { email, password } = await customer(site)
      const visitor = new Visitor(site)
      const submission = await visitor.token(urls.customerSignIn)
      const before = await db.count('sessions')
      const answer = await without(table, () =>
        visitor.post(urls.customerSignIn, { identifier: email, password, submission }),
      )
      expect(answer.status).toBe(500)
      expectGeneric(answer)
      expect(visitor.sessionToken).toBeUndefined()
      expect(await db.count('sessions')).toBe(before)
    },
  )

  test.for(['limits', 'customer_profiles', 'passwords', 'receipts', 'sessions', 'letters', 'audit_events'])(
    '2.3.3 registering without %s: nothing of it is left, and it works when sent again',
    async (table) => {
      const visitor = new Visitor(site)
      const form = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
      const before = await counts()
      const answer = await without(table, () => visitor.post(urls.customerRegistration, form))
      expect(answer.status).toBe(500)
      expectGeneric(answer)
      expect(visitor.sessionToken).toBeUndefined()
      expect(await counts()).toEqual(before)
      expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
    },
  )

  test('an invitation without audit_events: it is not spent', async () => {
    const visitor = new Visitor(site)
    await visitor.get(`${urls.staffRegistration}?code=${await invite(db)}`)
    const form = { ...registrationForm(), submission: await visitor.token(urls.staffRegistration) }
    expect((await without('audit_events', () => visitor.post(urls.staffRegistration, form))).status).toBe(500)
    expect((await visitor.post(urls.staffRegistration, form)).status).toBe(303)
  })

  test('signing out without audit_events: the session is still there, and it is said so', async () => {
    const { visitor } = await customer(site)
    const submission = await visitor.token(urls.customerSignOut)
    const answer = await without('audit_events', () => visitor.post(urls.customerSignOut, { submission }))
    expect(answer.status).toBe(500)
    expect(await visitor.isSignedIn()).toBe(true)
  })

  /** 16.5.1: words, a reference, and nothing of the inside. */
  function expectGeneric(answer: Answer): void {
    expect(answer.body).toContain('Something went wrong')
    expect(answer.body).toMatch(/MA-[0-9A-Z]{4}-[0-9A-Z]{4}/)
    expect(answer.body).not.toMatch(INTERNALS)
  }

  async function counts(): Promise<number[]> {
    const tables = ['accounts', 'customer_profiles', 'passwords', 'receipts', 'sessions', 'letters', 'audit_events']
    return Promise.all(tables.map((table) => db.count(table)))
  }

  /** A real failure: for that while the database refuses the application this table. */
  async function without<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
    const owner = await connectionTo(db.ownerUrl)
    const columns = table === 'audit_events' ? 'select, insert' : 'select, insert, update, delete'
    await owner.query(`revoke all on ${table} from meridian_app`)
    try {
      return await work()
    } finally {
      await owner.query(`grant ${columns} on ${table} to meridian_app`)
    }
  }
})

async function tokenFor(cookie: string): Promise<string> {
  const path = cookie === '' ? urls.customerSignIn : urls.customerSignOut
  const { body } = await knock(site, { what: path, path, headers: { cookie, 'x-forwarded-for': someNetwork() } })
  return /name="submission" value="([^"]+)"/.exec(body)?.[1] ?? ''
}

function cookiesOf(visitor: Visitor): string {
  return [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}
