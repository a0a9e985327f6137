import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { canaryEmail } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { FORM, knock, someNetwork } from '../support/hostile-http.ts'
import { accountId, checksum, customer } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const otherNode = await openSite(db)

describe('supabase #2675: fifty identical registrations at once, over two nodes', () => {
  test('are one account, and the losers get words, never a raw error', async () => {
    const visitor = new Visitor(site)
    const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        visitor.at(at % 2 ? site : otherNode).post(urls.customerRegistration, form),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(new Set(answers.map(({ headers }) => headers.location))).toEqual(new Set([urls.landing]))
    const [row] = await db.query(
      `select count(*)::int as accounts, (select count(*)::int from letters where recipient = $1) as letters from accounts where email_canonical = $1`,
      [form['email']],
    )
    expect(row).toEqual({ accounts: 1, letters: 1 })
  })

  test('of fifty people with one address make one account, and forty-nine the same refusal', async () => {
    const email = canaryEmail()
    const answers = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, at) => (await new Visitor(at % 2 ? site : otherNode).register({ email })).answer,
      ),
    )
    const refused = answers.filter(({ status }) => status === 422)
    expect([answers.length - refused.length, refused.length]).toEqual([1, 49])
    const bodies = refused.map(({ body }) => body.replaceAll(/name="submission" value="[^"]+"/g, ''))
    expect(new Set(bodies).size).toBe(1)
    expect(bodies[0]).toContain('This email address is already registered.')
  })
})

describe('GHSA-c546-8jmq-hprj (zenml): duplicate users', () => {
  test('are impossible, because the database says so', async () => {
    const unique = await db.query<{ definition: string }>(
      `select indexdef as definition from pg_indexes where tablename = 'accounts' and indexdef like '%UNIQUE%'`,
    )
    const definitions = unique.map(({ definition }) => definition).join('\n')
    expect(definitions).toMatch(/\(email_canonical\)/)
    expect(definitions).toMatch(/\(username_canonical\)/)
  })

  test('neither is one account of which the address is another’s, by any statement', async () => {
    const [one, two] = await Promise.all([customer(site), customer(site)])
    await expect(
      db.query(`update accounts set email_canonical = $1 where email_canonical = $2`, [one.email, two.email]),
    ).rejects.toThrow('accounts_email_canonical_key')
  })
})

describe('CVE-2023-7028 (GitLab): an address that is several', () => {
  const shapes: [string, (email: string, mine: string) => string, number][] = [
    ['an array', (email, mine) => `email[]=${email}&email[]=${mine}`, 400],
    ['an array of one', (email) => `email[]=${email}`, 422],
    ['an object', (email, mine) => `email[a]=${email}&email[b]=${mine}`, 422],
    ['twice', (email, mine) => `email=${email}&email=${mine}`, 400],
    ['twice, once encoded', (email, mine) => `email=${email}&%65mail=${mine}`, 400],
    ['JSON', (email, mine) => `email=${encodeURIComponent(JSON.stringify([email, mine]))}`, 422],
    ['a line break between', (email, mine) => `email=${email}%0d%0a${mine}`, 422],
  ]

  test.for(shapes)('(%s) gets no letter and no account', async ([, shape, status]) => {
    const mine = canaryEmail()
    const { email } = await customer(site)
    const visitor = new Visitor(site)
    const { email: _, ...others } = registrationForm()
    const submission = await visitor.token(urls.customerRegistration)
    const before = await db.count('letters')
    const body = `${new URLSearchParams({ ...others, submission })}&${shape(email, mine)}`
    const answer = await visitor.send(
      'POST',
      urls.customerRegistration,
      { 'content-type': FORM, 'sec-fetch-site': 'same-origin' },
      body,
    )
    expect(answer.status).toBe(status)
    expect(await db.count('letters')).toBe(before)
  })
})

describe('CVE-2022-35924 (next-auth): an address with a second one in it', () => {
  const separators = [',', ', ', ';', ' ', '%2c', '\t', '\n', '\u0000', '，', '；', '|', '>,<', '\\,', '"@']
  test.for(separators.map((separator) => [separator]))('joined by %j is none', async ([separator]) => {
    for (const email of [`${canaryEmail()}${separator}${canaryEmail()}`, `a${separator}${canaryEmail()}`]) {
      // A pipe is a letter of RFC 5322's dot-atom: without a second @ it is one address.
      if (separator === '|' && email.startsWith('a|')) continue
      if (separator === '%2c' && email.startsWith('a%')) continue
      const { answer } = await new Visitor(site).register({ email })
      expect(answer.status, email).toBe(422)
    }
  })
})

