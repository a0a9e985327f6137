import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import cookie from '@fastify/cookie'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { Fault } from '../answers/fault.ts'
import type { Log } from '../lib/log.ts'
import { fewRandomBytes } from '../lib/random.ts'
import { SECOND } from '../lib/time.ts'
import { urls } from '../urls.ts'
import { admissionOf, flawOf, type Access } from './access.ts'
import { readFields, readForm } from './form-body.ts'
import { assertOwnOrigin } from './origin-check.ts'
import { proxiesIn } from './proxies.ts'
import { safeNext } from './safe-next.ts'
import { securityHeaders } from './security-headers.ts'
import { PLAIN_TEXT, refuseBytes, refuseExpectation, UNREADABLE } from './unreadable.ts'
import { homeOf, type Web } from './web.ts'

export interface ServerSettings {
  /** Proxies whose forwarded headers count, or none. */
  trustProxy: string | undefined
  log: Log
  door?: Door
}

/** What each request comes to first: it answers, or lets it go on, now or when it is its turn. */
export type Door = (request: IncomingMessage, response: ServerResponse, goOn: () => void) => void

/** The largest form of ours is under 8 KiB; names of four-byte characters, percent-encoded, take more. */
export const BODY_LIMIT = 64 * 1024

/** Connections open at once, some 10 KiB each; a proxy in front has few, and a flood without one as many as it is let. */
const MOST_CONNECTIONS = 8192

const LETS_IN_ONLY_SIGNED_IN = new Set<Access>(['signed-in', 'customer', 'staff'])

/** A server on which no page exists yet, and no request gets past what is common to all of them. */
export async function createServer(settings: ServerSettings, web: Web): Promise<FastifyInstance> {
  const { trustProxy, log, door } = settings
  const logger: FastifyBaseLogger = log
  const headers = securityHeaders(web.publicUrl)
  const server: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'reference' }),
    genReqId: newReference,
    bodyLimit: BODY_LIMIT,
    // Input is read by our own parsers. Fastify would load its compilers of schemas all the same.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    requestTimeout: 30 * SECOND,
    trustProxy: trustProxy === undefined ? false : proxiesIn(trustProxy),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // Left as text here and read by readFields in a hook, where an objection to it becomes a page.
    routerOptions: { maxParamLength: 16 * 1024, querystringParser: (text): RawQuery => ({ text }) },
    frameworkErrors: (_error, _request, reply: FastifyReply) => {
      void reply.status(400).headers(headers).type(PLAIN_TEXT).send(UNREADABLE)
    },
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, headers),
    http: { requireHostHeader: false },
  })
  server.server.maxConnections = MOST_CONNECTIONS
  if (door) putAhead(server.server, door)
  server.server.on('checkExpectation', (_, response: ServerResponse) => refuseExpectation(response, headers))
  await server.register(cookie)
  readOnlyForms(server)
  server.decorateRequest('session', undefined)
  server.decorateRequest('newBrowser', undefined)
  server.decorateRequest('formToken', undefined)
  server.decorate('doors', [])
  server.addHook('onRoute', ({ config, method, url }) => {
    server.doors.push({ method: [method].flat(), url, rule: config ?? {} })
    const flaw = flawOf(config ?? {})
    if (flaw !== null) throw new Error(`${url} ${flaw}`)
    if (config?.recent && !LETS_IN_ONLY_SIGNED_IN.has(config.access ?? 'anyone'))
      throw new Error(`${url} lets in people without a password`)
  })
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    // RFC 9112, 3.2: a target has no fragment, and a request names its host. Node's own refusal would lack the headers above.
    if (request.url.includes('#') || !request.headers['host']) throw new Fault('malformed-request')
    request.query = readFields((request.query as Partial<RawQuery>).text ?? '')
    assertOwnOrigin(request, web.publicUrl, web.cookies)
  })
  server.addHook('preHandler', (request, reply) => guard(request, reply, web))
  // A line's fields are known here: there is nothing to cut out of them, and looking for it takes three times as long as the line.
  const answers = log.child({}, { redact: [] })
  server.addHook('onResponse', (request, reply, done) => {
    logResponse(answers, request, reply)
    done()
  })
  return server
}

