import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { everyPage } from '../support/addresses.ts'
import { freshDatabase } from '../support/database.ts'
import {
  expectHarmless,
  FORM,
  inBatches,
  INTERNALS,
  knock,
  shout,
  type HostileRequest,
} from '../support/hostile-http.ts'
import { customer, invite, staffMember } from '../support/hostile-people.ts'
import { AWAY, ODD_TEXT, UNREADABLE, UNSTORABLE } from '../support/hostile-values.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, tokenIn, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const BATCH = 24
let hostile = 0
let otherAccounts = 0
const registered: FormFields[] = []
const somebody = customer(site)

const OPENED = [200, 303, 308, 410]
const REQUIRED = new Set(['first_name', 'last_name', 'email', 'password', 'identifier'])
const SPECIAL = [
  '__proto__',
  '__proto__[role]',
  '__proto__.role',
  'constructor',
  'constructor[prototype][role]',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
]

/** A form of the site: who opens it, what fills it in, and which of its fields are one line of plain text. */
interface FormUnderTest {
  path: string
  cookie: string
  submission: string
  valid: () => FormFields
  statuses: { unstorable: number[]; odd: number[] }
}

const forms: FormUnderTest[] = await openForms()

describe('P6: a field of a form', () => {
  for (const form of forms) {
    const fields = [...Object.keys(form.valid()), 'submission']

    test(`${form.path} that is no text is refused, and nothing is done`, async () => {
      const refused = await send(form, fields, UNREADABLE)
      for (const { answer, what } of refused) expect(answer.status, what).toBe(400)
    })

    test(`${form.path} that cannot be stored is refused in words beside the form`, async () => {
      const refused = await send(form, fields, UNSTORABLE)
      for (const { answer, what } of refused) {
        // Passwords are hashed, and so may hold whatever a keyboard sends, NUL bytes excepted (ASVS 6.2.5).
        const statuses = what.includes(' password: ') ? form.statuses.odd : form.statuses.unstorable
        expect(statuses, `${what}: ${answer.status}`).toContain(answer.status)
        if (answer.status === 422) expect(tokenIn(answer.body), what).not.toBeNull()
      }
    })

    test(`${form.path} that looks like code is text`, async () => {
      const answered = await send(form, fields, ODD_TEXT)
      for (const { answer, what } of answered)
        expect(form.statuses.odd, `${what}: ${answer.status}`).toContain(answer.status)
    })

    test(`${form.path} of a megabyte is too large`, async () => {
      const answered = await send(form, fields, { 'a megabyte': 'x'.repeat(1024 * 1024) })
      for (const { answer, what } of answered) expect(answer.status, what).toBe(413)
    })
  }

  test('/accounts/customer/register/ that is kept, is kept as it was typed', async () => {
    const kept = await db.query<Record<string, string>>(
      `select a.first_name, a.last_name, p.company, p.address, p.city, p.state, p.postal_code
       from accounts a join customer_profiles p on p.account_id = a.id where a.email_canonical = any($1)`,
      [registered.map(({ email }) => email)],
    )
    expect(kept.length).toBe(registered.length)
    const typed = registered.map(({ first_name, last_name, company, address, city, state, postal_code }) =>
      normal({ first_name, last_name, company, address, city, state, postal_code }),
    )
    expect(kept.map(normal).toSorted()).toEqual(typed.toSorted())
  })

  test('that was refused has left no account, and no account is without its profile', async () => {
    const [row] = await db.query(
      `select count(*)::int as accounts, count(p.account_id)::int as profiles, count(w.account_id)::int as passwords
       from accounts a left join (
         select account_id from customer_profiles union all select account_id from staff_profiles
       ) p on p.account_id = a.id left join passwords w on w.account_id = a.id`,
    )
    const expected = expectedAccounts()
    expect(row).toEqual({ accounts: expected, profiles: expected, passwords: expected })
  })
})

