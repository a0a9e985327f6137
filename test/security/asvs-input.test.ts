import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseEmail } from '../../src/accounts/email.ts'
import { parseIdentifier } from '../../src/accounts/identifier.ts'
import { canonicalUsername, parseUsername } from '../../src/accounts/username.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { readFields } from '../../src/http/form-body.ts'
import { networkOf } from '../../src/http/network.ts'
import { safeNext } from '../../src/http/safe-next.ts'
import { plainText, showable } from '../../src/lib/text.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { expectHarmless, FORM, knock } from '../support/hostile-http.ts'
import { accountId, checksum, customer, staffMember } from '../support/hostile-people.ts'
import { ODD_TEXT } from '../support/hostile-values.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

const anyText = fc.string({ unit: 'binary', maxLength: 60 })
const domain = fc.constantFrom(
  'example.com',
  'EXAMPLE.com',
  'bücher.example',
  'xn--bcher-kva.example',
  'ﬁ.example',
  'K.com',
)
const addressLike = fc.oneof(
  fc.emailAddress(),
  fc.tuple(anyText, domain).map(([local, host]) => `${local}@${host}`),
  fc.tuple(fc.string({ minLength: 1, maxLength: 10 }), anyText).map(([local, host]) => `${local}@${host}.com`),
)
const nameLike = fc.oneof(anyText, fc.string({ unit: 'grapheme', maxLength: 60 }))
const MANY = { numRuns: 2000 }
const WHOLE = { first_name: 'Ann', last_name: 'Archer', email: 'ann@example.com', password: 'kettle harbour 77 zebra' }

/** Microseconds below which a measurement says nothing. */
const NOISE = 4000

describe('1.1.1 what is canonical stays as it is', () => {
  test('for addresses: canon of canon is canon', () => {
    fc.assert(
      fc.property(addressLike, (text) => {
        const { canonical } = parseEmail(text) ?? {}
        if (canonical !== undefined) expect(parseEmail(canonical)?.canonical).toBe(canonical)
      }),
      MANY,
    )
  })

  test('for usernames: canon of canon is canon', () => {
    fc.assert(
      fc.property(nameLike, (text) => {
        const canonical = canonicalUsername(text)
        if (canonical !== null) expect(canonicalUsername(canonical)).toBe(canonical)
      }),
      MANY,
    )
  })

  test('for addresses: case changes nothing, and nothing else is forgiven', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (address) => {
        const canonical = parseEmail(address)?.canonical
        expect(parseEmail(address.toUpperCase())?.canonical).toBe(canonical)
        expect(parseEmail(`\t ${address} \r\n`)?.canonical).toBe(canonical)
        expect(parseEmail(address.replace('@', '＠'))).toBeNull()
        expect(parseEmail(address.replace('@', '\u200b@'))).toBeNull()
      }),
    )
  })
})

describe('1.5.3 every reader of the same text agrees', () => {
  test('on addresses: what is accepted here satisfies the database', async () => {
    const accepted = fc
      .sample(addressLike, 3000)
      .map((text) => parseEmail(text))
      .filter((email) => email !== null)
    expect(accepted.length).toBeGreaterThan(100)
    const [row] = await db.query(
      `select bool_and(c = lower(c) and c = lower(c collate "C") and octet_length(c) between 3 and 254 and position('@' in c) > 1
         and octet_length(d) between 3 and 254) as agreed
       from unnest($1::text[], $2::text[]) as given (c, d)`,
      [accepted.map(({ canonical }) => canonical), accepted.map(({ delivery }) => delivery)],
    )
    expect(row).toEqual({ agreed: true })
  })

  test.for(['İ', 'ß', 'ẞ', 'Ꙋ', 'Ⱥ', 'ΐ', '字', '𝒶', '👍', 'ﬃ', 'Σ', 'Ω'])(
    'on usernames: a hundred and fifty times %s is stored or refused',
    async (letter) => {
      const { answer } = await new Visitor(site).register({ username: letter.repeat(150) })
      expect([303, 422], `${answer.status}`).toContain(answer.status)
    },
  )

  test.for([
    `${urls.customerSignIn}?x=?&next=/a&next=/b`,
    `${urls.customerSignIn}?x=?&next=%ED%A0%80`,
    `${urls.customerSignIn}#?next=/a#&next=/b`,
    `${urls.staffRegistration}?x=?&code=a&code=b`,
    `${urls.staffRegistration}#code=a&code=b`,
  ])('on the query: a second question mark hides nothing in %s', async (path) => {
    const answer = await knock(site, { what: path, path })
    expect(answer.status).toBe(400)
  })
})

