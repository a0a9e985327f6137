import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { frontDoorOf, knock } from '../support/hostile-http.ts'
import { accountId, customer, invite, staffMember, type Person } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const secureSite = await openSite(db, { PUBLIC_URL: 'https://accounts.example' })
// Nobody can suspend the last admin, so there is one whom no test looks at.
await staffMember(db, site, 'admin')
const secure = frontDoorOf(secureSite)

describe('3.3.1, 3.3.2, 3.3.3, 3.3.4 every cookie', () => {
  test('over https is Secure, __Host-, HttpOnly, SameSite=Lax and for this host alone', async () => {
    const seen = await cookiesOfAJourney(secure)
    expect(names(seen)).toEqual(['browser', 'flash', 'invitation', 'session'].map((name) => `__Host-meridian-${name}`))
    for (const { attributes, line } of seen) {
      expect(attributes, line).toMatchObject({ secure: '', httponly: '', samesite: 'Lax', path: '/' })
      expect(attributes, line).not.toHaveProperty('domain')
    }
  })

  test('over http is all of it that browsers allow there', async () => {
    const seen = await cookiesOfAJourney(site)
    expect(names(seen)).toEqual(['browser', 'flash', 'invitation', 'session'].map((name) => `meridian-${name}`))
    for (const { attributes, line } of seen) {
      expect(attributes, line).toMatchObject({ httponly: '', samesite: 'Lax', path: '/' })
      expect(attributes, line).not.toHaveProperty('domain')
    }
  })

  test('of a session stands in no page and in no address', async () => {
    const { visitor, email, password } = await customer(secure)
    const token = visitor.sessionToken as string
    const answers = [
      await visitor.get(urls.landing),
      await visitor.get(urls.customerProfile),
      await visitor.get(urls.customerSignOut),
      await visitor.get('/nowhere/'),
      await new Visitor(secure).signIn(email, password),
    ]
    for (const { body, headers } of answers) {
      expect(body).not.toContain(token)
      expect(headers.location ?? '').not.toContain(token)
    }
  })

  test('without its prefix is not read where there is https', async () => {
    const { visitor } = await customer(secure)
    const cookie = `meridian-session=${visitor.sessionToken}`
    const answer = await knock(secureSite, { what: cookie, path: urls.customerProfile, headers: { cookie } })
    expect(answer.status).toBe(303)
  })
})

describe('7.2.1, CVE-2026-109373 a session token', () => {
  test('that was changed, guessed or made up is nobody’s', async () => {
    const { visitor } = await customer(site)
    const token = visitor.sessionToken as string
    const hash = createHash('sha256').update(token).digest()
    const forged = [
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.slice(0, -1),
      `${token}A`,
      token.toLowerCase(),
      ` ${token}`,
      `${token}.${token}`,
      hash.toString('base64url'),
      hash.toString('hex'),
      randomBytes(16).toString('base64url'),
      '1',
      'null',
      '%00',
      `${token}%00`,
    ].filter((other) => other.trim() !== token)
    for (const other of forged) {
      const cookie = `meridian-session=${other}`
      const answer = await knock(site, { what: other, path: urls.customerProfile, headers: { cookie } })
      expect(answer.status, other).toBe(303)
      expect(answer.headers.location, other).toContain(urls.customerSignIn)
    }
    expect(await visitor.isSignedIn()).toBe(true)
  })
})

describe('7.2.3 session tokens', () => {
  test('are all different, of at least 128 bits, and stored as hashes alone', async () => {
    const people = await Promise.all(Array.from({ length: 30 }, () => customer(site)))
    const others = await Promise.all(
      people.slice(0, 10).map(async ({ email, password }) => {
        const visitor = new Visitor(site)
        await visitor.signIn(email, password)
        return visitor
      }),
    )
    const tokens = [...people.map(({ visitor }) => visitor), ...others].map(
      ({ sessionToken }) => sessionToken as string,
    )
    expect(new Set(tokens).size).toBe(40)
    for (const token of tokens) expect(Buffer.from(token, 'base64url').length).toBeGreaterThanOrEqual(16)
    const [{ dump } = { dump: '' }] = await db.query<{ dump: string }>(
      `select string_agg(s::text, ' ') || (select string_agg(r::text, ' ') from receipts r)
        || (select string_agg(e::text, ' ') from audit_events e) as dump from sessions s`,
    )
    for (const token of tokens) {
      expect(dump).not.toContain(token)
      expect(dump).not.toContain(Buffer.from(token, 'base64url').toString('hex'))
      expect(dump).toContain(createHash('sha256').update(token).digest('hex'))
    }
  })
})

