import { randomBytes, randomInt } from 'node:crypto'
import { Pool } from 'undici'
import { urls } from '../../src/urls.ts'
import { sameAsk, type Ask } from './load.ts'

/** What people come for, at each of the servers that are measured. `asks` makes that many requests, outside of the time measured. */
export interface Errands {
  registrations: (count: number) => Promise<Ask[]>
  'sign-ins': (count: number) => Promise<Ask[]>
  'session checks': (count: number) => Promise<Ask[]>
}

export const FORM = 'application/x-www-form-urlencoded'
export const PASSWORD = 'lantern orchid 47 quay'

/** Each from a network of its own, so that the limits are asked and never reached. */
export function fromSomewhere(): string {
  return `${randomInt(11, 126)}.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`
}

function newAddress(): string {
  return `person-${randomBytes(9).toString('hex')}@example.com`
}

/** Somebody who registers, as the form's fields. */
export function newPerson(): Record<'first_name' | 'last_name' | 'email' | 'password', string> {
  return { first_name: 'Ada', last_name: 'Lovelace', email: newAddress(), password: PASSWORD }
}

export interface OurErrands extends Errands {
  'registration page': (count: number) => Promise<Ask[]>
  'profile edits': (count: number) => Promise<Ask[]>
  /** Each by somebody else, who has registered for it. */
  'sign-outs': (count: number) => Promise<Ask[]>
  /** A session's token hash, for the bound that looks up the same row. */
  session: { cookie: string }
}

/** What a browser does at one of our nodes, made ready outside of the time that is measured. */
export interface Browsers {
  /** A form as a browser of its own has it, filled in and ready to be sent. */
  post: (path: string, fields: Record<string, string>, cookie?: string) => Promise<Ask>
  /** Sends it, and gives the cookies that were set. */
  sent: (ask: Ask) => Promise<string[]>
}

export function browsersAt(url: string): Browsers {
  const pool = new Pool(url, { connections: 4 })

  async function opened(path: string, cookie: string): Promise<{ cookie: string; token: string }> {
    const { headers, body } = await pool.request({ path, method: 'GET', headers: cookie ? { cookie } : {} })
    const page = await body.text()
    const token = /name="submission" value="([^"]+)"/.exec(page.slice(page.indexOf('<main')))?.[1] ?? ''
    return { cookie: [cookie, ...cookiesOf(headers['set-cookie'])].filter(Boolean).join('; '), token }
  }

  return {
    async sent(ask) {
      const { headers, statusCode, body } = await pool.request({ ...ask, headers: ask.headers ?? {} })
      await body.dump()
      if (statusCode !== ask.expected) throw new Error(`${ask.path} answered ${statusCode}`)
      return cookiesOf(headers['set-cookie'])
    },

    async post(path, fields, cookie = '') {
      const form = await opened(path, cookie)
      return {
        method: 'POST',
        path,
        headers: { 'content-type': FORM, cookie: form.cookie, 'x-forwarded-for': fromSomewhere(), origin: url },
        body: new URLSearchParams({ ...fields, submission: form.token }).toString(),
        expected: 303,
      }
    },
  }
}

export async function oursAt(url: string): Promise<OurErrands> {
  const { post, sent } = browsersAt(url)
  const registration = () => post(urls.customerRegistration, newPerson())

  const someone = newPerson()
  const cookies = await sent(await post(urls.customerRegistration, someone))
  const cookie = cookies.join('; ')
  const known = [someone.email]
  for (let more = 0; more < 30; more += 1) {
    const another = newPerson()
    await sent(await post(urls.customerRegistration, another))
    known.push(another.email)
  }
  return {
    session: { cookie },
    registrations: (count) => many(count, registration),
    'sign-ins': (count) =>
      many(count, (index) =>
        post(urls.customerSignIn, { identifier: known[index % known.length] as string, password: PASSWORD }),
      ),
    'session checks': async (count) =>
      sameAsk(count, { method: 'GET', path: urls.sessionApi, headers: { cookie }, expected: 200 }),
    'registration page': async (count) =>
      sameAsk(count, { method: 'GET', path: urls.customerRegistration, expected: 200 }),
    'sign-outs': (count) =>
      many(count, async () => post(urls.customerSignOut, {}, (await sent(await registration())).join('; '))),
    'profile edits': async (count) => {
      const edit = await post(urls.customerProfile, { first_name: 'Ada', last_name: 'Lovelace' }, cookie)
      return Array.from({ length: count }, (_, index) => ({
        ...edit,
        body: `${edit.body}&company=Analytical+Engines+${index}`,
      }))
    },
  }
}

export async function betterAuthAt(url: string): Promise<Errands> {
  const pool = new Pool(url, { connections: 4 })
  const post = (path: string, fields: object): Ask => ({
    method: 'POST',
    path: `/api/auth/${path}`,
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify(fields),
    expected: 200,
  })
  const registration = (email = newAddress()) =>
    post('sign-up/email', { name: 'Ada Lovelace', email, password: PASSWORD })

  const known = Array.from({ length: 31 }, newAddress)
  let cookie = ''
  for (const email of known) {
    const { headers, statusCode, body } = await pool.request({ ...registration(email) })
    await body.dump()
    if (statusCode !== 200) throw new Error(`Better Auth answered ${statusCode}`)
    cookie = cookiesOf(headers['set-cookie']).join('; ')
  }
  return {
    registrations: (count) => many(count, async () => registration()),
    'sign-ins': (count) =>
      many(count, async (index) => post('sign-in/email', { email: known[index % known.length], password: PASSWORD })),
    'session checks': async (count) =>
      sameAsk(count, { method: 'GET', path: '/api/auth/get-session', headers: { cookie }, expected: 200 }),
  }
}

export async function many(count: number, make: (index: number) => Promise<Ask>): Promise<Ask[]> {
  const asks: Ask[] = []
  for (let index = 0; index < count; index += 1) asks.push(await make(index))
  return asks
}

function cookiesOf(header: string | string[] | undefined): string[] {
  return [header ?? []].flat().map((line) => line.split(';')[0] as string)
}
