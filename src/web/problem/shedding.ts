import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import type { Metrics } from '../../http/metrics.ts'
import { networkOf } from '../../http/network.ts'
import { cameFrom, type Trust } from '../../http/proxies.ts'
import { findTheQueueFull } from '../../http/queue-full.ts'
import type { Door } from '../../http/server.ts'
import type { Web } from '../../http/web.ts'
import type { Log } from '../../lib/log.ts'
import { SECOND } from '../../lib/time.ts'
import { Turnstile } from '../../lib/turnstile.ts'
import { StandingAnswer } from './standing-answer.tsx'
import { UsedUp } from './used-up.ts'

export interface SheddingSettings {
  isProxy: Trust
  metrics: Pick<Metrics, 'responses'>
  log: Log
}

/** Forms a second that are read though nothing may come of it, and given back as they were filled in: more are a flood. */
const FORMS_GIVEN_BACK = 20

/** How many of them may come at the same moment. Together they keep the node from everything else for that long. */
const AT_ONCE = 5

/** How long a place is kept for somebody whose form does not come, in milliseconds: else idle connections would take them all. */
const FORM_WITHIN = 2 * SECOND

/**
 * Turns away who would wait for a hash in vain, ahead of everything: before the framework has seen the request, before
 * its form is read, with a page that was made once. What a refusal costs decides how great a flood may be while everybody
 * else is served. So it does with a network that keeps on though its limit is used up.
 *
 * Both go in slices of a turn of the event loop, and who goes in does so at a pace that keeps the hashes busy. A few each second
 * go on all the same, and get their form back, or the answer to what they sent before.
 */
export class Shedding {
  readonly #passwords: Pick<Passwords, 'admit' | 'pace'>
  readonly #isProxy: Trust
  readonly #hashing = new Set<string>()
  readonly #usedUp = new UsedUp()
  readonly #goesOn = atMost(FORMS_GIVEN_BACK, AT_ONCE)
  readonly #in = new Turnstile<string | null>(() => this.#passwords.pace)
  readonly #out = new Turnstile<string | null>(() => 0)
  readonly #busy: StandingAnswer
  readonly #tooMany: StandingAnswer

  constructor(web: Web, passwords: Pick<Passwords, 'admit' | 'pace'>, { isProxy, ...told }: SheddingSettings) {
    this.#passwords = passwords
    this.#isProxy = isProxy
    this.#busy = new StandingAnswer('hashing-busy', web, told)
    this.#tooMany = new StandingAnswer('too-many-attempts', web, told)
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
    const network = networkOf(cameFrom(request, this.#isProxy))
    const sender = `${network} ${route}`
    const isUsedUp = this.#usedUp.has(sender)
    const refuse = (told: StandingAnswer) => this.#out.pass(network, () => told.give(request, response, route))
    if (isUsedUp && !this.#goesOn()) return void refuse(this.#tooMany)
    const leave = this.#passwords.admit(network)
    if (leave === null) {
      if (!isUsedUp && !this.#goesOn()) return void refuse(this.#busy)
      findTheQueueFull(request)
    }
    const giveUp = this.#in.pass(network, goOn)
    const late = setTimeout(() => !request.complete && leave?.(), FORM_WITHIN)
    response.once('close', () => {
      clearTimeout(late)
      giveUp()
      leave?.()
      // That the queue is full says nothing of this network's limit.
      if (leave !== null && response.headersSent) this.#usedUp.note(sender, response.statusCode)
    })
  }
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
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