describe('7.2.4, CVE-2026-7507 signing in', () => {
  test('gives a new token and ends the old one', async () => {
    const { visitor, email, password } = await customer(site)
    const old = visitor.sessionToken as string
    const submission = await visitor.token(urls.customerSignOut)
    const answer = await visitor.post(urls.customerSignIn, { identifier: email, password, submission })
    expect(answer.status).toBe(303)
    expect(visitor.sessionToken).not.toBe(old)
    expect(await signedInWith(old)).toBe(false)
    expect(await visitor.isSignedIn()).toBe(true)
  })

  test('never takes a token that the browser brought along', async () => {
    const { email, password } = await customer(site)
    const planted = randomBytes(16).toString('base64url')
    const victim = new Visitor(site)
    victim.cookies.set('meridian-session', planted)
    await victim.signIn(email, password)
    expect(victim.sessionToken).not.toBe(planted)
    expect(await signedInWith(planted)).toBe(false)
  })

  test("with another's planted session ends that one in this browser", async () => {
    const attacker = await customer(site)
    const { email, password } = await customer(site)
    const victim = new Visitor(site)
    const submission = await victim.token(urls.customerSignIn)
    victim.cookies.set('meridian-session', attacker.visitor.sessionToken as string)
    await victim.post(urls.customerSignIn, { identifier: email, password, submission })
    expect((await victim.get(urls.customerProfile)).body).toContain(email)
    expect((await victim.get(urls.customerProfile)).body).not.toContain(attacker.email)
  })

  test('registering takes no planted token either', async () => {
    const planted = randomBytes(16).toString('base64url')
    const victim = new Visitor(site)
    victim.cookies.set('meridian-session', planted)
    await victim.register()
    expect(victim.sessionToken).not.toBe(planted)
    expect(await signedInWith(planted)).toBe(false)
  })

  test('that fails ends nothing and opens nothing', async () => {
    const { visitor, email } = await customer(site)
    const old = visitor.sessionToken as string
    const submission = await visitor.token(urls.customerSignOut)
    const answer = await visitor.post(urls.customerSignIn, { identifier: email, password: 'wrong', submission })
    expect(answer.status).toBe(422)
    expect(visitor.sessionToken).toBe(old)
    expect(await signedInWith(old)).toBe(true)
  })
})

describe('7.3.1, 7.3.2 a session ends', () => {
  const rows: { who: 'customer' | 'staff'; change: string; alive: boolean }[] = [
    { who: 'customer', change: `last_seen_at = now() - interval '6 days 23 hours'`, alive: true },
    { who: 'customer', change: `last_seen_at = now() - interval '7 days 1 minute'`, alive: false },
    { who: 'customer', change: `expires_at = now() + interval '1 minute'`, alive: true },
    { who: 'customer', change: `expires_at = now() - interval '1 second'`, alive: false },
    { who: 'staff', change: `last_seen_at = now() - interval '59 minutes'`, alive: true },
    { who: 'staff', change: `last_seen_at = now() - interval '61 minutes'`, alive: false },
    { who: 'staff', change: `expires_at = now() - interval '1 second'`, alive: false },
  ]

  test.for(rows)('of a $who with $change: $alive', async ({ who, change, alive }) => {
    const { visitor, email } = await person(who)
    await db.query(`update sessions set ${change} where account_id = $1`, [await accountId(db, email)])
    const answer = await visitor.get(who === 'staff' ? urls.staffProfile : urls.customerProfile)
    expect(answer.status).toBe(alive ? 200 : 303)
  })

  test.for([
    ['customer', 30 * 24],
    ['staff', 24],
  ] as const)('of a %s within %i hours whatever happens: use does not prolong it', async ([who, hours]) => {
    const { visitor, email } = await person(who)
    const id = await accountId(db, email)
    const expiry = `select extract(epoch from expires_at - created_at)::int / 3600 as hours, expires_at from sessions where account_id = $1`
    const [before] = await db.query<{ hours: number }>(expiry, [id])
    expect(before?.hours).toBe(hours)
    await db.query(`update sessions set last_seen_at = now() - interval '30 minutes' where account_id = $1`, [id])
    await visitor.get(urls.landing)
    expect(await db.query(expiry, [id])).toEqual([before])
    const [row] = await db.query(
      `select last_seen_at > now() - interval '1 minute' as seen from sessions where account_id = $1`,
      [id],
    )
    expect(row).toEqual({ seen: true })
  })
})

describe('7.4.1 after signing out', () => {
  test('the token is nobody’s, and only this browser’s has ended', async () => {
    const { visitor, email, password } = await customer(site)
    const elsewhere = new Visitor(site)
    await elsewhere.signIn(email, password)
    const token = visitor.sessionToken as string
    await visitor.submit(urls.customerSignOut, {})
    expect(await signedInWith(token)).toBe(false)
    expect(await elsewhere.isSignedIn()).toBe(true)
  })

  test('the form of the former session changes nothing', async () => {
    const { visitor, email } = await customer(site)
    const submission = await visitor.token(urls.customerProfile)
    const token = visitor.sessionToken as string
    await visitor.submit(urls.customerSignOut, {})
    visitor.cookies.set('meridian-session', token)
    await visitor.post(urls.customerProfile, { first_name: 'Mallory', last_name: 'M', submission })
    const [row] = await db.query(`select first_name from accounts where email_canonical = $1`, [email])
    expect(row).toEqual({ first_name: 'Ann' })
  })
})