describe('header injection', () => {
  const MAY_HAVE_LINES = new Set(['address', 'password', 'identifier'])
  const breaks = { CRLF: 'x%0D%0ASet-Cookie:%20smuggled=1', LF: 'x%0ABcc:%20smuggled', CR: 'x%0DBcc:%20smuggled' }

  test.for(forms.map((form) => ({ form, path: form.path })))('finds no second line in $path', async ({ form }) => {
    const lines = Object.keys(form.valid()).filter((field) => !MAY_HAVE_LINES.has(field))
    const answered = await send(form, lines, breaks)
    const accepted = answered.filter(({ answer }) => answer.status !== 422).map(({ what }) => what)
    expect(accepted).toEqual([])
  })
})

describe('P6: a body', () => {
  test.for(forms.map((form) => ({ form, path: form.path })))(
    'for $path in another shape is refused',
    async ({ form }) => {
      const whole = encoded({ ...form.valid(), submission: form.submission })
      const shapes: { what: string; body: string | Buffer; type?: string | null; status: number[] }[] = [
        ...[
          'application/json',
          'application/json; charset=utf-8',
          'multipart/form-data; boundary=x',
          'text/plain',
          'text/html',
          'application/xml',
          'application/octet-stream',
          `${FORM}x`,
          `x${FORM}`,
          `${FORM}; charset=utf-16`,
          `${FORM}; charset=iso-8859-1`,
          `${FORM}; charset="utf-7"`,
          'nonsense',
          '',
          null,
        ].map((type) => ({ what: `the type ${type}`, body: whole, type, status: [415] })),
        { what: 'JSON as a form', body: '{"email":["a","b"]}', status: [422, 303] },
        { what: 'JSON that pollutes', body: '{"__proto__":{"role":"admin"}}', type: 'application/json', status: [415] },
        { what: 'a field twice', body: `${whole}&${whole}`, status: [400] },
        { what: 'the token twice', body: `${whole}&submission=${form.submission}`, status: [400] },
        { what: 'a field twice, once encoded', body: `${whole}&%73ubmission=a`, status: [400] },
        { what: 'a hundred and one fields', body: manyFields(101), status: [400] },
        { what: 'ten thousand fields', body: manyFields(10_000).slice(0, 60_000), status: [400] },
        { what: 'raw bytes', body: randomBytes(512), status: [400] },
        { what: 'UTF-16', body: Buffer.from(`\ufeff${whole}`, 'utf16le'), status: [400] },
        { what: 'only separators', body: '&&&&&&', status: [422, 303] },
        { what: 'only an equals sign', body: '=', status: [422, 303] },
        { what: 'a nameless field', body: '=a', status: [422, 303] },
        { what: 'nothing', body: '', status: [422, 303, 415] },
        { what: 'no token', body: encoded(form.valid()), status: [422] },
        { what: 'a name that is no text', body: `%FF=1&${whole}`, status: [400] },
        { what: 'a gzip that is none', body: Buffer.from([31, 139, 8, 0]), status: [400] },
      ]
      for (const { what, body, type = FORM, status } of shapes) {
        const headers = type === null ? {} : { 'content-type': type }
        const answer = await ask({ what, method: 'POST', path: form.path, body, headers: { ...own(form), ...headers } })
        expect(status, `${form.path}, ${what}: ${answer.status}`).toContain(answer.status)
      }
    },
  )

  test.for(forms.map((form) => ({ form, path: form.path })))('for $path with arrays and objects', async ({ form }) => {
    for (const field of Object.keys(form.valid())) {
      for (const name of [`${field}[]`, `${field}[x]`, `${field}[0]`, `${field}.x`, `${field}[__proto__]`]) {
        const { [field]: value = '', ...others } = form.valid()
        const body = encoded({ ...others, [name]: value, submission: form.submission })
        const answer = await ask(posted(form, `${name} for ${field}`, body))
        expect([303, 422], `${name}: ${answer.status}`).toContain(answer.status)
        if (REQUIRED.has(field)) expect(answer.status, name).toBe(422)
      }
    }
  })

  test('with names that are special to JavaScript does nothing to any object', async () => {
    for (const form of forms) {
      for (const name of SPECIAL) {
        const body = `${encoded({ ...form.valid(), submission: `${form.submission}x` })}&${encodeURIComponent(name)}=admin`
        await ask(posted(form, name, body))
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => /role|admin|polluted/.test(name))).toEqual([])
    expect(({} as Record<string, unknown>)['role']).toBeUndefined()
  })
})

