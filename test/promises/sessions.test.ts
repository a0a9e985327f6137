import { describe, expect, test } from 'vitest'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'

describe('the page of where one is signed in', () => {
  test('names each device, its network and its times, and marks this one', async () => {
    const { here, there } = await signedInTwice()
    const { status, body } = await here.get(urls.sessions)
    expect(status).toBe(200)
    expect(body).toContain('Firefox on Windows')
    expect(body).toContain('Safari on an iPhone')
    expect(body).toContain(here.network)
    expect(body).toContain(there.network)
    expect(body).toContain('just now')
    expect(body.match(/This browser/g)).toHaveLength(1)
    expect(body.indexOf('Firefox on Windows'), 'this one first').toBeLessThan(body.indexOf('Safari on an iPhone'))
  })

  test('shows nothing of a token, and nobody else', async () => {
    const { here, there } = await signedInTwice()
    const stranger = new Visitor(site)
    await stranger.register()
    const { body } = await here.get(urls.sessions)
    for (const visitor of [here, there, stranger]) expect(body).not.toContain(visitor.sessionToken)
    expect(body).not.toContain(stranger.network)
  })

  test('leaves out sessions that have ended by themselves', async () => {
    const { here, email } = await signedInTwice()
    await db.query(
      `update sessions set last_seen_at = now() - interval '8 days'
       where network <> $1 and account_id = (select id from accounts where email_canonical = $2)`,
      [here.network, email],
    )
    const { body } = await here.get(urls.sessions)
    expect(body).not.toContain('Safari on an iPhone')
    expect(body).toContain('You are signed in nowhere else.')
  })

  test('is there for whoever is signed in, and asks everybody else to', async () => {
    const visitor = new Visitor(site)
    const { status, headers } = await visitor.get(urls.sessions)
    expect(status).toBe(303)
    expect(headers.location).toContain(encodeURIComponent(urls.sessions))
    await visitor.register()
    expect((await visitor.get(urls.customerProfile)).body).toContain(`href="${urls.sessions}"`)
  })
})