/**
 * Ahead of the framework. Not by its option of a server of one's own: with that, `localhost` would be listened to at one of
 * its two addresses only.
 */
function putAhead(server: Server, door: Door): void {
  const answers = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    door(request, response, () => {
      for (const answer of answers) answer.call(server, request, response)
    })
  })
}

function noSchemas(): never {
  throw new Error('routes have no schemas here')
}

/** A query string before it is read. A type, for an interface would lack the index signature that Fastify asks for. */
type RawQuery = { text: string }

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Quoted by people, over the phone too: no letter or digit in it looks like another (Crockford's base 32). */
export function newReference(): string {
  let reference = 'MA-'
  for (const [at, byte] of fewRandomBytes(8).entries()) {
    if (at === 4) reference += '-'
    reference += ALPHABET[byte % 32]
  }
  return reference
}

/** One media type comes in, and it is read in one strict way; every other gets 415. */
function readOnlyForms(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (request, body, done) => {
    const charset = /charset=["']?([^\s;"']+)/i.exec(request.headers['content-type'] ?? '')?.[1]
    if (charset && charset.toLowerCase() !== 'utf-8') return done(new Fault('media-type-unsupported'))
    try {
      done(null, readForm(body as Buffer))
    } catch (error) {
      done(error as Error)
    }
  })
}

async function guard(request: FastifyRequest, reply: FastifyReply, web: Web): Promise<FastifyReply | undefined> {
  const { access = 'anyone', may } = request.routeOptions.config ?? {}
  if (access === 'machine') return undefined
  const account = await web.account(request)
  switch (admissionOf({ access, ...(may ? { may } : {}) }, account)) {
    case 'admitted':
      return request.routeOptions.config.recent && !request.session?.recent
        ? askForPassword(request, reply, web)
        : undefined
    case 'go-home':
      return web.redirect(reply, account ? homeOf(account) : urls.landing, 'already-signed-in')
    case 'sign-in-first': {
      await request.routeOptions.config.repeated?.(request, reply)
      // A reply is itself a promise, of nothing: whoever awaits one is not told by its value that it was answered.
      if (reply.sent) return reply
      const signIn = access === 'staff' ? urls.staffSignIn : urls.customerSignIn
      return web.redirect(reply, `${signIn}?next=${encodeURIComponent(ownPath(request, web))}`, 'sign-in-first')
    }
    case 'not-allowed':
      // ASVS 16.3.2: who wanted what; the line of the answer says where, under the same reference.
      throw new Fault('not-allowed', { details: `account ${account?.id}, permission ${may ?? access}` })
  }
}

/**
 * Leads to the page that asks for the password again. What was sent goes along, for 307 keeps the method and the body,
 * and that page leads back in the same way: nothing typed is lost, and no password is kept.
 */
function askForPassword(request: FastifyRequest, reply: FastifyReply, web: Web): FastifyReply {
  const again = `${urls.reauthentication}?next=${encodeURIComponent(ownPath(request, web))}`
  return request.method === 'POST' ? web.passOn(reply, again) : web.redirect(reply, again)
}

/** Where the request was going, without its query: a query may hold what is nobody's to read in a history. */
function ownPath({ url }: FastifyRequest, { publicUrl }: Web): string {
  return safeNext(url.split('?')[0], publicUrl, urls.landing)
}

/** One line a request: never a query, a header or a body (ASVS 14.2.1, 16.2.5). */
function logResponse(answers: Log, request: FastifyRequest, reply: FastifyReply): void {
  const { access, askedByServices } = request.routeOptions.config ?? {}
  if (access === 'machine') return
  answers[askedByServices && reply.statusCode < 400 ? 'debug' : 'info'](
    {
      reference: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
    },
    'answered',
  )
}
