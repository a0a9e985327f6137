import type { FastifyReply, FastifyRequest } from 'fastify'
import { KNOWN_FOR, type Submission } from '../accounts/receipts/receipts.ts'
import { browserHash } from '../accounts/sessions/known-browsers.ts'
import type { Keys } from '../lib/keys.ts'
import { newSecret } from '../lib/random.ts'
import { DAY } from '../lib/time.ts'
import type { Cookies } from './cookies.ts'
import { fieldsOf } from './form-body.ts'

/** How long an opened form may be sent for the first time. */
const FRESH_FOR = DAY

/** What a form's token tells of it. Only a fresh one may do anything new; a stale one may still find its receipt. */
export type Verdict =
  | {
      state: 'fresh' | 'stale'
      submission: Submission
      /** The form that it came from, by its token: what is sent from one opened anew is meant anew (oncePerForm). */
      form: string
    }
  | { state: 'foreign' | 'no-browser' }

/**
 * The token in every form, bound to the browser that fetched it: proof against forgery (ASVS 3.5.1), and of how old the
 * form is. It reads `<issued>.<signature>`; the signature covers the browser's cookie.
 *
 * What makes a submission the same when it comes again is the browser together with all that was typed: also where
 * somebody whose answer was lost opens the form anew and fills it in once more.
 */
export class Submissions {
  readonly #keys: Keys
  readonly #cookies: Cookies

  constructor(keys: Keys, cookies: Cookies) {
    this.#keys = keys
    this.#cookies = cookies
  }

  /** A token for a form on this page; gives the browser its cookie if it has none yet. */
  newToken(request: FastifyRequest, reply: FastifyReply): string {
    request.formToken ??= this.#issue(this.#secretOf(request) ?? this.#giveCookie(request, reply))
    return request.formToken
  }

  check(request: FastifyRequest): Verdict {
    const { submission: token = '', ...fields } = fieldsOf(request)
    const browser = this.#secretOf(request)
    if (browser === null) return { state: 'no-browser' }
    const [issued = '', signature = '', ...more] = token.split('.')
    const genuine =
      more.length === 0 &&
      this.#keys.verifies('submission', `${issued}.${browser}`, Buffer.from(signature, 'base64url'))
    const age = Date.now() - Number.parseInt(issued, 36)
    if (!genuine || !(age < KNOWN_FOR)) return { state: 'foreign' }
    return { state: age < FRESH_FOR ? 'fresh' : 'stale', submission: { secret: browser, fields }, form: token }
  }

  /** Which browser this is, in the one form that leaves this file: its secret is what makes replays its own. */
  browserOf(request: FastifyRequest): Buffer | null {
    const secret = this.#secretOf(request)
    return secret === null ? null : browserHash(secret)
  }

  #issue(browser: string): string {
    const issued = Date.now().toString(36)
    return `${issued}.${this.#keys.sign('submission', `${issued}.${browser}`).toString('base64url')}`
  }

  #secretOf(request: FastifyRequest): string | null {
    return request.newBrowser ?? this.#cookies.read(request, 'browser')
  }

  #giveCookie(request: FastifyRequest, reply: FastifyReply): string {
    const browser = newSecret()
    request.newBrowser = browser
    this.#cookies.write(reply, 'browser', browser)
    return browser
  }
}