describe('P6: an address', () => {
  const pages = everyPage(site.app)
  const queries: [string, number[]][] = [
    ...Object.values(UNREADABLE).map((value): [string, number[]] => [`next=${value}`, [400]]),
    ...Object.values(UNREADABLE).map((value): [string, number[]] => [`${value}=1`, [400]]),
    ['next=/a&next=/b', [400]],
    ['code=a&code=b', [400]],
    ['code=a&%63ode=b', [400]],
    [manyFields(101), [400]],
    ['next=%00', OPENED],
    ['next[]=/a&next[x]=/b', OPENED],
    ['__proto__=1&constructor=2&prototype=3', OPENED],
    [`a${'[b]'.repeat(500)}=1`, OPENED],
    ['?????', OPENED],
    ['&&&&', OPENED],
    ['=', OPENED],
    [`next=${'a'.repeat(8000)}`, OPENED],
  ]

  test.for(pages)('%s with a query that nobody links to', async (path) => {
    const answers = await inBatches(queries, BATCH, async ([query, status]) => {
      const what = `${path}?${query.slice(0, 60)}`
      return { answer: await ask({ what, path: `${path}?${query}` }), what, status }
    })
    for (const { answer, what, status } of answers) expect(status, `${what}: ${answer.status}`).toContain(answer.status)
  })

  const strange: [string, number[]][] = [
    ['/%zz', [400]],
    ['/%', [400]],
    ['/accounts/%ED%A0%80/', [400, 404]],
    ['/accounts/customer/register/%00', [404]],
    ['/accounts/customer/%FF/', [400, 404]],
    ['//evil.example', [404]],
    ['//evil.example/accounts/customer/login', [404]],
    ['/\\evil.example', [404]],
    ['/accounts//customer//login', [404]],
    ['/accounts/customer/../../dashboard/', [404]],
    ['/accounts/customer/%2e%2e/%2e%2e/dashboard/', [404]],
    ['/.git/config', [404]],
    ['/.env', [404]],
    ['/package.json', [404]],
    ['/src/app.ts', [404]],
    ['/metrics', [404]],
    ['/assets/', [404]],
    ['/assets/..%2f..%2fpackage.json', [400, 403, 404]],
    ['/assets/%2e%2e%2f%2e%2e%2fpackage.json', [400, 403, 404]],
    ['/assets/..%5c..%5cpackage.json', [400, 403, 404]],
    ['/assets/%00', [400, 404]],
    ['/assets/.env', [403, 404]],
    ['/assets/%FF', [400, 404]],
    ['/assets/%zz', [400]],
    [`/assets/${'a'.repeat(190)}`, [404]],
    [`/assets/${'a'.repeat(300)}`, [404, 414]],
    [`/${'a'.repeat(8000)}`, [404]],
    [`/${'a/'.repeat(4000)}`, [404]],
    ['/__proto__', [404]],
    ['/constructor', [404]],
    ['*', [200, 404]],
    ['/accounts/customer/login/;next=/a', [404]],
    ['/accounts/customer/register/#a', [400]],
  ]

  test.for(strange.map(([path, status]) => ({ name: path.slice(0, 50), path, status })))(
    '$name is no way in',
    async ({ path, status }) => {
      const answer = await ask({ what: path, path })
      expect(status, `${path}: ${answer.status}`).toContain(answer.status)
    },
  )

  test('of a hundred kilobytes is refused', async () => {
    hostile += 1
    const answer = await shout(site, `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 (414|431) /)
  })

  test('named in full never puts another host into a page', async () => {
    for (const path of [urls.customerSignIn, urls.customerRegistration, urls.staffSignIn]) {
      const answer = await ask({ what: `absolute ${path}`, path: `http://evil.example${path}` })
      expect(answer.body, path).not.toContain('evil.example')
    }
  })

  test('takes the methods that it names and no other', async () => {
    const methods = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'SEARCH', 'REPORT', 'MKCOL']
    const requests = pages.flatMap((path) => methods.map((method) => ({ what: `${method} ${path}`, method, path })))
    const answers = await inBatches(requests, BATCH, async (request) => ({ ...request, answer: await ask(request) }))
    for (const { what, answer } of answers) {
      expect(answer.status, what).toBe(405)
      expect(answer.headers.allow, what).toMatch(/^GET, HEAD(, POST)?$/)
    }
  })
})

