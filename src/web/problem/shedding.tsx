import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { answer } from '../../answers/catalogue.ts'
import type { Metrics } from '../../http/metrics.ts'
import { networkOf } from '../../http/network.ts'
import { cameFrom, type Trust } from '../../http/proxies.ts'
import { securityHeaders } from '../../http/security-headers.ts'
import { findTheQueueFull } from '../../http/queue-full.ts'
import { BODY_LIMIT, newReference, type Door } from '../../http/server.ts'
import type { Web } from '../../http/web.ts'
import type { Log } from '../../lib/log.ts'
import { SECOND } from '../../lib/time.ts'
import { Turnstile } from '../../lib/turnstile.ts'
import { renderDocument } from '../../ui/layout.tsx'
import { ProblemPage } from './page.tsx'

export interface SheddingSettings {
  isProxy: Trust
  metrics: Pick<Metrics, 'responses'>
  log: Log
}

/** Forms a second that are given back as they were filled in while the queue is full: more of them than this is a flood. */
const FORMS_GIVEN_BACK = 20

/** How many of them may come at the same moment. Together they keep the node from everything else for that long. */
const AT_ONCE = 5

const WHAT_NOW =
  'Go back: your browser keeps what you typed. Wait a moment, then send it again: nothing was lost, and nothing will happen twice.'

/** What everybody gets who is turned away within one second, under one reference, which leads to one line of the log. */
interface Turned {
  reference: string
  headers: Record<string, string | number>
  page: Buffer
  count: number
}

/**
 * Turns away who would wait for a hash in vain, ahead of everything: before the framework has seen the request, before
 * its form is read, with a page that was made once. What a refusal costs decides how great a flood may be while everybody
 * else is served.
 *
 * Who goes in does so one at a time. A few each second go on all the same, and get their form back, or the answer to what they sent before.
 */
export class Shedding {
  readonly #web: Web
  readonly #passwords: Pick<Passwords, 'admit'>
  readonly #isProxy: Trust
  readonly #responses: Metrics['responses']
  readonly #log: Log
  readonly #hashing = new Set<string>()
  readonly #goesOn = atMost(FORMS_GIVEN_BACK, AT_ONCE)
  readonly #turnstile = new Turnstile()
  /** The page before the reference and after it. */
  #pieces: readonly string[] | null = null
  #turned: Turned | null = null

  constructor(web: Web, passwords: Pick<Passwords, 'admit'>, { isProxy, metrics, log }: SheddingSettings) {
    this.#web = web
    this.#passwords = passwords
    this.#isProxy = isProxy
    this.#responses = metrics.responses
    this.#log = log
  }

  /** Learns which routes cost a hash. They stand for what they are: none of them has a row's id in its address. */
  watch(server: FastifyInstance): void {
    server.addHook('onRoute', ({ config, url }) => {
      if (!config?.hashes) return
      if (url.includes(':')) throw new Error(`${url} hashes, and is not one address`)
      this.#hashing.add(url)
    })
  }

  readonly door: Door = (request, response, goOn) => {
    const route = pathOf(request)
    if (request.method !== 'POST' || !this.#hashing.has(route)) return goOn()
    const leave = this.#passwords.admit(networkOf(cameFrom(request, this.#isProxy)))
    if (leave === null && !this.#goesOn()) return this.#turnAway(request, response, route)
    if (leave) response.once('close', leave)
    else findTheQueueFull(request)
    this.#turnstile.pass(() => {
      if (!response.closed) goOn()
    })
  }

  #turnAway(request: IncomingMessage, response: ServerResponse, route: string): void {
    const turned = (this.#turned ??= this.#newSecond())
    turned.count += 1
    const { status } = answer('hashing-busy')
    response.writeHead(status, isShort(request) ? turned.headers : { ...turned.headers, connection: 'close' })
    response.end(turned.page)
    this.#responses.observe({ method: 'POST', route, status }, 0)
  }

  #newSecond(): Turned {
    const { retryAfter = 1 } = answer('hashing-busy')
    const reference = newReference()
    this.#pieces ??= this.#page(reference).split(reference)
    const page = Buffer.from(this.#pieces.join(reference))
    setTimeout(() => this.#endSecond(), SECOND).unref()
    return {
      reference,
      headers: {
        ...securityHeaders(this.#web.publicUrl),
        'retry-after': retryAfter,
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
        'content-length': page.length,
      },
      page,
      count: 0,
    }
  }

  #endSecond(): void {
    if (!this.#turned) return
    const { reference, count } = this.#turned
    this.#turned = null
    this.#log.warn({ reference, count, code: 'hashing-busy' }, 'turned away within a second')
  }

  #page(reference: string): string {
    const { title, words, retryAfter = 1 } = answer('hashing-busy')
    return renderDocument(
      <ProblemPage
        page={this.#web.pageForAnybody()}
        title={title}
        words={words}
        whatNow={WHAT_NOW}
        reference={reference}
        retryAfterSeconds={retryAfter}
      />,
    )
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** Whether what is still to come of a request is less than reading a form would be; else the connection is not kept for it. */
function isShort({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.NaN) <= BODY_LIMIT
}

/** Says yes so many times a second, evenly, and `atOnce` times at the same moment. */
function atMost(perSecond: number, atOnce: number): () => boolean {
  let left = atOnce
  let at = performance.now()
  return () => {
    const now = performance.now()
    left = Math.min(atOnce, left + ((now - at) / SECOND) * perSecond)
    at = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