describe('7.4.2, CVE-2023-22492 a suspended account', () => {
  test.for(['customer', 'staff'] as const)('of a %s is signed out at the next request, everywhere', async (who) => {
    const { visitor, email, password } = await person(who)
    const elsewhere = new Visitor(site)
    await elsewhere.signIn(email, password)
    await db.query(`update accounts set status = 'suspended' where email_canonical = $1`, [email])
    const page = who === 'staff' ? urls.console : urls.customerProfile
    for (const browser of [visitor, elsewhere]) expect((await browser.get(page)).status).toBe(303)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
  })

  test('changes nothing with a form that stands open', async () => {
    const { visitor, email } = await customer(site)
    const submission = await visitor.token(urls.customerProfile)
    await db.query(`update accounts set status = 'suspended' where email_canonical = $1`, [email])
    await visitor.post(urls.customerProfile, { first_name: 'Mallory', last_name: 'M', submission })
    const [row] = await db.query(`select first_name from accounts where email_canonical = $1`, [email])
    expect(row).toEqual({ first_name: 'Ann' })
  })

  test('cannot be entered by sending its registration again', async () => {
    const visitor = new Visitor(site)
    const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    await visitor.at(site).post(urls.customerRegistration, form)
    await db.query(`update accounts set status = 'suspended' where email_canonical = $1`, [form['email']])
    expect((await visitor.post(urls.customerRegistration, form)).status).toBe(422)
    expect(visitor.sessionToken).toBeUndefined()
  })

  test('that is deleted takes its sessions along', async () => {
    const { visitor, email } = await customer(site)
    await db.query(`delete from accounts where email_canonical = $1`, [email])
    expect(await visitor.isSignedIn()).toBe(false)
  })
})

describe('7.4.4 a way out', () => {
  test.for(['customer', 'staff'] as const)('stands on every page that a %s sees', async (who) => {
    const { visitor } = await person(who)
    const [profile, signOut] =
      who === 'staff' ? [urls.staffProfile, urls.staffSignOut] : [urls.customerProfile, urls.customerSignOut]
    for (const path of [urls.landing, profile, ...(who === 'staff' ? [urls.console] : [])]) {
      const { body } = await visitor.get(path)
      expect(body, path).toMatch(new RegExp(`<form[^>]*method="post" action="${signOut}"`))
      expect(body, path).toContain('Sign out')
    }
  })
})

interface Cookie {
  name: string
  line: string
  attributes: Record<string, string>
}

/** Everything that sets a cookie: registering, signing in and out, saving, an invitation. */
async function cookiesOfAJourney(of: { url: string }): Promise<Cookie[]> {
  const visitor = new Visitor(of)
  const form = registrationForm()
  const invited = new Visitor(of)
  const answers: Answer[] = [
    await visitor.get(urls.customerRegistration),
    await visitor.submit(urls.customerRegistration, form),
    await visitor.get(urls.landing),
    await visitor.submit(urls.customerSignOut, {}),
    await visitor.submit(urls.customerSignIn, {
      identifier: form['email'] as string,
      password: form['password'] as string,
    }),
    await visitor.submit(urls.customerProfile, { first_name: 'Ann', last_name: 'Archer' }),
    await new Visitor(of).get(urls.customerProfile),
    await invited.get(`${urls.staffRegistration}?code=${await invite(db)}`),
    await invited.submit(urls.staffRegistration, registrationForm()),
  ]
  return answers.flatMap(({ headers }) => headers['set-cookie'] ?? []).map(cookieFrom)
}

function cookieFrom(line: string): Cookie {
  const [pair = '', ...parts] = line.split('; ')
  const attributes = Object.fromEntries(
    parts.map((part) => {
      const [name = '', value = ''] = part.split('=')
      return [name.toLowerCase(), value]
    }),
  )
  return { name: pair.split('=')[0] ?? '', line, attributes }
}

function names(cookies: readonly Cookie[]): string[] {
  return [...new Set(cookies.map(({ name }) => name))].toSorted()
}

function person(who: 'customer' | 'staff'): Promise<Person> {
  return who === 'staff' ? staffMember(db, site) : customer(site)
}

async function signedInWith(token: string): Promise<boolean> {
  const headers = { cookie: `meridian-session=${token}` }
  return (await knock(site, { what: token, path: urls.customerProfile, headers })).status === 200
}