describe('P6: cookies', () => {
  const garbage: [string, string][] = [
    ['a forged session', `meridian-session=${randomBytes(16).toString('base64url')}`],
    ['a sequential session', 'meridian-session=1'],
    ['a short session', 'meridian-session=a'],
    ['a long session', `meridian-session=${'a'.repeat(9000)}`],
    ['a session that is no text', 'meridian-session=%FF%ED%A0%80'],
    ['a session with a NUL', 'meridian-session=%00'],
    ['an SQL session', `meridian-session=' or '1'='1`],
    ['a session twice', 'meridian-session=a; meridian-session=b'],
    ['no name', '=a; ;;;; ='],
    ['special names', '__proto__=a; constructor=b; toString=c'],
    ['a flash that is none', 'meridian-flash=__proto__'],
    ['a flash of code', 'meridian-flash=<script>alert(1)</script>'],
    ['an invitation that is none', 'meridian-invitation=%00'],
    ['a long invitation', `meridian-invitation=${'a'.repeat(9000)}`],
    ['a browser that is none', 'meridian-browser=%00'],
    ['a browser full of dots', 'meridian-browser=a.b.c.d'],
    ['many', Array.from({ length: 200 }, (_, at) => `c${at}=1`).join('; ')],
  ]
  const pages = [...new Set([urls.landing, ...forms.map(({ path }) => path), urls.console])]

  test.for(garbage)('that are garbage (%s) are nobody', async ([what, cookie]) => {
    const requests = pages.map((path) => ({ what: `${what} at ${path}`, path, headers: { cookie } }))
    for (const answer of await Promise.all(requests.map((request) => ask(request))))
      expect(answer.body).not.toContain('Sign out')
  })

  test('larger than a server reads are refused', async () => {
    hostile += 1
    const head = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${'a'.repeat(100_000)}\r\n\r\n`
    expect(await shout(site, head)).toMatch(/^HTTP\/1\.1 431 /)
  })
})

describe('P6: a submission token', () => {
  const [form] = forms as [FormUnderTest]
  const [issued = '', signature = ''] = form.submission.split('.')
  const tokens: [string, string][] = [
    ['empty', ''],
    ['a word', 'token'],
    ['dots', '...'],
    ['many parts', `${form.submission}.${signature}`],
    ['no signature', `${issued}.`],
    ['another signature', `${issued}.${randomBytes(32).toString('base64url')}`],
    ['a signature cut short', form.submission.slice(0, -4)],
    ['a flipped bit', `${issued}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    ['another time', `${(Date.now() - 1000).toString(36)}.${signature}`],
    ['no time', `.${signature}`],
    ['a time that is none', `NaN.${signature}`],
    ['the far future', `zzzzzzzzzzzz.${signature}`],
    ['a special name', '__proto__'],
    ['long', 'a.'.repeat(5000)],
    ["another browser's", ''],
  ]

  test.for(tokens)('that is %s opens nothing, and the form comes back filled in', async ([what, token]) => {
    const stranger = new Visitor(site)
    const submission = what.startsWith('another browser') ? await stranger.token(form.path) : token
    const answer = await ask(posted(form, `a token: ${what}`, encoded({ ...form.valid(), submission })))
    expect(answer.status, what).toBe(422)
    expect(answer.body, what).toContain('value="Ann"')
    expect(answer.headers['set-cookie'] ?? [], what).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/session/)]),
    )
  })
})

