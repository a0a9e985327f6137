import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { Keys } from '../../src/lib/keys.ts'
import { urls } from '../../src/urls.ts'
import { everyForm, everyPage } from '../support/addresses.ts'
import { freshDatabase } from '../support/database.ts'
import {
  expectGuarded,
  FORM,
  frontDoorOf,
  INTERNALS,
  knock,
  shout,
  type HostileRequest,
} from '../support/hostile-http.ts'
import { checksum, customer, invite, staffMember, type Person } from '../support/hostile-people.ts'
import { AWAY } from '../support/hostile-values.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor, type Answer } from '../support/visitor.ts'

const PUBLIC_URL = 'https://accounts.example'
const db = await freshDatabase()
const site = await openSite(db, { PUBLIC_URL })
const door = frontDoorOf(site)
const pages = everyPage(site.app)
const forms = everyForm(site.app)

/** Every kind of answer that there is, by what brings it about. */
const answers = await everyKindOfAnswer()

describe('an answer of every kind', () => {
  test('has been seen', () => {
    const statuses = [...new Set(answers.map(({ answer }) => answer.status))].toSorted((a, b) => a - b)
    expect(statuses).toEqual([200, 303, 308, 400, 403, 404, 405, 410, 413, 415, 422, 429, 500])
  })

  test.for(answers)('3.4.1 says that this site is https for two years: $what', ({ answer }) => {
    const [, age = '0'] =
      /^max-age=(\d+); ?includeSubDomains/.exec(answer.headers['strict-transport-security'] ?? '') ?? []
    expect(Number(age)).toBeGreaterThanOrEqual(31_536_000)
  })

  test.for(answers)('3.4.3 has a policy that lets nothing in: $what', ({ answer }) => {
    const policy = Object.fromEntries(
      String(answer.headers['content-security-policy'])
        .split(';')
        .map((directive) => {
          const [name = '', ...sources] = directive.trim().split(' ')
          return [name, sources.join(' ')]
        }),
    )
    expect(policy).toMatchObject({
      'default-src': `'none'`,
      'object-src': `'none'`,
      'base-uri': `'none'`,
      'form-action': `'self'`,
      'frame-ancestors': `'none'`,
      'script-src': `'self'`,
      'style-src': `'self'`,
    })
    expect(JSON.stringify(policy)).not.toMatch(/unsafe|\*|https?:/)
  })

  test.for(answers)('3.4.4, 3.4.5, 3.4.6, 3.4.8 is sniffed, framed and opened by nobody: $what', ({ answer, what }) => {
    expectGuarded(answer, what)
  })

  test.for(answers)('3.2.1, 4.1.1 says what it is, in which charset: $what', ({ answer }) => {
    if (answer.body === '') return
    expect(answer.headers['content-type']).toMatch(
      /^(text\/(html|plain|css|javascript)|application\/json); charset=utf-8$/,
    )
  })

  test.for(answers)('3.4.2 opens to no other origin: $what', ({ answer }) => {
    const cors = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
    expect(cors).toEqual([])
  })

  test.for(answers)('16.5.1, 13.4.2 tells nothing of how it is made: $what', ({ answer }) => {
    expect(answer.body).not.toMatch(INTERNALS)
    expect(answer.headers['server']).toBeUndefined()
    expect(answer.headers['x-powered-by']).toBeUndefined()
  })

  test.for(answers)('14.3.2 is kept in no cache, unless it is the same for all: $what', ({ answer, what }) => {
    if (/asset|healthz|readyz|without its slash/.test(what)) return
    expect(answer.headers['cache-control']).toBe('no-store')
  })
})

