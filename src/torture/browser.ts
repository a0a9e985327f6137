import { randomInt } from 'node:crypto'
import { Agent, request as requestPlain, type IncomingHttpHeaders } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { SECOND } from '../lib/time.ts'

/** What came back, or that nothing did. */
export interface Reply {
  sent: number
  done: number
  /** Null when no whole answer came. */
  status: number | null
  headers: IncomingHttpHeaders
  body: string
  /** Of the site that was asked. */
  origin: string
}

export type Fields = Record<string, string>

/** Nobody waits longer for a page. */
export const PATIENCE_FOR_A_PAGE = 15 * SECOND

const plain = new Agent({ keepAlive: true, maxSockets: 256 })
const secure = new SecureAgent({ keepAlive: true, maxSockets: 256 })

/** A browser of an invented person: it keeps its cookies, whichever node answers, and comes from a network of its own. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #sites: readonly string[]
  readonly #network = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`

  constructor(sites: readonly string[]) {
    this.#sites = sites
  }

  /** The token of the session that it is in, as the cookie has it. */
  get sessionToken(): string | null {
    return this.#cookies.get('meridian-session') ?? this.#cookies.get('__Host-meridian-session') ?? null
  }

  /** Another window on the same cookies, as they are at this moment. */
  copy(): Browser {
    const copy = new Browser(this.#sites)
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value)
    return copy
  }

  get(path: string): Promise<Reply> {
    return this.#send('GET', path, undefined, PATIENCE_FOR_A_PAGE)
  }

  post(path: string, fields: Fields, patience = PATIENCE_FOR_A_PAGE): Promise<Reply> {
    return this.#send('POST', path, new URLSearchParams(fields).toString(), patience)
  }

  /** What the last answer has to say on the next page. */
  flashIn({ headers }: Reply): string | null {
    const line = headers['set-cookie']?.find((cookie) => /^(__Host-)?meridian-flash=[^;]/.test(cookie))
    return /=([^;]*)/.exec(line ?? '')?.[1] ?? null
  }

  #send(method: string, path: string, body: string | undefined, patience: number): Promise<Reply> {
    const url = new URL(path, this.#sites[randomInt(this.#sites.length)])
    const sent = Date.now()
    const headers = {
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      'x-forwarded-for': this.#network,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
    }
    const [request, agent] = url.protocol === 'https:' ? [requestSecure, secure] : [requestPlain, plain]
    return new Promise((resolve) => {
      const nothing = () => resolve({ sent, done: Date.now(), status: null, headers: {}, body: '', origin: url.origin })
      const outgoing = request(url, { method, headers, agent }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', nothing)
        incoming.on('end', () => {
          clearTimeout(timer)
          if (!incoming.complete) return nothing()
          this.#keep(incoming.headers['set-cookie'] ?? [])
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({
            sent,
            done: Date.now(),
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: text,
            origin: url.origin,
          })
        })
      })
      const timer = setTimeout(() => outgoing.destroy(new Error('nobody waits so long')), patience)
      outgoing.on('error', () => {
        clearTimeout(timer)
        nothing()
      })
      outgoing.end(body)
    })
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
  }
}

/** The token of the forms on a page. */
export function tokenIn(body: string): string | null {
  return /name="submission" value="([^"]+)"/.exec(body)?.[1] ?? null
}