describe('7.4.5 ending a session', () => {
  test('of another device ends that one at once, and is recorded', async () => {
    const { here, there, email } = await signedInTwice()
    const answer = await end(here, await idOf(there, email))
    expect(answer.headers.location).toBe(urls.sessions)
    expect((await here.get(urls.sessions)).body).toContain('That session has ended.')
    expect(await there.isSignedIn()).toBe(false)
    expect(await here.isSignedIn()).toBe(true)
    expect(await eventsOf(email, 'session-ended')).toBe(1)
  })

  test('16 times at once ends it once', async () => {
    const { here, there, email } = await signedInTwice()
    const form = { end: await idOf(there, email), submission: await here.token(urls.sessions) }
    const answers = await Promise.all(Array.from({ length: 16 }, () => here.at(site).post(urls.sessions, form)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(await eventsOf(email, 'session-ended')).toBe(1)
  })

  test.each([['of somebody else'], ['that never was'], ['that is no id'], ['that is empty']])(
    '8.2.2 by an id %s ends nothing',
    async (which) => {
      const { here, email } = await signedInTwice()
      const victim = new Visitor(site)
      const { email: theirs } = await victim.register()
      const ids: Record<string, string> = {
        'of somebody else': await idOf(victim, theirs),
        'that never was': newId(),
        'that is no id': `' or true --`,
        'that is empty': '',
      }
      const before = await db.count('sessions')
      const answer = await end(here, ids[which] as string)
      expect(answer.status).toBe(303)
      expect((await here.get(urls.sessions)).body).toContain('That session had ended already.')
      expect(await victim.isSignedIn()).toBe(true)
      expect(await db.count('sessions')).toBe(before)
      expect(await eventsOf(email, 'session-ended')).toBe(0)
      expect(await eventsOf(theirs, 'session-ended')).toBe(0)
    },
  )

  test('asks for the password again when it was given long ago', async () => {
    const { here, there, email } = await signedInTwice()
    await db.query(
      `update sessions set authenticated_at = now() - interval '11 minutes'
       where account_id = (select id from accounts where email_canonical = $1)`,
      [email],
    )
    for (const what of [await idOf(there, email), 'others']) {
      const answer = await end(here, what)
      expect(answer.headers.location).toContain(urls.reauthentication)
      expect(await there.isSignedIn()).toBe(true)
    }
    expect((await here.get(urls.sessions)).status, 'looking is not asked for it').toBe(200)
  })

  test('takes a form of this browser', async () => {
    const { here, there, email } = await signedInTwice()
    const form = { end: await idOf(there, email), submission: await there.token(urls.sessions) }
    await here.post(urls.sessions, form)
    expect((await here.get(urls.sessions)).body).toContain('press the button once more')
    expect(await there.isSignedIn()).toBe(true)
  })
})

describe('7.4.5 ending all others', () => {
  test('leaves this one alone, and is recorded once with how many', async () => {
    const { here, there, email, password } = await signedInTwice()
    const third = new Visitor(site)
    await third.signIn(email, password)
    await end(here, 'others')
    expect((await here.get(urls.sessions)).body).toContain('You are signed in here and nowhere else.')
    expect(await here.isSignedIn()).toBe(true)
    expect(await there.isSignedIn()).toBe(false)
    expect(await third.isSignedIn()).toBe(false)
    const rows = await db.query(
      `select details from audit_events e join accounts a on a.id = e.account_id
       where a.email_canonical = $1 and event = 'other-sessions-ended'`,
      [email],
    )
    expect(rows).toEqual([{ details: { count: 2 } }])
  })

  test('never touches another account', async () => {
    const { here } = await signedInTwice()
    const stranger = new Visitor(site)
    await stranger.register()
    await end(here, 'others')
    expect(await stranger.isSignedIn()).toBe(true)
  })

  test('ends one too that gets another token at that very moment', async () => {
    const { here, there, email } = await signedInTwice()
    const id = await idOf(there, email)
    const form = { end: 'others', submission: await here.token(urls.sessions) }
    const other = await connectionTo(db.appUrl)
    await other.query('begin')
    await other.query('update sessions set token_hash = sha256(token_hash) where id = $1', [id])
    const ending = here.post(urls.sessions, form)
    await expect
      .poll(() => db.count(`pg_stat_activity where wait_event_type = 'Lock' and datname = '${db.name}'`))
      .toBe(1)
    await other.query('commit')
    expect((await ending).status).toBe(303)
    expect(await db.count(`sessions where id = '${id}'`)).toBe(0)
  })

  test('from several devices at the same moment is answered to each, and leaves at most one signed in', async () => {
    const { here, there, email, password } = await signedInTwice()
    const more = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const visitor = new Visitor(site)
        await visitor.signIn(email, password)
        return visitor
      }),
    )
    const everybody = [here, there, ...more]
    const tokens = await Promise.all(everybody.map((visitor) => visitor.token(urls.sessions)))
    const answers = await Promise.all(
      everybody.map((visitor, index) =>
        visitor.post(urls.sessions, { end: 'others', submission: tokens[index] as string }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    const inside = await Promise.all(everybody.map((visitor) => visitor.isSignedIn()))
    expect(inside.filter(Boolean).length).toBeLessThanOrEqual(1)
  })
})

async function signedInTwice() {
  const here = new Visitor(site)
  const there = new Visitor(site)
  const { email, password } = await there.register()
  await signInWith(here, email, password, FIREFOX)
  await signInWith(there, email, password, IPHONE)
  return { here, there, email, password }
}

/** A sign-in ends the browser's former session, so that each has one. */
async function signInWith(visitor: Visitor, identifier: string, password: string, userAgent: string) {
  const submission = await visitor.token(visitor.sessionToken ? urls.customerProfile : urls.customerSignIn)
  const fields = { identifier, password, submission }
  const answer = await visitor.post(urls.customerSignIn, fields, { 'user-agent': userAgent })
  expect(answer.status).toBe(303)
}

async function end(visitor: Visitor, what: string) {
  return visitor.post(urls.sessions, { end: what, submission: await visitor.token(urls.sessions) })
}

async function idOf(visitor: Visitor, email: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `select s.id from sessions s join accounts a on a.id = s.account_id where a.email_canonical = $1 and s.network = $2`,
    [email, visitor.network],
  )
  return row?.id as string
}

async function eventsOf(email: string, event: string): Promise<number> {
  return db.count(
    `audit_events e join accounts a on a.id = e.account_id where a.email_canonical = '${email}' and event = '${event}'`,
  )
}