describe('P6: headers', () => {
  const lies: Record<string, string>[] = [
    { host: 'evil.example' },
    { host: 'evil.example:443' },
    { host: '' },
    { host: `localhost"><script>alert(1)</script>` },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-proto': 'javascript' },
    { 'x-forwarded-port': '99999' },
    { forwarded: 'for=1.2.3.4;host=evil.example;proto=https' },
    { 'x-original-url': '/dashboard/' },
    { 'x-rewrite-url': '/dashboard/' },
    { 'x-http-method-override': 'DELETE' },
    { 'x-forwarded-for': 'not an address' },
    { 'x-forwarded-for': `1.2.3.4, ${'5.6.7.8, '.repeat(500)}9.9.9.9` },
    { 'x-forwarded-for': ',,,,' },
    { 'x-forwarded-for': '::1%25<script>' },
    { 'x-forwarded-for': `'; drop table limits; --` },
    { 'x-forwarded-for': '64:ff9b::1.2.3.4' },
    { 'x-forwarded-for': '::' },
    { 'user-agent': 'x'.repeat(8000) },
    { 'user-agent': '<script>alert(1)</script>' },
    { 'user-agent': 'caf\u00e9 \u00ff\u00fe\u0085' },
    { accept: 'application/json' },
    { accept: '*/*;q=nonsense' },
    { 'accept-encoding': 'gzip;q=evil, *' },
    { 'accept-language': '../../etc/passwd' },
    { 'accept-version': '9.9.9' },
    { range: 'bytes=0-0,1-1,2-2,99999999999-' },
    { 'if-none-match': `"${'a'.repeat(4000)}"` },
    { 'if-modified-since': 'never' },
    { upgrade: 'websocket', connection: 'upgrade' },
    { upgrade: 'h2c', connection: 'upgrade, http2-settings', 'http2-settings': 'AAAA' },
    { te: 'trailers' },
    { authorization: 'Basic !!!' },
    { authorization: `Bearer ${'a'.repeat(4000)}` },
    { 'content-encoding': 'gzip' },
    { __proto__x: 'a', constructor: 'b' },
    { origin: 'null' },
    { referer: 'https://evil.example/' },
  ]

  test.for(lies)('that lie (%j) lead nowhere else', async (headers) => {
    const paths = [urls.landing, urls.customerSignIn, urls.customerRegistration, urls.console, '/accounts/login']
    for (const path of paths) {
      const answer = await ask({ what: `${JSON.stringify(headers)} at ${path}`, path, headers })
      expect(answer.body).not.toContain('evil.example')
      expect(answer.headers.location ?? '/', path).toMatch(/^\/(?!\/)/)
    }
  })

  test('that lie in a registration: the network is a proxy’s word, and the row holds no more of it', async () => {
    const [form] = forms as [FormUnderTest]
    for (const headers of lies.filter((lie) => !('connection' in lie) && !('origin' in lie))) {
      const fields = { ...form.valid(), submission: form.submission }
      const request = posted(form, JSON.stringify(headers), encoded(fields))
      const answer = await ask({ ...request, headers: { ...request.headers, ...headers } })
      expect([303, 400, 415], `${JSON.stringify(headers)}: ${answer.status}`).toContain(answer.status)
      noteRegistration(form, fields, answer)
    }
    const networks = await db.query<{ network: string }>(`select distinct network from sessions`)
    for (const { network } of networks) expect(network).toMatch(/^(\d+\.\d+\.\d+\.\d+|[0-9a-f:]+::\/64|unknown)$/)
  })
})

