import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const METRICS_TOKEN = 'a token of this test that is long enough'
const site = await openSite(db, { METRICS_TOKEN })

afterEach(() => vi.restoreAllMocks())

/** As if the queue were full, for everybody or for one network. */
function full(network?: string): void {
  const refuses = (who: string | null) => network === undefined || who === network
  vi.spyOn(Passwords.prototype, 'refuses').mockImplementation(refuses)
  vi.spyOn(Passwords.prototype, 'admit').mockImplementation((who) => (refuses(who) ? null : () => undefined))
}

test('a full queue gives the form back as it was filled in, with when to come back, and no password is judged or hashed', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor, { company: 'Archer & Daughters' })
  full()
  const hash = vi.spyOn(Passwords.prototype, 'hash')
  const answer = await visitor.post(urls.customerRegistration, form)
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
  expect(answer.body).toContain('value="Archer &amp; Daughters"')
  expect(answer.body).not.toContain(form['password'])
  expect(hash).not.toHaveBeenCalled()
  expect(await db.count(`accounts where email_canonical = '${form['email']}'`)).toBe(0)

  vi.restoreAllMocks()
  expect((await visitor.post(urls.customerRegistration, form)).status, 'and the same form, sent again').toBe(303)
})

test('P4: a form that was carried out before gets its answer again, however full the queue', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor)
  const first = await visitor.post(urls.customerRegistration, form)
  full()
  visitor.cookies.delete('meridian-session')
  const again = await visitor.post(urls.customerRegistration, form)
  expect([again.status, again.headers.location]).toEqual([first.status, first.headers.location])
  expect(await db.count(`accounts where email_canonical = '${form['email']}'`)).toBe(1)
})

test('P4: and however used up the limits', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor)
  expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
  visitor.cookies.delete('meridian-session')
  await db.query('update limits set taken = 100000')
  expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
  visitor.cookies.delete('meridian-session')
  expect((await visitor.post(urls.customerRegistration, { ...form, first_name: 'Bea' })).status).toBe(429)
  await db.query('delete from limits')
})

test('beyond what a crowd of people sends, a flood gets one page that was made once, with a reference that leads to the log', async () => {
  const visitor = new Visitor(site)
  await visitor.token(urls.customerSignIn)
  full()
  const turnedAway = await flood(visitor)
  for (const { headers, body } of turnedAway) {
    expect(headers['retry-after']).toBe('5')
    expect(headers['content-security-policy']).toBeDefined()
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toContain('nothing was lost')
    expect(body).toMatch(/MA-[0-9A-Z]{4}-[0-9A-Z]{4}/)
    expect(body).not.toContain('<form')
    expect(body).not.toContain(visitor.cookies.get('meridian-browser'))
  }
  // One page and one reference a second; the flood may last from one second into the next.
  expect(new Set(turnedAway.map(({ body }) => body)).size).toBeLessThanOrEqual(3)
})

test('how many were turned away is in the log, a line a second, and in the figures', async () => {
  const warn = vi.spyOn(site.log, 'warn')
  const before = await turnedAwayInFigures()
  full()
  const turnedAway = await flood(new Visitor(site))
  const references = new Set(turnedAway.map(({ body }) => /MA-[0-9A-Z-]{9}/.exec(body)?.[0]))
  expect(references.has(undefined)).toBe(false)
  await vi.waitFor(() => {
    const lines = warn.mock.calls.map(([line]) => line as { reference?: string; count?: number })
    const ours = lines.filter(({ reference, count }) => count && references.has(reference))
    expect(ours.length).toBe(references.size)
    expect(ours.reduce((sum, { count = 0 }) => sum + count, 0)).toBeGreaterThanOrEqual(turnedAway.length)
  }, 5000)
  expect(await turnedAwayInFigures()).toBeGreaterThanOrEqual(before + turnedAway.length)
})

test('it is refused while its form is still on the way, and a connection is not kept for a long one', async () => {
  full()
  const short = await turnedAwayWithoutItsBody({ length: 200 })
  expect(short).toMatch(/^http\/1\.1 503 /)
  expect(short).toContain('connection: keep-alive')
  const long = await turnedAwayWithoutItsBody({ length: 64 * 1024 + 1 })
  expect(long).toMatch(/^http\/1\.1 503 /)
  expect(long).toContain('connection: close')
})

test('whoever hangs up is no longer counted, nor are those who stood behind them on the same connection', async () => {
  const inside = { came: 0, left: 0 }
  vi.spyOn(Passwords.prototype, 'admit').mockImplementation(() => {
    inside.came += 1
    return () => (inside.left += 1)
  })
  const body = new URLSearchParams({ identifier: 'a', password: 'b', submission: 'none' }).toString()
  const socket = connect(Number(new URL(site.url).port), '127.0.0.1')
  socket.write(`${signInHead(body.length)}${body}`.repeat(5))
  await vi.waitFor(() => expect(inside.came).toBeGreaterThan(1))
  socket.destroy()
  await vi.waitFor(() => expect(inside.left).toBe(inside.came))
})

test('a page is the same with a query string', async () => {
  full()
  await flood(new Visitor(site))
  const answers = await flood(
    new Visitor(site),
    `${urls.customerRegistration}?next=%2Faccounts%2Fcustomer%2Fprofile%2F`,
  )
  expect(answers.length).toBeGreaterThan(20)
})

test('what costs no hash is answered as ever: pages, session checks, signing out', async () => {
  const visitor = new Visitor(site)
  await visitor.register()
  const token = await visitor.token(urls.customerProfile)
  full()
  const pages = await Promise.all(Array.from({ length: 60 }, () => visitor.get(urls.customerProfile)))
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await visitor.post(urls.customerSignOut, { submission: token })).status).toBe(303)
  expect(await visitor.isSignedIn()).toBe(false)
})