describe('1.2.1 text is encoded for where it stands', () => {
  test('a name made of markup is text on every page that shows it', async () => {
    const hostile = `<b>"'&</b><script>alert(1)</script>`
    const visitor = new Visitor(site)
    const { answer } = await visitor.register({ first_name: hostile, last_name: '{{7*7}}', company: '"><img src=x>' })
    expect(answer.status).toBe(303)
    for (const path of [urls.landing, urls.customerProfile, urls.customerSignOut, '/nowhere/']) {
      const { body } = await visitor.get(path)
      expect(body, path).not.toContain('<b>"')
      expect(body, path).not.toContain('<script>alert')
      expect(body, path).not.toContain('<img src=x')
      expect(body, path).toContain('&lt;script>alert(1)&lt;/script>')
      expect(body, path).toContain('{{7*7}}')
    }
  })

  test('a refused form shows markup as text, in every field', async () => {
    for (const payload of Object.values(ODD_TEXT).map(decodeURIComponent)) {
      const visitor = new Visitor(site)
      const names = ['first_name', 'last_name', 'email', 'username', 'phone_number', 'company', 'address', 'city']
      const fields = Object.fromEntries(names.map((name) => [name, payload]))
      const { answer } = await visitor.register({ ...fields, email: 'no address' })
      expect(answer.status).toBe(422)
      expectHarmless(answer, payload)
      const attribute = payload.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
      expect(answer.body, payload).toContain(`value="${attribute}"`)
    }
  })
})

