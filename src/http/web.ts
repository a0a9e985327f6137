import type { FastifyReply, FastifyRequest } from 'fastify'
import type { JSX } from 'preact'
import { answer, type AnswerCode } from '../answers/catalogue.ts'
import type { Account } from '../accounts/account.ts'
import { findSession, type Client, type CurrentSession, type SessionToken } from '../accounts/sessions/sessions.ts'
import type { Origin } from '../audit/events.ts'
import type { Database } from '../database/database.ts'
import { inWords } from '../lib/duration.ts'
import type { Keys } from '../lib/keys.ts'
import type { Refusal } from '../lib/parsed.ts'
import { showable } from '../lib/text.ts'
import { SECOND } from '../lib/time.ts'
import type { FormError, FormState } from '../ui/form.tsx'
import { renderDocument } from '../ui/layout.tsx'
import type { Assets, PageContext, Viewer } from '../ui/page.ts'
import { urls } from '../urls.ts'
import { BlankPage } from './blank-page.ts'
import { sectionsFor } from './console-sections.ts'
import { Cookies } from './cookies.ts'
import { noticeFor, type FlashCode } from './flash.ts'
import { fieldsOf, queryOf, type Fields } from './form-body.ts'
import { networkOf } from './network.ts'
import { safeNext } from './safe-next.ts'
import { Submissions } from './submissions.ts'

export interface WebSettings {
  brand: string
  publicUrl: string
  assets: Assets
}

/** What the form holds besides what was typed. */
const NEVER_SHOWN_AGAIN = new Set(['password', 'current_password', 'submission'])

/** Where every page leads to. */
const PAGE_URLS = {
  landing: urls.landing,
  register: urls.customerRegistration,
  signIn: urls.customerSignIn,
  staffSignIn: urls.staffSignIn,
}

/** What every page's handlers share: who is there, what a page knows, and how an answer is given. */
export class Web {
  readonly brand: string
  readonly publicUrl: string
  readonly cookies: Cookies
  readonly submissions: Submissions
  readonly #assets: Assets
  readonly #database: Database
  readonly #blankForms = new Map<string, BlankPage>()

  constructor({ brand, publicUrl, assets }: WebSettings, database: Database, keys: Keys) {
    this.brand = brand
    this.publicUrl = publicUrl
    this.cookies = new Cookies(publicUrl)
    this.submissions = new Submissions(keys, this.cookies)
    this.#assets = assets
    this.#database = database
  }

  /** Who is signed in; asked of the database once a request. */
  async session(request: FastifyRequest): Promise<CurrentSession | null> {
    if (request.session !== undefined) return request.session
    const token = this.sessionToken(request)
    const session = token === null ? null : await findSession(this.#database, token)
    request.session = session
    return session
  }

  async account(request: FastifyRequest): Promise<Account | null> {
    return (await this.session(request))?.account ?? null
  }

  /** Somebody whom the guard has let in; a route that lets in nobody has no business asking. */
  signedIn(request: FastifyRequest): Account {
    return this.signedInSession(request).account
  }

  signedInSession({ session, routeOptions }: FastifyRequest): CurrentSession {
    if (!session) throw new Error(`${routeOptions.url} let in nobody`)
    return session
  }

  sessionToken(request: FastifyRequest): SessionToken | null {
    return this.cookies.read(request, 'session')
  }

  client(request: FastifyRequest): Client {
    const userAgent = request.headers['user-agent']
    return {
      network: networkOf(request.ip),
      userAgent: userAgent ? showable(userAgent).slice(0, 256) : null,
      browser: this.submissions.browserOf(request),
    }
  }

  origin(request: FastifyRequest): Origin {
    return { network: networkOf(request.ip), reference: request.id }
  }

  /** What a page knows. The notice is shown once: whoever renders it takes it away. */
  page(request: FastifyRequest, reply: FastifyReply): PageContext {
    const account = request.session?.account ?? null
    const flash = this.cookies.read(request, 'flash')
    if (flash !== null) this.cookies.clear(reply, 'flash')
    return {
      brand: this.brand,
      assets: this.#assets,
      viewer: account && this.#viewer(account, request, reply),
      viewerUnknown: request.session === undefined && this.sessionToken(request) !== null,
      notice: noticeFor(flash, this.brand, account),
      urls: PAGE_URLS,
    }
  }

  /** What a page knows that is the same for everybody, and says nothing of whoever is the first to get it. */
  pageForAnybody(): PageContext {
    return {
      brand: this.brand,
      assets: this.#assets,
      viewer: null,
      viewerUnknown: true,
      notice: null,
      urls: PAGE_URLS,
    }
  }

  /** An empty form, or one filled in with `values`. */
  form(request: FastifyRequest, reply: FastifyReply, values: Fields = {}): FormState {
    return { values, errors: [], token: this.submissions.newToken(request, reply) }
  }

  /** The form as it was sent, with what is wrong about it. It keeps its token: nothing was carried out under it yet. */
  formAsSent(request: FastifyRequest, reply: FastifyReply, errors: readonly FormError[]): FormState {
    const fields = fieldsOf(request)
    const values = Object.entries(fields)
      .filter(([name]) => !NEVER_SHOWN_AGAIN.has(name))
      .map(([name, value]) => [name, showable(value)])
    const { state } = this.submissions.check(request)
    const token = state === 'fresh' ? (fields['submission'] as string) : this.submissions.newToken(request, reply)
    return { values: Object.fromEntries(values), errors, token }
  }

  /**
   * An empty form, for people who are not signed in. All of them get the same page but for its token, so it is rendered
   * once for each route and kept.
   */
  sendBlankForm(request: FastifyRequest, reply: FastifyReply, form: (state: FormState) => JSX.Element): FastifyReply {
    const state = this.form(request, reply)
    const route = this.ownAddress(request)
    const alike = this.sessionToken(request) === null && this.cookies.read(request, 'flash') === null
    if (!alike || route !== request.routeOptions.url) return this.send(reply, form(state))
    const token = state.token ?? ''
    const blank =
      this.#blankForms.get(route) ?? this.#keepBlank(route, new BlankPage(renderDocument(form(state)), token))
    const page = blank.withToken(token)
    // The system has all of it by then; a connection that breaks before keeps its copy.
    reply.raw.once('finish', () => blank.takeBack(page))
    return this.#sendDocument(reply, page)
  }

  send(reply: FastifyReply, element: JSX.Element, status = 200): FastifyReply {
    return this.#sendDocument(reply, renderDocument(element), status)
  }

  /** Shows the route's own form again, with the status that the answer has. */
  async refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    code: AnswerCode,
    errors: readonly FormError[],
  ): Promise<FastifyReply> {
    const { form } = request.routeOptions.config
    if (!form) throw new Error(`${request.routeOptions.url} refuses without having a form`)
    return this.send(reply, await form(request, reply, this.formAsSent(request, reply, errors)), answer(code).status)
  }