test('where one network floods, others are served, and it is itself as soon as it has stopped', async () => {
  const flooding = new Visitor(site)
  full(flooding.network)
  expect((await flood(flooding)).length).toBeGreaterThan(20)
  const { answer } = await new Visitor(site).register()
  expect(answer.status).toBe(303)
  vi.restoreAllMocks()
  expect((await flooding.register()).answer.status).toBe(303)
})

test('a network that keeps on though its limit is used up is told so at the door, others are served, and so is it when it may', async () => {
  const flooding = new Visitor(site)
  expect((await flooding.register()).answer.status).toBe(303)
  flooding.cookies.delete('meridian-session')
  await db.query('update limits set taken = 100000')
  const form = await filledIn(flooding)
  const sent: Answer[] = []
  const send = async (times: number) => {
    for (const end = sent.length + times; sent.length < end;)
      sent.push(await flooding.post(urls.customerRegistration, form))
  }
  await send(15)
  full()
  await send(1)
  vi.restoreAllMocks()
  await send(15)
  const statuses = sent.map(({ status }) => status)
  expect(new Set(statuses.toSpliced(15, 1)), 'and that the queue was full meanwhile changes nothing').toEqual(
    new Set([429]),
  )

  const answers = await Promise.all(Array.from({ length: 60 }, () => flooding.post(urls.customerRegistration, form)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]))
  const atTheDoor = answers.filter(({ body }) => !body.includes('<form'))
  expect(atTheDoor.length).toBeGreaterThan(20)
  expect(Number(atTheDoor[0]?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await new Visitor(site).register()).answer.status).toBe(303)

  await db.query('delete from limits')
  await vi.waitFor(async () => expect((await flooding.post(urls.customerRegistration, form)).status).toBe(303), 5000)
})

test('a true flood, from many networks at once: everybody gets an answer, and nobody is left inside', async () => {
  const forms = await Promise.all(Array.from({ length: 40 }, () => filledIn(new Visitor(site))))
  const person = new Visitor(site)
  await person.register()
  const admit = vi.spyOn(Passwords.prototype, 'admit')
  const floods = forms.flatMap((form) =>
    Array.from({ length: 10 }, () => new Visitor(site).post(urls.customerRegistration, form)),
  )
  expect(await person.isSignedIn()).toBe(true)
  const statuses = new Set((await Promise.all(floods)).map(({ status }) => status))
  for (const status of statuses) expect([303, 403, 422, 503]).toContain(status)
  const passwords = admit.mock.contexts[0] as Passwords
  await vi.waitFor(() => expect(passwords.waiting).toBe(0))
  expect((await new Visitor(site).register()).answer.status).toBe(303)
})

test('who sends no form keeps no place: hundreds of idle connections shut the door to nobody for longer than a moment', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor)
  const attempt = async () => (await visitor.post(urls.customerRegistration, form)).status
  const admit = vi.spyOn(Passwords.prototype, 'admit')
  for (let open = 0; open < 600; open += 1) {
    const socket = connect(Number(new URL(site.url).port), '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    socket.write(signInHead(200, [`x-forwarded-for: 198.51.${open >> 8}.${open & 255}`]))
    // Fewer at a time than the kernel keeps for a server that is busy.
    if (open % 100 === 99) await vi.waitFor(() => expect(admit.mock.calls.length).toBeGreaterThan(open))
  }
  expect(await attempt(), 'shut').toBe(503)
  await vi.waitFor(async () => expect(await attempt(), 'open').toBe(303), 10_000)
})

/** More than go on in a second; returns the answers of those that were turned away at the door. */
async function flood(visitor: Visitor, path: string = urls.customerSignIn): Promise<Answer[]> {
  const form = { identifier: 'a', password: 'b', submission: 'none' }
  const answers = await Promise.all(Array.from({ length: 120 }, () => visitor.post(path, form)))
  // The others went on, and were refused for their token or told with the form that it is busy.
  return answers.filter(({ status, body }) => status === 503 && !body.includes('<form'))
}

async function turnedAwayInFigures(): Promise<number> {
  const { body } = await new Visitor(site).get('/metrics', { authorization: `Bearer ${METRICS_TOKEN}` })
  const counts = body.matchAll(/meridian_response_seconds_count\{[^}]*status="503"[^}]*\} (\d+)/g)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** The head of an answer to sign-ins whose body, of so many bytes, never comes; a few of them go on and wait for it. */
async function turnedAwayWithoutItsBody({ length }: { length: number }): Promise<string> {
  const sockets = Array.from({ length: 20 }, () => connect(Number(new URL(site.url).port), '127.0.0.1'))
  try {
    const answers = sockets.map((socket) => {
      socket.write(signInHead(length))
      return once(socket, 'data') as Promise<[Buffer]>
    })
    const [bytes] = await Promise.any(answers)
    return (bytes.toString('latin1').split('\r\n\r\n')[0] as string).toLowerCase()
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

function signInHead(length: number, further: readonly string[] = []): string {
  const lines = [
    `POST ${urls.customerSignIn} HTTP/1.1`,
    'host: localhost',
    'content-type: application/x-www-form-urlencoded',
    `content-length: ${length}`,
    ...further,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

async function filledIn(visitor: Visitor, fields: FormFields = {}): Promise<FormFields> {
  return { ...registrationForm(fields), submission: await visitor.token(urls.customerRegistration) }
}
