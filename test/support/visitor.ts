import { randomInt } from 'node:crypto'
import { Agent, request, type IncomingHttpHeaders } from 'node:http'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword, remember } from './canary.ts'
import type { Site } from './site.ts'

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export type FormFields = Record<string, string>

/** One connection pool for all visitors, as wide as a test may ask for. */
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/**
 * Somebody's browser without the pictures: it keeps cookies, fetches a form and sends it back with what it found in it.
 * Each comes from a network of its own, as the load balancer in front would say.
 */
export class Visitor {
  readonly cookies = new Map<string, string>()
  readonly network: string
  readonly #site: Site

  constructor(site: Site, network = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`) {
    this.#site = site
    this.network = network
  }

  /** The same browser, talking to another node. */
  at(site: Site): Visitor {
    const same = new Visitor(site, this.network)
    for (const [name, value] of this.cookies) same.cookies.set(name, value)
    return same
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, headers)
  }

  post(path: string, fields: FormFields, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams(fields).toString()
    return this.send(
      'POST',
      path,
      { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
      body,
    )
  }

  /** Opens the page and sends its form, filled in with `fields`, as a person would. */
  async submit(path: string, fields: FormFields): Promise<Answer> {
    return this.post(path, { ...fields, submission: await this.token(path) })
  }

  /** The token of the form on a page. */
  async token(path: string): Promise<string> {
    const { body, status } = await this.get(path)
    const token = tokenIn(body)
    if (token === null) throw new Error(`no form at ${path}, but ${status}: ${body.slice(0, 300)}`)
    return token
  }

  async register(fields: FormFields = {}): Promise<{ answer: Answer; email: string; password: string }> {
    const form = registrationForm(fields)
    const answer = await this.submit(urls.customerRegistration, form)
    return { answer, email: form['email'] as string, password: form['password'] as string }
  }

  signIn(identifier: string, password: string): Promise<Answer> {
    return this.submit(urls.customerSignIn, { identifier, password })
  }

  /** Whether the site knows this browser's person: the header offers a way out only to them. */
  async isSignedIn(): Promise<boolean> {
    return (await this.get(urls.customerProfile)).status === 200
  }

  get sessionToken(): string | undefined {
    return this.cookies.get('meridian-session') ?? this.cookies.get('__Host-meridian-session')
  }

  send(method: string, path: string, headers: Record<string, string>, body?: string | Buffer): Promise<Answer> {
    const url = new URL(path, this.#site.url)
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const all = {
      ...(cookie ? { cookie } : {}),
      'x-forwarded-for': this.network,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    }
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: url.port, method, path, headers: all, agent }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          this.#keep(incoming.headers['set-cookie'] ?? [])
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  #keep(lines: string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
      if (value.length > 20 && /session|browser/.test(name)) remember(value)
    }
  }
}

/** A registration that nobody objects to, from a person of one's own. */
export function registrationForm(fields: FormFields = {}): FormFields {
  return { first_name: 'Ann', last_name: 'Archer', email: canaryEmail(), password: canaryPassword(), ...fields }
}

export function tokenIn(body: string): string | null {
  // The last one on the page: the header's sign-out form has the same token, so any would do.
  return /name="submission" value="([^"]+)"/.exec(body)?.[1] ?? null
}

export function welcome(name: string): string {
  return `Welcome to Meridian Asset Logistics, ${name}! Your account has been created successfully.`
}
