import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
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
import { SECOND } from '../lib/time.ts'
import { urls } from '../urls.ts'
import { admissionOf } from './access.ts'
import { readFields, readForm } from './form-body.ts'
import { assertOwnOrigin } from './origin-check.ts'
import { homeOf, type Web } from './web.ts'

export interface ServerSettings {
  /** Proxies whose forwarded headers count, or none. */
  trustProxy: string | undefined
  log: Log
}

/** The largest form of ours is under 8 KiB; names of four-byte characters, percent-encoded, take more. */
const BODY_LIMIT = 64 * 1024

/** A server on which no page exists yet, and no request gets past what is common to all of them. */
export async function createServer({ trustProxy, log }: ServerSettings, web: Web): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger = log
  const server: FastifyInstance = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'reference' }),
    genReqId: newReference,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30 * SECOND,
    trustProxy: trustProxy ?? false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
  })
  await server.register(cookie)
  await addSecurityHeaders(server, web)
  readOnlyForms(server)
  server.decorateRequest('session', undefined)
  server.decorateRequest('newBrowser', undefined)
  server.decorateRequest('formToken', undefined)
  server.addHook('onRoute', ({ config, url }) => {
    if (!config?.access) throw new Error(`${url} does not say who may call it`)
  })
  server.addHook('onRequest', async (request) => {
    readFields(request.url.split('?')[1] ?? '')
    assertOwnOrigin(request, web.publicUrl, web.cookies)
  })
  server.addHook('preHandler', (request, reply) => guard(request, reply, web))
  server.addHook('onResponse', async (request, reply) => logResponse(request, reply))
  return server
}

/** Quoted by people, over the phone too: no letter or digit in it looks like another (Crockford's base 32). */
export function newReference(): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  const characters = Array.from(randomBytes(8), (byte) => alphabet[byte % 32])
  return `MA-${characters.slice(0, 4).join('')}-${characters.slice(4).join('')}`
}

async function addSecurityHeaders(server: FastifyInstance, web: Web): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: [`'none'`],
        scriptSrc: [`'self'`],
        styleSrc: [`'self'`],
        imgSrc: [`'self'`, 'data:'],
        fontSrc: [`'self'`],
        connectSrc: [`'self'`],
        baseUri: [`'none'`],
        objectSrc: [`'none'`],
        formAction: [`'self'`],
        frameAncestors: [`'none'`],
      },
    },
    strictTransportSecurity: web.publicUrl.startsWith('https:')
      ? { maxAge: 63_072_000, includeSubDomains: true }
      : false,
    referrerPolicy: { policy: 'same-origin' },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  })
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
  const access = request.routeOptions.config?.access ?? 'anyone'
  if (access === 'machine') return undefined
  const account = await web.account(request)
  switch (admissionOf(access, account)) {
    case 'admitted':
      return undefined
    case 'go-home':
      return web.redirect(reply, account ? homeOf(account) : urls.landing, 'already-signed-in')
    case 'sign-in-first': {
      const signIn = access === 'staff' ? urls.staffSignIn : urls.customerSignIn
      return web.redirect(
        reply,
        `${signIn}?next=${encodeURIComponent(request.routeOptions.url ?? '/')}`,
        'sign-in-first',
      )
    }
    case 'not-allowed':
      throw new Fault('not-allowed')
  }
}

/** One line a request: never a query, a header or a body (ASVS 14.2.1, 16.2.5). */
function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  if (request.routeOptions.config?.access === 'machine') return
  request.log.info(
    {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime),
    },
    'answered',
  )
}
