import { describe, expect, test } from 'vitest'
import { dictionary } from '@zxcvbn-ts/language-common'
import {
  FAILURES_THAT_DISABLE,
  SIGN_INS_PER_ACCOUNT,
  SIGN_INS_PER_ACCOUNT_AND_NETWORK,
  SIGN_INS_PER_NETWORK,
} from '../../src/accounts/passwords/guesses.ts'
import { REGISTRATIONS_PER_NETWORK } from '../../src/flows/registration/register.ts'
import { STAFF_REGISTRATIONS_PER_NETWORK } from '../../src/flows/staff-registration/register-staff.ts'
import { urls } from '../../src/urls.ts'
import { canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { inBatches, someNetwork } from '../support/hostile-http.ts'
import { accountId, auditDuring, customer, invite, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type Answer } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const PARALLEL = 40
const browser = new Visitor(site)
const signInToken = browser.token(urls.customerSignIn)

describe('6.1.2, 6.2.11 a password', () => {
  const own = { first_name: 'Wilhelmina', last_name: 'Featherstonehaugh', company: 'Quayside Lanterns' }

  test.for([
    ['of the brand', 'Meridian Asset Logistics'],
    ['of the brand and a number', 'meridianassetlogistics1'],
    ['of the first name', 'wilhelmina1'],
    ['of the whole name', 'Wilhelmina Featherstonehaugh'],
    ['of the name, written together', 'WilhelminaFeatherstonehaugh!'],
    ['of the company', 'Quayside Lanterns'],
  ])('%s is refused', async ([, password]) => {
    const { answer } = await new Visitor(site).register({ ...own, password: password as string })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain('<a href="#password">')
  })

  test('of the email address or the username is refused', async () => {
    const form = registrationForm({ username: 'lighthouse.keeper' })
    for (const password of [form['email'], form['email']?.split('@')[0], 'lighthouse.keeper', 'lighthousekeeper1']) {
      const answer = await new Visitor(site).submit(urls.customerRegistration, {
        ...form,
        password: password as string,
      })
      expect(answer.status, password).toBe(422)
    }
  })
})

describe('6.2.1 a password', () => {
  test.for([
    [7, true],
    [8, false],
  ] as const)("of %i characters is too short for a customer's: %s", async ([length, tooShort]) => {
    const { answer } = await new Visitor(site).register({ password: 'q7#zvK!m'.slice(0, length) })
    expect(answer.body.includes('Use at least 8 characters.')).toBe(tooShort)
  })

  test('of eight characters that nobody can guess is enough, since eight is what the page asks for', async () => {
    const answers = ['q7#zvK!m', 'W2&pLx9@', 'h!4RtZ8v'].map(
      async (password) => (await new Visitor(site).register({ password })).answer.status,
    )
    expect(await Promise.all(answers)).toContain(303)
  })

  test.for([
    [14, 422],
    [15, 303],
  ] as const)("of %i characters: a staff member's gets %i", async ([length, status]) => {
    const visitor = new Visitor(site)
    await visitor.get(`${urls.staffRegistration}?code=${await invite(db)}`)
    const form = registrationForm({ password: 'q7#zvK!mX2&pLw9'.slice(0, length) })
    expect((await visitor.submit(urls.staffRegistration, form)).status).toBe(status)
  })

  test('is as long as it has code points, not bytes or UTF-16 units', async () => {
    const { answer } = await new Visitor(site).register({ password: '👍🐙🚲🎻' })
    expect(answer.status).toBe(422)
  })
})

describe('6.2.4 a password', () => {
  const common = dictionary['passwords-common'].filter((word) => word.length >= 8).slice(0, 3000)
  const samples = common.filter((_, at) => at % Math.ceil(common.length / 40) === 0)

  test.for([...samples, 'password', 'Password', 'PASSWORD1', 'qwertyuiop', '12345678', 'iloveyou', 'letmein123'])(
    'of the most common ones is refused: %s',
    async (password) => {
      const { answer } = await new Visitor(site).register({ password })
      expect(answer.status).toBe(422)
    },
  )
})

describe('6.2.5, 6.2.8, 6.2.9 a password', () => {
  const long = 'lantern quay harbour zebra kettle ' + 'x7Qp'.repeat(40)
  const accepted: [string, string][] = [
    ['of lower-case letters alone', 'kettleharbourzebralantern'],
    ['with spaces at both ends', '  kettle harbour zebra  '],
    ['of emoji', '🐙🚲🎻🧭🦉🪁🍐🧶'],
    ['of Chinese', '海港壶斑马灯笼码头钟楼'],
    ['of Arabic', 'ميناء غلاية حمار وحشي'],
    ['of digits alone, long', '73920584716350284917'],
    ['of 64 characters', long.slice(0, 64)],
    ['of 73 characters', long.slice(0, 73)],
    ['of 128 characters', long.slice(0, 128)],
    ['of 256 characters', long.padEnd(256, 'mN4v')],
    ['with a line break and a tab', 'kettle\tharbour zebra\nquay'],
    ['of markup', '<script>"\'&;--%00</script> zebra'],
    ['in a decomposed form', 'café kettle harbour zebra'.normalize('NFD')],
  ]

  test.for(accepted)('%s is taken, and verified whole and as it was', async ([, password]) => {
    const { answer, email } = await new Visitor(site).register({ password })
    expect(answer.status).toBe(303)
    const changed = [password.slice(0, -1), `${password}x`, password.toUpperCase(), ` ${password}`, password.trim()]
    for (const other of changed.filter((other) => other !== password && other !== ''))
      expect((await new Visitor(site).signIn(email, other)).status, JSON.stringify(other)).toBe(422)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
    expect((await new Visitor(site).signIn(email, password.normalize('NFC'))).status).toBe(303)
  })

  test('that differs from the 73rd byte on is another', async () => {
    const { email } = await new Visitor(site).register({ password: long.slice(0, 100) })
    const almost = `${long.slice(0, 72)}${'?'.repeat(28)}`
    expect((await new Visitor(site).signIn(email, almost)).status).toBe(422)
  })
})

describe('6.3.1, 2.3.2, CVE-2024-4629 parallel guesses', () => {
  const most = SIGN_INS_PER_ACCOUNT_AND_NETWORK.most

  test.for(['a known', 'an unknown'])(
    'at %s account: two hundred at once, and as many are looked at as the limit says',
    async (which) => {
      const email = which === 'a known' ? (await customer(site)).email : 'nobody.at.all@example.com'
      const network = someNetwork()
      const events = await auditDuring(db, async () => {
        const answers = await guess(200, () => ({ identifier: email, network }))
        expect(tally(answers)).toEqual({ 422: most, 429: 200 - most })
      })
      expect(events.length).toBe(most)
    },
  )

  test('at one account from everywhere', async () => {
    const { email } = await customer(site)
    const answers = await guess(SIGN_INS_PER_ACCOUNT.most + 30, () => ({ identifier: email, network: someNetwork() }))
    expect(tally(answers)).toEqual({ 422: SIGN_INS_PER_ACCOUNT.most, 429: 30 })
  })

  test('at everybody from one network', async () => {
    const answers = await guess(SIGN_INS_PER_NETWORK.most + 20, (at) => ({
      identifier: `guess.${at}`,
      network: '192.0.2.3',
    }))
    expect(tally(answers)).toEqual({ 422: SIGN_INS_PER_NETWORK.most, 429: 20 })
  })

  test('under all the names of one account are guesses at one account', async () => {
    const visitor = new Visitor(site)
    const { email } = await visitor.register({ username: 'under.two.names' })
    const names = [email, email.toUpperCase(), ` ${email}\t`, 'under.two.names', 'Under.Two.Names', ' UNDER.TWO.NAMES']
    const answers = await guess(120, (at) => ({ identifier: names[at % names.length] as string, network: '192.0.2.4' }))
    expect(tally(answers)).toEqual({ 422: most, 429: 120 - most })
  })

  test('do not let the right password in once the limit is reached', async () => {
    const { email, password } = await customer(site)
    await guess(most, () => ({ identifier: email, network: '192.0.2.5' }))
    const visitor = new Visitor(site, '192.0.2.5')
    const answer = await visitor.signIn(email, password)
    expect(answer.status).toBe(429)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(visitor.sessionToken).toBeUndefined()
  })

  test('6.1.1 lock nobody out elsewhere: the owner signs in from another network', async () => {
    const { email, password } = await customer(site)
    await guess(most + 5, () => ({ identifier: email, network: '192.0.2.6' }))
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test('cost longer after every overrun window, and never longer than a day', async () => {
    const { email } = await customer(site)
    const waits: number[] = []
    for (let window = 0; window < 8; window += 1) {
      const answers = await guess(most + 1, () => ({ identifier: email, network: '192.0.2.7' }))
      waits.push(...answers.map(({ headers }) => Number(headers['retry-after'] ?? 0)).filter((wait) => wait > 0))
      await db.query(`update limits set window_ends_at = now()`)
    }
    expect(waits).toHaveLength(8)
    for (const [at, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(waits[at - 1] ?? 0)
    expect(waits[1]).toBeGreaterThan((waits[0] as number) * 1.5)
    expect(Math.max(...waits)).toBeLessThanOrEqual(24 * 60 * 60)
  })
})

describe('2.3.2, 2.4.1 registrations from one network', () => {
  const { most } = REGISTRATIONS_PER_NETWORK

  test('all at once: as many as the limit says, exactly', async () => {
    const answers = await registrations(most + 20, '192.0.2.20')
    expect(tally(answers)).toEqual({ 303: most, 429: 20 })
    const [row] = await db.query(`select count(*)::int as sessions from sessions where network = '192.0.2.20'`)
    expect(row).toEqual({ sessions: most })
  })

  test('one more keeps what was typed, and another network is not concerned', async () => {
    const [late] = (await registrations(1, '192.0.2.20')) as [Answer]
    expect(late.status).toBe(429)
    expect(late.body).toContain('value="Archer"')
    expect(tally(await registrations(1, '192.0.2.21'))).toEqual({ 303: 1 })
  })

  test('of staff', async () => {
    const { most } = STAFF_REGISTRATIONS_PER_NETWORK
    const visitor = new Visitor(site, '192.0.2.22')
    await visitor.get(`${urls.staffRegistration}?code=${await invite(db)}`)
    const submission = await visitor.token(urls.staffRegistration)
    visitor.cookies.set('meridian-invitation', 'guessed')
    const attempts = Array.from({ length: most + 10 }, () => ({ ...registrationForm(), submission }))
    const answers = await inBatches(attempts, PARALLEL, (form) => visitor.at(site).post(urls.staffRegistration, form))
    expect(tally(answers)).toEqual({ 410: most, 429: 10 })
  })
})

describe('2.3.4 what there is only one of', () => {
  test('an address: fifty at once, one account', async () => {
    const { email } = registrationForm() as { email: string }
    const answers = await inBatches(
      Array.from({ length: 50 }),
      50,
      async () => (await new Visitor(site).register({ email })).answer,
    )
    expect(tally(answers)).toEqual({ 303: 1, 422: 49 })
  })

  test('a username: fifty at once, one account', async () => {
    const username = 'one.of.a.kind'
    const answers = await inBatches(
      Array.from({ length: 50 }),
      50,
      async () => (await new Visitor(site).register({ username })).answer,
    )
    expect(tally(answers)).toEqual({ 303: 1, 422: 49 })
  })

  test('an invitation: fifty at once, one staff member', async () => {
    const code = await invite(db, 'manager')
    const people = Array.from({ length: 50 }, () => new Visitor(site))
    const forms = await Promise.all(
      people.map(async (person) => {
        await person.get(`${urls.staffRegistration}?code=${code}`)
        return { person, form: { ...registrationForm(), submission: await person.token(urls.staffRegistration) } }
      }),
    )
    const answers = await Promise.all(forms.map(({ person, form }) => person.post(urls.staffRegistration, form)))
    expect(tally(answers)).toEqual({ 303: 1, 410: 49 })
    const [row] = await db.query(`select count(*)::int from staff_profiles where role = 'manager'`)
    expect(row).toEqual({ count: 1 })
  })
})

describe('6.3.2 a fresh installation', () => {
  test('has no account, no password and no invitation', async () => {
    const fresh = await freshDatabase()
    for (const table of ['accounts', 'passwords', 'sessions', 'invitations', 'staff_profiles'])
      expect(await fresh.count(table), table).toBe(0)
  })

  test.for(['admin', 'root', 'administrator', 'test', 'guest', 'meridian'])('lets no %s in', async (identifier) => {
    for (const password of ['admin', 'root', 'password', 'changeme', identifier])
      expect((await new Visitor(site).signIn(identifier, password)).status).toBe(422)
  })
})

describe('6.3.8 known and unknown people', () => {
  const password = 'not the right one 77'

  test.for([urls.customerSignIn, urls.staffSignIn])('get the same answer at %s, byte for byte', async (path) => {
    const known = await customer(site)
    const suspended = await customer(site)
    const disabled = await customer(site)
    const without = await customer(site)
    const staff = await staffMember(db, site)
    await db.query(`update accounts set status = 'suspended' where id = $1`, [await accountId(db, suspended.email)])
    await db.query(`update passwords set disabled_at = now() where account_id = $1`, [
      await accountId(db, disabled.email),
    ])
    await db.query(`delete from passwords where account_id = $1`, [await accountId(db, without.email)])
    const unknown = await answerTo(path, 'canary.0123456789@example.com', password)
    for (const { email } of [known, suspended, disabled, without, staff])
      expect(await answerTo(path, email, password), email).toEqual(unknown)
  })

  test('run into the same limit, in the same words', async () => {
    const { email } = await customer(site)
    const [known, unknown] = await Promise.all(
      [email, 'canary.9876543210@example.com'].map(async (identifier) => {
        const network = someNetwork()
        await guess(SIGN_INS_PER_ACCOUNT_AND_NETWORK.most, () => ({ identifier, network }))
        return answerTo(urls.customerSignIn, identifier, password, network)
      }),
    )
    expect(known?.status).toBe(429)
    expect(known).toEqual(unknown)
  })

  test('leave a record of the same kind', async () => {
    const { email } = await customer(site)
    const known = await auditDuring(db, () => answerTo(urls.customerSignIn, email, password))
    const unknown = await auditDuring(db, () => answerTo(urls.customerSignIn, 'nobody@example.com', password))
    expect(known.map(({ event, details }) => ({ event, details }))).toEqual(
      unknown.map(({ event, details }) => ({ event, details })),
    )
  })

  async function answerTo(path: string, identifier: string, secret: string, network = someNetwork()) {
    const visitor = new Visitor(site, network)
    const { status, headers, body } = await visitor.submit(path, { identifier, password: secret })
    const { date: _, 'set-cookie': cookies = [], 'retry-after': wait, ...others } = headers
    return {
      status,
      headers: others,
      cookies: cookies.map((line) => line.split('=')[0]),
      waits: wait !== undefined,
      body: body
        .replaceAll(/name="submission" value="[^"]+"/g, '')
        .replaceAll(identifier, 'somebody')
        .replaceAll(/\d+ (second|minute)s?/g, 'a while'),
    }
  }
})

describe('6.4.2 there is no hint and no secret question', () => {
  test('in any column or form', async () => {
    const columns = await db.query(
      `select table_name, column_name from information_schema.columns where table_schema = 'public'
       and column_name ~* 'hint|question|answer|reminder|maiden|pet'`,
    )
    expect(columns).toEqual([])
    const { body } = await new Visitor(site).get(urls.customerRegistration)
    expect(body).not.toMatch(/name="[^"]*(hint|question|answer)/i)
  })
})

describe('11.4.2 passwords are stored', () => {
  test('as argon2id with a salt of their own; nothing else of them is', async () => {
    const same = canaryPassword()
    const people = await Promise.all([1, 2].map(() => new Visitor(site).register({ password: same })))
    const rows = await db.query<{ hash: string }>(
      `select w.hash from passwords w join accounts a on a.id = w.account_id where a.email_canonical = any($1)`,
      [people.map(({ email }) => email)],
    )
    const salts = rows.map(({ hash }) => {
      const [, algorithm, version, , salt = ''] = hash.split('$')
      expect([algorithm, version]).toEqual(['argon2id', 'v=19'])
      expect(Buffer.from(salt, 'base64').length).toBeGreaterThanOrEqual(16)
      return salt
    })
    expect(new Set(salts).size).toBe(2)
  })

  test('by default at no less than the floor, and made anew at sign-in where they are below it', async () => {
    const { readConfig } = await import('../../src/config.ts')
    const { ARGON2_MEMORY_KIB, ARGON2_PASSES } = readConfig({ SECRET: 'x'.repeat(32) })
    expect(ARGON2_MEMORY_KIB).toBeGreaterThanOrEqual(19_456)
    expect(ARGON2_PASSES).toBeGreaterThanOrEqual(2)
    const { email, password } = await customer(site)
    const dearer = await openSite(db, { ARGON2_MEMORY_KIB: '2048', ARGON2_PASSES: '3' })
    expect((await new Visitor(dearer).signIn(email, password)).status).toBe(303)
    const [row] = await db.query<{ hash: string }>(`select hash from passwords where account_id = $1`, [
      await accountId(db, email),
    ])
    expect(row?.hash).toContain('$m=2048,t=3,p=1$')
  })
})

describe('16.3.1 every attempt is recorded once, with its factor', () => {
  test('refused, admitted, suspended, unknown, signed out', async () => {
    const { visitor, email, password } = await customer(site)
    const id = await accountId(db, email)
    const events = await auditDuring(db, async () => {
      await new Visitor(site).signIn(email, 'wrong')
      await new Visitor(site).signIn('nobody@example.com', 'wrong')
      await new Visitor(site).signIn(email, password)
      await visitor.submit(urls.customerSignOut, {})
      await db.query(`update accounts set status = 'suspended' where id = $1`, [id])
      await new Visitor(site).signIn(email, password)
    })
    expect(events.map(({ event, account_id, details }) => ({ event, account_id, details }))).toEqual([
      { event: 'sign-in-refused', account_id: id, details: { factor: 'password', reason: 'wrong-credentials' } },
      { event: 'sign-in-refused', account_id: null, details: { factor: 'password', reason: 'wrong-credentials' } },
      { event: 'signed-in', account_id: id, details: { factor: 'password' } },
      { event: 'signed-out', account_id: id, details: {} },
      { event: 'sign-in-refused', account_id: id, details: { factor: 'password', reason: 'account-suspended' } },
    ])
    for (const { network, reference } of events) {
      expect(network).toMatch(/^10\./)
      expect(reference).toMatch(/^MA-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
    }
  })

  test('two hundred at once: as many records as were looked at', async () => {
    const { email } = await customer(site)
    const events = await auditDuring(db, () => guess(200, () => ({ identifier: email, network: '192.0.2.40' })))
    expect(events.length).toBe(SIGN_INS_PER_ACCOUNT_AND_NETWORK.most)
  })
})

describe('NIST SP 800-63B-4, 3.2.2: a hundred failures in a row', () => {
  test('disable the password, and ninety-nine do not', async () => {
    const { email, password } = await customer(site)
    await fail(email, FAILURES_THAT_DISABLE - 1)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
    const events = await auditDuring(db, () => fail(email, FAILURES_THAT_DISABLE))
    expect(events.filter(({ event }) => event === 'password-disabled')).toHaveLength(1)
    const visitor = new Visitor(site)
    expect((await visitor.signIn(email, password)).status).toBe(422)
    expect(visitor.sessionToken).toBeUndefined()
  })

  test('are counted exactly, however many come at once', async () => {
    const { email, password } = await customer(site)
    await fail(email, FAILURES_THAT_DISABLE - 10)
    await db.query('delete from limits')
    const events = await auditDuring(db, () => guess(40, () => ({ identifier: email, network: someNetwork() })))
    expect(events.filter(({ event }) => event === 'password-disabled')).toHaveLength(1)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
  })

  test('leave the sessions that there are', async () => {
    const { visitor, email } = await customer(site)
    await fail(email, FAILURES_THAT_DISABLE)
    expect(await visitor.isSignedIn()).toBe(true)
  })

  /** In as many hours as it takes: the limits of each are over before the next. */
  async function fail(identifier: string, times: number): Promise<void> {
    for (let left = times; left > 0; left -= 30) {
      await db.query('delete from limits')
      const answers = await guess(Math.min(left, 30), () => ({ identifier, network: someNetwork() }))
      expect(Object.keys(tally(answers))).toEqual(['422'])
    }
  }
})

/** Wrong passwords, all at once. */
async function guess(times: number, at: (index: number) => { identifier: string; network: string }): Promise<Answer[]> {
  const submission = await signInToken
  return Promise.all(
    Array.from({ length: times }, (_, index) => {
      const { identifier, network } = at(index)
      const fields = { identifier, password: `guess number ${index}`, submission }
      return browser.at(site).post(urls.customerSignIn, fields, { 'x-forwarded-for': network })
    }),
  )
}

/** Everybody in one network at once, from forms that stand open. */
async function registrations(times: number, network: string): Promise<Answer[]> {
  const visitor = new Visitor(site, network)
  const submission = await visitor.token(urls.customerRegistration)
  const forms = Array.from({ length: times }, () => ({ ...registrationForm(), submission }))
  return Promise.all(forms.map((form) => visitor.at(site).post(urls.customerRegistration, form)))
}

function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