describe('3.4.1 to 3.4.6 an answer to what is hardly HTTP', () => {
  const requests: [string, string][] = [
    ['an address that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'a name of an asset that is too long',
      `GET /assets/${'a'.repeat(300)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    ],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['an expectation that nobody meets', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: b\r\nConnection: close\r\n\r\n'],
  ]

  test.for(requests)('is guarded like any other: %s', async ([, bytes]) => {
    const head = (await shout(site, bytes)).toLowerCase()
    expect(head).toMatch(/^http\/1\.1 4\d\d /)
    expect(head).toContain('x-content-type-options: nosniff')
    expect(head).toContain(`content-security-policy: default-src 'none'`)
    expect(head).toContain('strict-transport-security: max-age=')
    expect(head).not.toContain('fst_err')
  })
})

describe('3.4.2 another origin', () => {
  test.for(['https://evil.example', 'null', PUBLIC_URL, `${PUBLIC_URL}.evil.example`])(
    '(%s) reads nothing',
    async (origin) => {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x' }
        const answer = await knock(site, { what: origin, method, path: urls.customerSignIn, headers })
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    },
  )
})

describe('3.5.1 a state-changing request proves its own origin', () => {
  test('by the token of its own browser, also for those who read their page slowly while others get theirs', async () => {
    const slow = await unread(door.url, urls.customerRegistration, 400)
    await Promise.all(Array.from({ length: 100 }, () => new Visitor(door).token(urls.customerRegistration)))
    const pages = (await slow.read()).split('HTTP/1.1 200 OK').slice(1)
    expect(pages.length).toBe(400)
    const keys = new Keys([TEST_SECRET])
    const foreign = pages.filter((page) => {
      const browser = /meridian-browser=([^;]+)/.exec(page)?.[1]
      const [issued, signature = ''] = /name="submission" value="([^"]+)"/.exec(page)?.[1]?.split('.') ?? []
      return !keys.verifies('submission', `${issued}.${browser}`, Buffer.from(signature, 'base64url'))
    })
    expect(foreign.length).toBe(0)
  })

  const ABSENT = [undefined]
  const rows = [...ABSENT, 'same-origin', 'none', 'same-site', 'cross-site', '', 'same-origin, cross-site'].flatMap(
    (site) =>
      [...ABSENT, PUBLIC_URL, 'https://evil.example', 'null', `${PUBLIC_URL}:8443`, 'http://accounts.example'].flatMap(
        (origin) => [true, false].map((cookies) => ({ site, origin, cookies })),
      ),
  )

  test.for(rows)(
    'Sec-Fetch-Site $site, Origin $origin, cookies $cookies',
    async ({ site: fetchSite, origin, cookies }) => {
      const own = fetchSite === undefined ? ownByOrigin(origin, cookies) : ['same-origin', 'none'].includes(fetchSite)
      const visitor = new Visitor(door)
      const submission = await visitor.token(urls.customerSignIn)
      const body = new URLSearchParams({ identifier: 'nobody', password: 'nothing', submission }).toString()
      const headers = {
        'content-type': FORM,
        ...(fetchSite === undefined ? {} : { 'sec-fetch-site': fetchSite }),
        ...(origin === undefined ? {} : { origin }),
        ...(cookies ? { cookie: cookiesOf(visitor) } : {}),
      }
      const answer = await knock(site, { what: '', method: 'POST', path: urls.customerSignIn, body, headers })
      expect(answer.status).toBe(own ? 422 : 403)
    },
  )

  test('by the token of its own form, in the browser that opened it', async () => {
    const attacker = new Visitor(door)
    const { visitor } = await customer(door)
    const submission = await attacker.token(urls.customerSignIn)
    const before = await checksum(db)
    for (const path of [urls.customerProfile, urls.customerSignOut]) {
      const answer = await visitor.post(path, { first_name: 'Mallory', last_name: 'M', submission })
      expect(answer.status, path).toBe(422)
    }
    expect(await checksum(db)).toEqual(before)
  })

  test('and a link from elsewhere still opens', async () => {
    for (const path of [urls.landing, urls.customerSignIn]) {
      const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
      expect((await knock(site, { what: path, path, headers })).status).toBe(200)
    }
  })

  function ownByOrigin(origin: string | undefined, cookies: boolean): boolean {
    return origin === undefined ? !cookies : origin === PUBLIC_URL
  }
})

describe('3.5.2 a request that a page elsewhere can send without asking', () => {
  const types = ['text/plain', 'multipart/form-data; boundary=x', FORM, 'application/json', '']
  test.for(types)('(%s) changes nothing', async (type) => {
    const { visitor } = await customer(door)
    const before = await checksum(db)
    const posts = [urls.customerRegistration, urls.customerSignIn, urls.customerProfile, urls.customerSignOut]
    for (const path of posts) {
      const body = new URLSearchParams({ ...registrationForm(), identifier: 'a', first_name: 'Mallory' }).toString()
      const headers = { 'content-type': type, cookie: cookiesOf(visitor), 'sec-fetch-site': 'same-origin' }
      const answer = await knock(site, { what: path, method: 'POST', path, body, headers })
      const refused = type === FORM ? [422, 303] : [415]
      expect(refused, `${path}: ${answer.status}`).toContain(answer.status)
    }
    expect(await checksum(db)).toEqual(before)
  })
})

describe('3.5.3 a safe method', () => {
  test('changes nothing, whoever asks and whatever the query says', async () => {
    const code = await invite(db)
    const people: (Person | null)[] = [await customer(door), await staffMember(db, door), null]
    const before = await checksum(db)
    const query = new URLSearchParams({ ...registrationForm(), code, identifier: 'a', submission: 'b' }).toString()
    for (const person of people) {
      for (const path of pages) {
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          const headers = person ? { cookie: cookiesOf(person.visitor) } : {}
          await knock(site, { what: path, method, path, headers })
          await knock(site, { what: path, method, path: `${path}?${query}`, headers })
          await knock(site, { what: path, method, path, headers: { ...headers, 'x-http-method-override': 'POST' } })
        }
      }
    }
    expect(await checksum(db)).toEqual(before)
  })

  test('HEAD is GET without its body', async () => {
    for (const path of pages) {
      const [get, head] = (await Promise.all(
        ['GET', 'HEAD'].map((method) => knock(site, { what: path, method, path })),
      )) as [Answer, Answer]
      expect(head.status, path).toBe(get.status)
      expect(head.body, path).toBe('')
      expect(head.headers['content-type'], path).toBe(get.headers['content-type'])
    }
  })
})

describe('3.7.2 a redirect', () => {
  test.for(AWAY.map((next) => [next]))('leads to no other host, though asked for %j', async ([next]) => {
    const query = `next=${encodeURIComponent(next as string)}`
    const { visitor } = await customer(door)
    const paths = [
      urls.customerSignIn,
      urls.customerRegistration,
      urls.customerProfile,
      urls.customerSignOut,
      urls.console,
    ]
    for (const path of [...paths, ...paths.map((path) => path.slice(0, -1))]) {
      for (const cookie of [cookiesOf(visitor), '']) {
        const { headers } = await knock(site, { what: path, path: `${path}?${query}`, headers: { cookie } })
        if (headers.location === undefined) continue
        expect(new URL(headers.location, PUBLIC_URL).origin, path).toBe(PUBLIC_URL)
        expect(headers.location, path).toMatch(/^\/(?![/\\])/)
      }
    }
  })
})

describe('4.1.4 a method that an address does not take', () => {
  const rows = pages.flatMap((path) =>
    ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method) => ({ path, method })),
  )
  test.for(rows)('$method $path', async ({ path, method }) => {
    const takes = forms.has(path) ? 'GET, HEAD, POST' : 'GET, HEAD'
    const answer = await knock(site, { what: path, method, path, headers: { 'sec-fetch-site': 'same-origin' } })
    if (takes.includes(method)) return expect(answer.status).not.toBe(405)
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe(takes)
  })
})

describe('4.1.3, 15.3.4 who is asking', () => {
  test("is what the proxy says, and not what its client says: the left of X-Forwarded-For is nobody's word", async () => {
    const visitor = new Visitor(door)
    const submission = await visitor.token(urls.customerRegistration)
    const form = registrationForm()
    const headers = {
      'x-forwarded-for': '1.1.1.1, 2.2.2.2, 203.0.113.77',
      'x-real-ip': '3.3.3.3',
      forwarded: 'for=4.4.4.4',
    }
    await visitor.post(urls.customerRegistration, { ...form, submission }, headers)
    const rows = await db.query(
      `select s.network as session, e.network as event from accounts a join sessions s on s.account_id = a.id
       join audit_events e on e.account_id = a.id where a.email_canonical = $1`,
      [form['email']],
    )
    expect(rows).toEqual([{ session: '203.0.113.77', event: '203.0.113.77' }])
  })

  test('is the connection, where no proxy is trusted', async () => {
    const direct = await openSite(db, { PUBLIC_URL, TRUST_PROXY: '' })
    const { visitor, email } = await customer(frontDoorOf(direct))
    const rows = await db.query(
      `select network from sessions s join accounts a on a.id = s.account_id where a.email_canonical = $1`,
      [email],
    )
    expect(visitor.network).toMatch(/^10\./)
    expect(rows).toEqual([{ network: '127.0.0.1' }])
  })

  test.for(['host', 'x-forwarded-host', 'x-forwarded-proto', 'x-original-host', 'forwarded', 'x-forwarded-server'])(
    'changes no link: %s',
    async (name) => {
      const value = name === 'forwarded' ? 'host=evil.example' : 'evil.example'
      for (const path of [urls.landing, urls.customerSignIn, urls.console, urls.customerSignIn.slice(0, -1)]) {
        const { body, headers } = await knock(site, { what: path, path, headers: { [name]: value } })
        expect(body + JSON.stringify(headers)).not.toContain('evil.example')
      }
    },
  )
})

describe('14.3.1 whoever signs out', () => {
  test('leaves nothing of it in the browser', async () => {
    const { visitor } = await customer(door)
    const answer = await visitor.submit(urls.customerSignOut, {})
    expect(answer.headers['clear-site-data']).toContain('"cache"')
    expect(answer.headers['clear-site-data']).toContain('"storage"')
    expect(visitor.sessionToken).toBeUndefined()
  })
})

interface Seen {
  what: string
  answer: Answer
}

async function everyKindOfAnswer(): Promise<Seen[]> {
  const person = await customer(door)
  const cookie = cookiesOf(person.visitor)
  const own = { 'sec-fetch-site': 'same-origin', 'content-type': FORM }
  const [asset = ''] = /\/assets\/[^"]+\.css/.exec((await person.visitor.get('/')).body) ?? []
  const requests: HostileRequest[] = [
    ...pages.map((path) => ({ what: `GET ${path}`, path })),
    ...pages.map((path) => ({ what: `GET ${path}, signed in`, path, headers: { cookie } })),
    { what: 'an asset', path: asset },
    { what: 'an address without its slash', path: '/accounts/customer/login' },
    { what: 'an unknown address', path: '/nowhere/' },
    { what: 'an unknown asset', path: '/assets/nothing.css' },
    { what: 'an unknown method', method: 'DELETE', path: '/' },
    { what: 'a query that is no text', path: '/?a=%FF' },
    { what: 'a repeated field', path: '/?a=1&a=2' },
    { what: 'a body too large', method: 'POST', path: urls.customerSignIn, headers: own, body: 'x'.repeat(70_000) },
    {
      what: 'JSON',
      method: 'POST',
      path: urls.customerSignIn,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    },
    {
      what: 'another site',
      method: 'POST',
      path: urls.customerSignIn,
      headers: { ...own, 'sec-fetch-site': 'cross-site' },
      body: 'a=b',
    },
    { what: 'no token', method: 'POST', path: urls.customerSignIn, headers: own, body: 'a=b' },
    { what: "somebody else's page", path: urls.console, headers: { cookie } },
  ]
  const seen = await Promise.all(
    requests.map(async (request) => ({ what: request.what, answer: await knock(site, request) })),
  )
  return [...seen, await tooMany(), ...(await broken(cookie))]
}

async function tooMany(): Promise<Seen> {
  const visitor = new Visitor(door)
  const submission = await visitor.token(urls.customerSignIn)
  let answer: Answer | undefined
  while (answer?.status !== 429)
    answer = await visitor.post(urls.customerSignIn, { identifier: 'nobody', password: 'nothing', submission })
  return { what: 'too many attempts', answer }
}

/** The guard itself fails: the database no longer lets the application read sessions. */
async function broken(cookie: string): Promise<Seen[]> {
  await asOwner('revoke all on sessions from meridian_app')
  const paths = [urls.customerProfile, urls.landing, urls.console]
  const seen = await Promise.all(
    paths.map(async (path) => ({
      what: `a mistake of ours at ${path}`,
      answer: await knock(site, { what: path, path, headers: { cookie } }),
    })),
  )
  await asOwner('grant select, insert, update, delete on sessions to meridian_app')
  return seen
}

async function asOwner(statement: string): Promise<void> {
  const { Client } = (await import('pg')).default
  const client = new Client({ connectionString: db.ownerUrl })
  await client.connect()
  await client.query(statement)
  await client.end()
}

function cookiesOf(visitor: Visitor): string {
  return [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** Asks for a page many times over one connection, from which nothing is read until `read`: more than the system holds for it. */
async function unread(url: string, path: string, times: number): Promise<{ read: () => Promise<string> }> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) }).pause()
  const ask = (connection: string) =>
    `GET ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nconnection: ${connection}\r\n\r\n`
  socket.write(ask('keep-alive').repeat(times - 1) + ask('close'))
  return { read: () => text(socket) }
}