  refuseFields(request: FastifyRequest, reply: FastifyReply, refusals: readonly Refusal[]): Promise<FastifyReply> {
    return this.refuse(request, reply, 'fields-refused', refusals)
  }

  /** A token that does not fit: what was typed comes back with one that does. */
  refuseToken(
    request: FastifyRequest,
    reply: FastifyReply,
    state: 'stale' | 'foreign' | 'no-browser',
  ): Promise<FastifyReply> {
    const code = state === 'no-browser' ? 'cookies-missing' : 'form-expired'
    return this.refuse(request, reply, code, [errorFor(code)])
  }

  refuseAttempts(
    request: FastifyRequest,
    reply: FastifyReply,
    { rule, retryAfter }: { rule: string; retryAfter: number },
  ): Promise<FastifyReply> {
    const { words, whatNow } = answer('too-many-attempts')
    request.log.warn({ rule, network: networkOf(request.ip) }, 'a limit was reached')
    reply.header('retry-after', retryAfter)
    const wait = inWords(retryAfter * SECOND)
    const told = [{ field: null, words: `${words} ${whatNow} You can try again in ${wait}.` }]
    return this.refuse(request, reply, 'too-many-attempts', told)
  }

  /** Where a form that was opened with `?next=` leads to, if that is a place of this site. */
  next(request: FastifyRequest, fallback: string): string {
    return safeNext(queryOf(request)['next'], this.publicUrl, fallback)
  }

  /** The address that a page's form is sent to: the page's own, never as the request spelt it. */
  ownAddress(request: FastifyRequest): string {
    const path = request.routeOptions.url ?? urls.landing
    const next = this.next(request, '')
    return next === '' ? path : `${path}?next=${encodeURIComponent(next)}`
  }

  /** See Other, so that reloading the answer never sends the form again. */
  redirect(reply: FastifyReply, to: string, flash?: FlashCode): FastifyReply {
    if (flash) this.cookies.write(reply, 'flash', flash)
    return reply.header('cache-control', 'no-store').redirect(to, 303)
  }

  /** Has the browser send the same once more, to another address of this site (RFC 9110, 15.4.8). */
  passOn(reply: FastifyReply, to: string): FastifyReply {
    return reply.header('cache-control', 'no-store').redirect(to, 307)
  }

  #keepBlank(route: string, page: BlankPage): BlankPage {
    this.#blankForms.set(route, page)
    return page
  }

  #sendDocument(reply: FastifyReply, document: string | Buffer, status = 200): FastifyReply {
    return reply.status(status).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(document)
  }

  #viewer(account: Account, request: FastifyRequest, reply: FastifyReply): Viewer {
    const customer = account.kind === 'customer'
    return {
      name: `${account.firstName} ${account.lastName}`.trim(),
      kind: account.kind,
      homeUrl: homeOf(account),
      profileUrl: customer ? urls.customerProfile : urls.staffProfile,
      signOutUrl: customer ? urls.customerSignOut : urls.staffSignOut,
      signOutToken: this.submissions.newToken(request, reply),
      sections: sectionsFor(account, request.routeOptions.url ?? urls.landing),
    }
  }
}

/** Where each kind of person lands. */
export function homeOf({ kind }: Pick<Account, 'kind'>): string {
  return kind === 'staff' ? urls.console : urls.landing
}

/** Where each kind of person sees their own account. */
export function profileOf({ kind }: Pick<Account, 'kind'>): string {
  return kind === 'staff' ? urls.staffProfile : urls.customerProfile
}

/** An answer of the catalogue as a message for the form as a whole, or for one field of it. */
export function errorFor(code: AnswerCode, field: string | null = null): FormError {
  const { words, whatNow } = answer(code)
  return { field, words: `${words} ${whatNow}` }
}
