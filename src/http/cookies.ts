import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { DAY, MINUTE, SECOND } from '../lib/time.ts'

export type CookieName =
  | 'session'
  | 'browser'
  | 'flash'
  | 'closing'
  | 'invitation'
  | 'confirmation'
  | 'registration'
  | 'recovery'
  | 'email-change'
  | 'email-correction'
  | 'email-revert'

/** Milliseconds for which a browser keeps each; 400 days is the most that browsers grant. */
const lifetimes: Record<CookieName, number> = {
  session: 30 * DAY,
  browser: 400 * DAY,
  flash: 5 * MINUTE,
  closing: 10 * MINUTE,
  invitation: 60 * MINUTE,
  confirmation: 60 * MINUTE,
  registration: 60 * MINUTE,
  recovery: 60 * MINUTE,
  'email-change': 60 * MINUTE,
  'email-correction': 60 * MINUTE,
  'email-revert': 60 * MINUTE,
}

/**
 * Our cookies, all alike: HttpOnly, SameSite=Lax, for the whole site and no other host. Over https they are Secure and
 * carry the __Host- prefix (ASVS 3.3.1 to 3.3.4), which browsers refuse over plain http.
 */
export class Cookies {
  readonly #secure: boolean

  constructor(publicUrl: string) {
    this.#secure = publicUrl.startsWith('https:')
  }

  read(request: FastifyRequest, name: CookieName): string | null {
    return request.cookies[this.#nameOf(name)] || null
  }

  write(reply: FastifyReply, name: CookieName, value: string): void {
    reply.setCookie(this.#nameOf(name), value, { ...this.#attributes(), maxAge: lifetimes[name] / SECOND })
  }

  clear(reply: FastifyReply, name: CookieName): void {
    reply.clearCookie(this.#nameOf(name), this.#attributes())
  }

  /** Whether a request brings any cookie of ours, and so the standing of somebody's browser. */
  anyIn(request: FastifyRequest): boolean {
    return Object.keys(lifetimes).some((name) => this.read(request, name as CookieName) !== null)
  }

  #nameOf(name: CookieName): string {
    return this.#secure ? `__Host-meridian-${name}` : `meridian-${name}`
  }

  #attributes(): CookieSerializeOptions {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.#secure }
  }
}