describe('1.2.2 an address that came from outside', () => {
  test.for(['javascript:alert(1)', 'data:text/html,a', 'vbscript:a', 'https://evil.example', '//evil.example'])(
    '%s stands in no link',
    async (next) => {
      for (const path of [urls.customerSignIn, urls.customerRegistration, urls.staffSignIn]) {
        const { body } = await new Visitor(site).get(`${path}?next=${encodeURIComponent(next)}`)
        const targets = [...body.matchAll(/\b(?:href|action|src)="([^"]*)"/g)].map(([, target = '']) => target)
        expect(targets.length).toBeGreaterThan(3)
        for (const target of targets) expect(target, path).toMatch(/^(\/(?!\/)|#|data:image\/svg\+xml,)/)
      }
    },
  )
})

describe('1.3.12 no text takes longer than its length accounts for', () => {
  const shapes: Record<string, (size: number) => string> = {
    'spaces inside': (size) => `a${' '.repeat(size)}b`,
    'tabs inside': (size) => `a@${'\t'.repeat(size)}b`,
    'line breaks inside': (size) => `a${'\n'.repeat(size)}b`,
    'carriage returns inside': (size) => `a${'\r'.repeat(size)}b`,
    letters: (size) => `${'a'.repeat(size)}!`,
    'labels of a domain': (size) => `a@${'a.'.repeat(size / 2)}!`,
    hyphens: (size) => `a@a${'-'.repeat(size)}.com`,
    'dots before an @': (size) => `${'a.'.repeat(size / 2)}@example.com`,
    'many @': (size) => '@'.repeat(size),
    digits: (size) => `+${'1'.repeat(size)}x`,
    'phone punctuation': (size) => `${'(1)-'.repeat(size / 4)}x`,
    slashes: (size) => '/'.repeat(size),
    'stacked marks': (size) => `a${'\u0300'.repeat(size)}`,
    ampersands: (size) => '&='.repeat(size / 2),
    colons: (size) => ':'.repeat(size),
  }
  const parse = registrationParser({ defaultCountry: 'US', passwordPolicy: { minLength: 8, brand: 'Meridian' } })
  const fields = ['first_name', 'email', 'username', 'phone_number', 'company', 'address', 'country', 'date_of_birth']
  const readers: Record<string, (text: string) => unknown> = {
    parseEmail,
    parseIdentifier,
    parseUsername,
    canonicalUsername,
    plainText,
    showable,
    networkOf,
    safeNext: (text) => safeNext(text, 'http://localhost', '/'),
    readFields: (text) => attempt(() => readFields(text)),
    ...Object.fromEntries(
      [...fields, 'password'].map((name) => [name, (text: string) => parse({ ...WHOLE, [name]: text })]),
    ),
  }

  test.for(Object.keys(readers))('%s', async (name) => {
    const read = readers[name] as (text: string) => unknown
    for (const [shape, of] of Object.entries(shapes)) {
      const short = await leastWork(() => read(of(7_500)))
      const long = await leastWork(() => read(of(60_000)))
      // Eight times the text: eight times the work if it is linear, sixty-four times if it is quadratic.
      expect(long / Math.max(short, NOISE), `${shape}: ${short} µs, then ${long} µs of processor`).toBeLessThan(24)
    }
  })

  test('a text that is too long for its field is refused before anything else is made of it', async () => {
    const words = Array.from({ length: 15_000 }, (_, at) => at.toString(36).padStart(3, 'q')).join(' ')
    const short = await leastWork(() => parse(WHOLE))
    for (const name of ['first_name', 'last_name', 'company']) {
      const long = await leastWork(() => parse({ ...WHOLE, [name]: words }))
      expect(long / Math.max(short, NOISE), `${name}: ${short} µs, then ${long} µs of processor`).toBeLessThan(8)
    }
  })

  test('ten kilobytes in any field are answered like anything else', async () => {
    const visitor = new Visitor(site)
    const submission = await visitor.token(urls.customerRegistration)
    for (const of of Object.values(shapes)) {
      for (const name of Object.keys(registrationForm())) {
        const fields = { ...registrationForm({ [name]: of(10_240) }), submission }
        expect((await visitor.post(urls.customerRegistration, fields)).status, name).toBe(422)
      }
    }
  })
})

describe('2.2.1, 2.2.2, 15.3.5 what a field takes is decided by the server', () => {
  const refused: [string, string][] = [
    ['first_name', ''],
    ['first_name', ' \t '],
    ['first_name', 'a'.repeat(151)],
    ['last_name', '👍'.repeat(151)],
    ['email', 'ann'],
    ['email', 'ann@localhost'],
    ['email', 'ann@example.com.'],
    ['email', 'ann@[127.0.0.1]'],
    ['email', 'ann@127.0.0.1'],
    ['email', '"ann"@example.com'],
    ['email', 'ann(comment)@example.com'],
    ['email', 'Ann <ann@example.com>'],
    ['email', '.ann@example.com'],
    ['email', 'ann..b@example.com'],
    ['email', `${'a'.repeat(65)}@example.com`],
    ['email', `a@${'a'.repeat(64)}.com`],
    ['email', `a@${'a.'.repeat(130)}com`],
    ['email', 'ann@-example.com'],
    ['email', 'ann@exa_mple.com'],
    ['email', 'ann@example.com?bcc=b@example.com'],
    ['email', 'ann%40example.com'],
    ['email', 'ann@example.com\nbcc:b@example.com'],
    ['username', 'ab'],
    ['username', 'a'.repeat(151)],
    ['username', 'ann@example.com'],
    ['username', 'ann archer'],
    ['username', '.ann'],
    ['username', 'ann/archer'],
    ['phone_number', '1'],
    ['phone_number', 'call me'],
    ['phone_number', '+1 202 555 0143 000000000'],
    ['country', 'XX'],
    ['country', 'us'],
    ['country', 'USA'],
    ['postal_code', '1'.repeat(21)],
    ['city', 'x'.repeat(101)],
    ['state', 'x'.repeat(101)],
    ['company', 'x'.repeat(151)],
    ['address', 'x'.repeat(501)],
    ['date_of_birth', '2999-01-01'],
    ['date_of_birth', '1900-12-31'],
    ['date_of_birth', '1984-02-30'],
    ['date_of_birth', '0000-00-00'],
    ['date_of_birth', '05/27/1984'],
    ['date_of_birth', 'infinity'],
    ['date_of_birth', 'now'],
  ]

  test.for(refused)('%s is not %j', async ([name, value]) => {
    const { answer } = await new Visitor(site).register({ [name]: value })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain(`<a href="#${name}">`)
  })

  test('the longest of everything is taken, in any script', async () => {
    const { answer } = await new Visitor(site).register({
      first_name: '字'.repeat(150),
      last_name: '👍'.repeat(150),
      username: `u${'字'.repeat(140)}${Date.now()}`.slice(0, 150),
      company: '𝒶'.repeat(150),
      address: '👍'.repeat(500),
      city: 'é'.repeat(100),
      state: 'é'.repeat(100),
      postal_code: '1'.repeat(20),
    })
    expect(answer.status, answer.body.slice(0, 2000)).toBe(303)
  })
})

describe('15.3.1 an answer holds what its page shows, and no more', () => {
  test('of a profile: no id, no hash, no canonical form, nobody else', async () => {
    const other = await customer(site)
    const { visitor, email } = await customer(site)
    const { body } = await visitor.get(urls.customerProfile)
    expect(body).toContain(email)
    expect(body).not.toContain(other.email)
    expect(body).not.toContain(await accountId(db, email))
    expect(body).not.toMatch(/argon2|canonical|password_hash|token_hash|consecutive/)
  })
})

describe('15.3.3 a form changes its own fields and no others', () => {
  const UNASKED: FormFields = {
    id: '00000000-0000-7000-8000-000000000000',
    account_id: '00000000-0000-7000-8000-000000000000',
    kind: 'staff',
    role: 'admin',
    status: 'suspended',
    email_confirmed_at: '2020-01-01',
    emailConfirmed: 'true',
    is_staff: 'true',
    is_superuser: '1',
    created_at: '1990-01-01',
    email_canonical: 'someone.else@example.com',
    username_canonical: 'root',
    hash: 'x',
    disabled_at: '2020-01-01',
    'profile[role]': 'admin',
    department: 'Board',
  }

  test('in a registration', async () => {
    const { answer, email } = await new Visitor(site).register(UNASKED)
    expect(answer.status).toBe(303)
    const [row] = await db.query(
      `select id, kind, status, email_confirmed_at, email_canonical, username, created_at > now() - interval '1 hour' as new,
        (select count(*)::int from staff_profiles where account_id = a.id) as staff from accounts a where email_canonical = $1`,
      [email],
    )
    expect(row).toEqual({
      id: expect.not.stringMatching('00000000-0000-7000'),
      kind: 'customer',
      status: 'active',
      email_confirmed_at: null,
      email_canonical: email,
      username: null,
      new: true,
      staff: 0,
    })
  })

  test("in a customer's profile, where the address and the password are not asked for either", async () => {
    const { visitor, email } = await customer(site)
    const guarded = `select a.id, kind, status, email, email_canonical, email_confirmed_at, username, created_at, w.hash
      from accounts a join passwords w on w.account_id = a.id where a.id = $1`
    const id = await accountId(db, email)
    const before = await db.query(guarded, [id])
    const fields = { ...UNASKED, email: canaryEmail(), username: 'root', password: 'another password 77' }
    const answer = await visitor.submit(urls.customerProfile, { ...fields, first_name: 'Anna', last_name: 'Archer' })
    expect(answer.status).toBe(303)
    expect(await db.query(guarded, [id])).toEqual(before)
  })

  test("in a staff member's profile, where the role is not asked for", async () => {
    const { visitor, email } = await staffMember(db, site, 'customer_care')
    const answer = await visitor.submit(urls.staffProfile, { ...UNASKED, first_name: 'Sam', last_name: 'Stone' })
    expect(answer.status).toBe(303)
    const [row] = await db.query(
      `select p.role, p.department, a.kind from staff_profiles p join accounts a on a.id = p.account_id where a.id = $1`,
      [await accountId(db, email)],
    )
    expect(row).toEqual({ role: 'customer_care', department: 'Board', kind: 'staff' })
  })

  test("and never another person's", async () => {
    const victim = await customer(site)
    const { visitor } = await customer(site)
    const id = await accountId(db, victim.email)
    const mine = { first_name: 'Mallory', last_name: 'M', id, account_id: id, email: victim.email }
    await visitor.submit(`${urls.customerProfile}?id=${id}&account_id=${id}`, mine)
    const [row] = await db.query(`select first_name from accounts where id = $1`, [id])
    expect(row).toEqual({ first_name: 'Ann' })
  })
})

describe('15.3.6 names that JavaScript knows', () => {
  test('are fields like any other', () => {
    const fields = readFields('__proto__=a&constructor=b&toString=c&__proto__%5Brole%5D=admin')
    expect(Object.entries(fields)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
      ['__proto__[role]', 'admin'],
    ])
    expect(({} as Record<string, unknown>)['role']).toBeUndefined()
  })

  test('make nobody an admin', async () => {
    const { answer, email } = await new Visitor(site).register({
      __proto__x: '',
      ['__proto__']: '{"role":"admin"}',
      'constructor[prototype][kind]': 'staff',
    })
    expect(answer.status).toBe(303)
    const [row] = await db.query(`select kind from accounts where email_canonical = $1`, [email])
    expect(row).toEqual({ kind: 'customer' })
  })
})

describe('15.3.7 a field that comes twice', () => {
  test.for([urls.customerRegistration, urls.customerSignIn, urls.staffSignIn, urls.customerProfile])(
    'is refused at %s, and nothing is done',
    async (path) => {
      const { visitor } = await customer(site)
      const before = await checksum(db)
      for (const name of ['email', 'first_name', 'identifier', 'password', 'submission', 'unknown', '%65mail']) {
        const body = `${name}=a&${decodeURIComponent(name)}=b`
        const cookie = `meridian-session=${visitor.sessionToken}`
        const headers = { 'content-type': FORM, 'sec-fetch-site': 'same-origin', cookie }
        const answer = await knock(site, { what: name, method: 'POST', path, body, headers })
        expect(answer.status, name).toBe(400)
        const asked = await knock(site, { what: name, path: `${path}?${body}` })
        expect(asked.status, name).toBe(400)
      }
      expect(await checksum(db)).toEqual(before)
    },
  )
})

/** Processor time, not time on the wall: what else this machine does is not counted. */
async function leastWork(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, user + system)
  }
  return least
}

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