describe('CVE-2026-73420 (Auth.js): an address that normalisation makes another', () => {
  const tricks = [
    'ann＠example.com',
    'ann﹫example.com',
    'ann@example。com',
    'ann@exampleｰcom',
    'ａnn@example.com',
    'ann@ｅxample.com',
    'ﬁnn@example.com',
    'ann@ﬁnn.com',
    'ann@example.ⓒom',
    'Kevin@example.com'.replace('K', '\u212a'),
    'ann@\u212aevin.com',
    'ſam@example.com',
    'ann@ſam.com',
    'ıan@example.com',
    'İan@example.com',
    'ann\u200b@example.com',
    'ann@exam\u200bple.com',
    'ann@exam\u00adple.com',
    'ann@exam\u2060ple.com',
    'ann@\ufeffexample.com',
    'ann@exam\u180eple.com',
    'a\u0300nn@example.com',
    'ann@example\u202e.com',
    'ann@xn--.com',
    'ann@xn--a.com',
    'ann@xn--example-.com',
    'ann@℀example.com',
    'ann@example.com℅b.com',
    'ann@½.com',
  ]

  test.for(tricks.map((email) => [email]))('(%s) is refused, never mapped', async ([email]) => {
    const { answer } = await new Visitor(site).register({ email: email as string })
    expect(answer.status).toBe(422)
    expect((await new Visitor(site).signIn(email as string, 'kettle harbour 77 zebra')).status).toBe(422)
  })

  test('of a look-alike domain is another person, and never merged', async () => {
    const [latin, cyrillic] = ['homograph@apple.example', 'homograph@аpple.example']
    for (const email of [latin, cyrillic]) expect((await new Visitor(site).register({ email })).answer.status).toBe(303)
    const rows = await db.query<{ email_canonical: string }>(
      `select email_canonical from accounts where email_canonical like 'homograph@%' order by 1`,
    )
    expect(rows.map(({ email_canonical }) => email_canonical)).toEqual([
      'homograph@apple.example',
      'homograph@xn--pple-43d.example',
    ])
  })

  test('that is an A-label or its Unicode is one address', async () => {
    expect((await new Visitor(site).register({ email: 'one@bücher.example' })).answer.status).toBe(303)
    expect((await new Visitor(site).register({ email: 'one@xn--bcher-kva.example' })).answer.status).toBe(422)
    expect((await new Visitor(site).register({ email: 'ONE@BÜCHER.example' })).answer.status).toBe(422)
  })
})

describe('CVE-2026-15617 (Logto): variants of one name', () => {
  test('of an address are one account, at registration and at sign-in', async () => {
    const { email, password } = await customer(site)
    const variants = [
      email.toUpperCase(),
      ` ${email}`,
      `${email}\t`,
      email.replace('canary', 'CaNaRy'),
      email.replace('example', 'EXAMPLE'),
    ]
    for (const variant of variants) {
      expect((await new Visitor(site).register({ email: variant })).answer.status, JSON.stringify(variant)).toBe(422)
      expect((await new Visitor(site).signIn(variant, password)).status, JSON.stringify(variant)).toBe(303)
    }
  })

  test('that tell mailboxes apart stay apart', async () => {
    const { email } = await customer(site)
    for (const other of [email.replace('canary', 'can.ary'), email.replace('@', '+tag@')])
      expect((await new Visitor(site).register({ email: other })).answer.status, other).toBe(303)
  })

  test('of a username are one account', async () => {
    await new Visitor(site).register({ username: 'Zoë.Ångström' })
    const variants = ['zoë.ångström', 'ZOË.ÅNGSTRÖM', 'Zoë.Ångström'.normalize('NFD'), ' zoë.ångström ']
    for (const username of variants)
      expect((await new Visitor(site).register({ username })).answer.status, JSON.stringify(username)).toBe(422)
  })

  test('of a username that look alike because of what nobody sees are refused', async () => {
    const hidden = [
      '\u200b',
      '\u200d',
      '\u2060',
      '\u00ad',
      '\ufeff',
      '\ufe0f',
      '\u034f',
      '\u180b',
      '\u115f',
      '\u3164',
      '\u{e0100}',
    ]
    const accepted: string[] = []
    for (const mark of hidden) {
      const { answer } = await new Visitor(site).register({ username: `look${mark}alike` })
      if (answer.status !== 422) accepted.push(`U+${mark.codePointAt(0)?.toString(16).padStart(4, '0')}`)
    }
    expect(accepted).toEqual([])
  })

  test('of a username by compatibility are refused', async () => {
    for (const username of ['ａnn.archer', 'ﬁnn.archer', 'ann①', 'ſam.archer', 'ann²', 'ℌann'])
      expect((await new Visitor(site).register({ username })).answer.status, username).toBe(422)
  })
})