describe('3.7.2 a way to elsewhere', () => {
  test.for(AWAY.map((next) => [next]))('after signing in (%j) is not taken', async ([next]) => {
    const { email, password } = await somebody
    const visitor = new Visitor(site)
    for (const raw of [encodeURIComponent(next as string), encodeURIComponent(encodeURIComponent(next as string))]) {
      hostile += 1
      const fields = { identifier: email, password, submission: await visitor.token(urls.customerSignIn) }
      const answer = await visitor.at(site).post(`${urls.customerSignIn}?next=${raw}`, fields)
      expectHarmless({ ...answer, headers: { ...answer.headers, location: '' } }, raw)
      expect(answer.status, raw).toBe(303)
      expect(new URL(answer.headers.location as string, site.url).origin, raw).toBe(site.url)
      expect(answer.headers.location, raw).toMatch(/^\/(?![/\\])/)
      const opened = await ask({ what: `next=${raw}`, path: `${urls.customerSignIn}?next=${raw}` })
      expect(opened.body, raw).toMatch(/<form method="post" action="\/accounts\//)
    }
  })

  test('after registering is not taken either', async () => {
    const [form] = forms as [FormUnderTest]
    await inBatches(AWAY, BATCH, async (next) => {
      const fields = { ...form.valid(), submission: form.submission }
      const request = posted(form, `next=${next}`, encoded(fields))
      const answer = await ask(
        { ...request, path: `${form.path}?next=${encodeURIComponent(next)}` },
        { anyLocation: true },
      )
      noteRegistration(form, fields, answer)
      expect(answer.status, next).toBe(303)
      expect(new URL(answer.headers.location as string, site.url).origin, next).toBe(site.url)
    })
  })

  test('a way within the site is taken', async () => {
    const { email, password } = await somebody
    const visitor = new Visitor(site)
    const next = encodeURIComponent(`${urls.customerProfile}?a=b`)
    const fields = { identifier: email, password, submission: await visitor.token(urls.customerSignIn) }
    const answer = await visitor.post(`${urls.customerSignIn}?next=${next}`, fields)
    expect(answer.headers.location).toBe(`${urls.customerProfile}?a=b`)
  })
})

describe('an invitation code in the address', () => {
  const codes: [string, string][] = [
    ['text', 'nonsense'],
    ['empty', ''],
    ['a NUL', '%00'],
    ['long', 'a'.repeat(5000)],
    ['a pair of surrogates across the cut', `${'a'.repeat(63)}${encodeURIComponent('😀')}`],
    ['a line break', 'a%0d%0aSet-Cookie:%20smuggled=1'],
    ['a semicolon', 'a;%20Domain=evil.example'],
    ['SQL', `'%20or%20'1'='1`],
    ['twice, behind a second question mark', 'a?x=1&code=b'],
  ]

  test.for(codes)('that is %s leads to the page that says so', async ([what, code]) => {
    const visitor = new Visitor(site)
    hostile += 1
    const answer = await visitor.get(`${urls.staffRegistration}?code=${code}`)
    expectHarmless({ ...answer, headers: { ...answer.headers, 'set-cookie': [] } }, what)
    if (answer.status === 400) return
    expect(answer.status, what).toBe(303)
    for (const line of answer.headers['set-cookie'] ?? []) expect(line, what).not.toMatch(/[\r\n]|; Domain/i)
    expect((await visitor.get(urls.staffRegistration)).status, what).toBe(410)
  })
})

describe('4.2.1 messages whose end is a matter of opinion', () => {
  const rest = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\n\r\n'
  const post = `POST ${urls.customerSignIn} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\nConnection: close\r\n`
  const corpus: [string, string][] = [
    ['both lengths, TE last', `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${rest}`],
    ['both lengths, CL last', `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n${rest}`],
    ['two lengths', `${post}Content-Length: 0\r\nContent-Length: ${rest.length}\r\n\r\n${rest}`],
    ['a list of lengths', `${post}Content-Length: 0, ${rest.length}\r\n\r\n${rest}`],
    ['a signed length', `${post}Content-Length: +0\r\n\r\n${rest}`],
    ['a negative length', `${post}Content-Length: -1\r\n\r\n${rest}`],
    ['a hexadecimal length', `${post}Content-Length: 0x0\r\n\r\n${rest}`],
    ['an endless length', `${post}Content-Length: 99999999999999999999999\r\n\r\n${rest}`],
    ['a length with a space inside', `${post}Content-Length: 0 0\r\n\r\n${rest}`],
    ['a space before the colon', `${post}Content-Length : 0\r\n\r\n${rest}`],
    ['a space before the colon of TE', `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${rest}`],
    ['an unknown coding', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${rest}`],
    ['chunked twice', `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${rest}`],
    ['chunked before another', `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${rest}`],
    ['two codings', `${post}Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${rest}`],
    ['a vertical tab', `${post}Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n${rest}`],
    ['a folded header', `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${rest}`],
    ['a chunk size that is none', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n${rest}`],
    ['a chunk size too large', `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n${rest}`],
    ['a signed chunk size', `${post}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n${rest}`],
    ['bare line feeds in chunks', `${post}Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n${rest}`],
    ['bare line feeds', `GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n${rest}`],
    ['a bare carriage return', `GET / HTTP/1.1\r\nHost: localhost\rX: 1\r\nConnection: close\r\n\r\n${rest}`],
    ['a NUL in a header', `GET / HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\nConnection: close\r\n\r\n${rest}`],
    ['a header without a colon', `GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\nConnection: close\r\n\r\n${rest}`],
    ['a header that begins with a space', `GET / HTTP/1.1\r\n Host: localhost\r\nConnection: close\r\n\r\n${rest}`],
    ['no host', `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['two hosts', `GET / HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\nConnection: close\r\n\r\n`],
    ['another version', `GET / HTTP/9.9\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['no version', `GET /\r\n\r\n`],
    ['HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`],
    ['TLS', '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003'],
    ['an unknown method', `BREW / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['a tunnel', `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`],
    ['an expectation', `GET / HTTP/1.1\r\nHost: a\r\nExpect: evil\r\nConnection: close\r\n\r\n`],
    ['a space in the address', `GET /a b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`],
    ['many headers', `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'X: 1\r\n'.repeat(5000)}\r\n`],
  ]

  test.for(corpus)('(%s) end the connection, and nothing is read from behind them', async ([what, bytes]) => {
    hostile += 1
    const before = await db.count('accounts')
    const answer = await shout(site, bytes)
    expect(answer, what).not.toMatch(/^HTTP\/1\.1 5/m)
    expect(answer.split(/^HTTP\/1\.1 /m).length - 1, `${what}: ${answer}`).toBeLessThanOrEqual(1)
    expect(answer, what).not.toContain('alive')
    expect(answer, what).not.toMatch(INTERNALS.source.replace('|statusCode', ''))
    expect(await db.count('accounts')).toBe(before)
  })
})

describe('5.2.1 memory', () => {
  test('stays bounded under two hundred megabytes of bodies', async () => {
    const collect = garbageCollector()
    const [form] = forms as [FormUnderTest]
    const body = Buffer.alloc(1024 * 1024, 'x')
    collect()
    const before = process.memoryUsage.rss()
    const volume = Array.from({ length: 200 }, (_, at) => posted(form, `volume ${at}`, body))
    const answers = await inBatches(volume, 16, ask)
    collect()
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]))
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024)
  })
})

test('more than three hundred hostile requests were sent', () => {
  expect(hostile).toBeGreaterThanOrEqual(300)
})

interface Sent {
  answer: Answer
  what: string
}

/** Every value in every field of a form, one at a time, all else as it should be. */
async function send(form: FormUnderTest, fields: string[], values: Readonly<Record<string, string>>): Promise<Sent[]> {
  const cases = fields.flatMap((field) =>
    Object.entries(values).map(([name, value]) => {
      const others = { ...form.valid(), submission: form.submission }
      const body = `${encoded(Object.fromEntries(Object.entries(others).filter(([other]) => other !== field)))}&${field}=${value}`
      return { field, others, value, request: posted(form, `${form.path} ${field}: ${name}`, body) }
    }),
  )
  return inBatches(cases, BATCH, async ({ field, others, value, request }) => {
    const answer = await ask(request)
    if (answer.status === 303) noteRegistration(form, { ...others, [field]: decodeURIComponent(value) }, answer)
    return { answer, what: request.what }
  })
}

/** Remembers what the database must hold by now. */
function noteRegistration(form: FormUnderTest, fields: FormFields, { status }: Answer): void {
  if (status === 303 && form.path === urls.customerRegistration) registered.push(fields)
}

function expectedAccounts(): number {
  return registered.length + otherAccounts
}

function posted(form: FormUnderTest, what: string, body: string | Buffer): HostileRequest {
  return { what, method: 'POST', path: form.path, body, headers: { ...own(form), 'content-type': FORM } }
}

function own(form: FormUnderTest): Record<string, string> {
  return { cookie: form.cookie, 'sec-fetch-site': 'same-origin' }
}

async function ask(request: HostileRequest, { anyLocation = false } = {}): Promise<Answer> {
  hostile += 1
  const answer = await knock(site, request)
  expectHarmless(anyLocation ? { ...answer, headers: { ...answer.headers, location: '' } } : answer, request.what)
  return answer
}

/** Every form of the site as it stands open in a browser that may send it. */
async function openForms(): Promise<FormUnderTest[]> {
  const one = await customer(site)
  const staff = await staffMember(db, site)
  const invited = new Visitor(site)
  await invited.get(`${urls.staffRegistration}?code=${await invite(db)}`)
  // These two, and somebody.
  otherAccounts = 3
  const signIn = () => ({ identifier: 'nobody@example.com', password: 'some password' })
  const names = { first_name: 'Ann', last_name: 'Archer' }
  const details = { phone_number: '', company: '', address: '', city: '', state: '', country: '', postal_code: '' }
  const contact = { phone_number: '', department: '' }
  const refusedOnly = { unstorable: [422], odd: [422] }
  const kept = { unstorable: [422], odd: [303, 422] }
  return [
    await formAt(new Visitor(site), urls.customerRegistration, kept, () =>
      registrationForm({ username: '', ...details, date_of_birth: '' }),
    ),
    await formAt(new Visitor(site), urls.customerSignIn, refusedOnly, signIn),
    await formAt(new Visitor(site), urls.staffSignIn, refusedOnly, signIn),
    await formAt(one.visitor, urls.customerProfile, kept, () => ({ ...names, ...details, date_of_birth: '' })),
    await formAt(staff.visitor, urls.staffProfile, kept, () => ({ ...names, ...contact })),
    await formAt(invited, urls.staffRegistration, { unstorable: [422], odd: [422] }, () => ({
      ...registrationForm({ ...contact, first_name: 'Ann' }),
      // Two fields that are refused, so that one is whatever is sent in the other: the invitation is never spent.
      phone_number: '1',
      password: 'short',
    })),
    await formAt(one.visitor, urls.customerSignOut, refusedOnly, () => ({})),
  ]
}

async function formAt(
  visitor: Visitor,
  path: string,
  statuses: FormUnderTest['statuses'],
  valid: () => FormFields,
): Promise<FormUnderTest> {
  const submission = await visitor.token(path)
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return { path, cookie, submission, valid, statuses }
}

function encoded(fields: FormFields): string {
  return new URLSearchParams(fields).toString()
}

function manyFields(count: number): string {
  return Array.from({ length: count }, (_, at) => `f${at}=1`).join('&')
}

function normal(row: Record<string, string | null | undefined>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}: ${(value ?? '').normalize('NFC').trim()}`)
    .toSorted()
    .join('\n')
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