describe("CVE-2021-3754, CVE-2026-19607 (Keycloak): a username that is another's address", () => {
  test('is none: there is no @ in usernames, and none that stands for one', async () => {
    const { email } = await customer(site)
    for (const username of [email, email.replace('@', '＠'), email.replace('@', '﹫'), email.replace('@', '\u0000@')])
      expect((await new Visitor(site).register({ username })).answer.status).toBe(422)
  })

  test('cannot be put into the database either', async () => {
    const { email } = await customer(site)
    const other = await customer(site)
    await expect(
      db.query(`update accounts set username = $1, username_canonical = $1 where id = $2`, [
        email,
        await accountId(db, other.email),
      ]),
    ).rejects.toThrow('accounts_username_has_no_at')
  })

  test('of two people with the same password, each name leads to its own', async () => {
    const password = 'kettle harbour 77 zebra'
    await new Visitor(site).register({ username: 'two.of.them', password, first_name: 'Una' })
    await new Visitor(site).register({ email: 'two.of.them@example.com', password, first_name: 'Dua' })
    for (const [name, expected] of [
      ['two.of.them', 'Una'],
      ['two.of.them@example.com', 'Dua'],
    ] as const) {
      const visitor = new Visitor(site)
      await visitor.signIn(name, password)
      expect((await visitor.get(urls.landing)).body).toContain(`Welcome back, ${expected}`)
    }
  })
})

describe('CVE-2026-10130 (QueryWeaver): registering an address that has an account', () => {
  test('opens no session, even with the right password', async () => {
    const { email, password } = await customer(site)
    const stranger = new Visitor(site)
    const { answer } = await stranger.register({ email, password })
    expect(answer.status).toBe(422)
    expect(stranger.sessionToken).toBeUndefined()
  })

  test('changes nothing of the account', async () => {
    const { email } = await customer(site)
    const stable = async () => {
      const { limits: _, ...others } = await checksum(db)
      return others
    }
    const before = await stable()
    await new Visitor(site).register({ email, first_name: 'Mallory', username: 'mallory.was.here' })
    expect(await stable()).toEqual(before)
  })
})

describe('allauth 65.14.2: a limit that a header talks its way around', () => {
  test('counts the network that the proxy saw', async () => {
    const { email } = await customer(site)
    const network = someNetwork()
    const visitor = new Visitor(site, network)
    const submission = await visitor.token(urls.customerSignIn)
    const statuses: number[] = []
    for (let guess = 0; guess < 15; guess += 1) {
      const headers = {
        'x-forwarded-for': `${someNetwork()}, 1.2.3.${guess}, ${network}`,
        'x-real-ip': someNetwork(),
        'x-client-ip': someNetwork(),
        'cf-connecting-ip': someNetwork(),
        'true-client-ip': someNetwork(),
        forwarded: `for=${someNetwork()}`,
      }
      const fields = { identifier: email, password: `guess ${guess}`, submission }
      statuses.push((await visitor.at(site).post(urls.customerSignIn, fields, headers)).status)
    }
    expect(statuses.filter((status) => status === 422)).toHaveLength(10)
    expect(statuses.slice(10)).toEqual([429, 429, 429, 429, 429])
  })

  test('counts a whole /64 of IPv6 as one network, however it is written', async () => {
    const { email } = await customer(site)
    const visitor = new Visitor(site)
    const submission = await visitor.token(urls.customerSignIn)
    const addresses = ['2001:db8:0:7::1', '2001:DB8::7:0:0:0:2', '2001:db8:0000:0007:ffff::3', '2001:db8:0:7:1:2:3:4']
    const statuses: number[] = []
    for (let guess = 0; guess < 12; guess += 1) {
      const headers = { 'x-forwarded-for': addresses[guess % addresses.length] as string }
      const fields = { identifier: email, password: `guess ${guess}`, submission }
      statuses.push((await visitor.at(site).post(urls.customerSignIn, fields, headers)).status)
    }
    expect(statuses.filter((status) => status === 429)).toHaveLength(2)
  })
})

describe('CVE-2023-49097, CVE-2025-48936, CVE-2025-64101 (ZITADEL): links made from headers', () => {
  test('there are none: no page and no letter takes a host from a request', async () => {
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
    const visitor = new Visitor(site)
    const form = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    const answer = await visitor.post(urls.customerRegistration, form, headers)
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toBe(urls.landing)
    const rows = await db.query<{ row: string }>(
      `select l::text as row from letters l where data::text || recipient like '%evil%'`,
    )
    expect(rows).toEqual([])
    expect((await knock(site, { what: '', path: '/', headers })).body).not.toContain('evil.example')
  })
})
