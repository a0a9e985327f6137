import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answer, type AnswerCode } from '../../answers/catalogue.ts'
import { codeOf, Fault } from '../../answers/fault.ts'
import type { Web } from '../../http/web.ts'
import { urls } from '../../urls.ts'
import { ProblemPage } from './page.tsx'

const METHODS = ['GET', 'POST'] as const

/** What every request gets that no page answered: an error, an unknown address, a method that the address does not take. */
export function problemRoutes(server: FastifyInstance, web: Web): void {
  server.setErrorHandler(async (error: FastifyError, request, reply) => {
    const code = codeFrom(error)
    log(request, error, code)
    const { retryAfter } = answer(code)
    if (retryAfter) reply.header('retry-after', retryAfter)
    return answer(code).status === 503 && request.method === 'POST' && request.routeOptions.config?.form
      ? formAgain(request, reply, code)
      : problem(request, reply, code)
  })

  server.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0] ?? '/'
    if (methodsAt(server, `${path}/`).includes('GET')) return withSlash(request, reply, path)
    const allowed = methodsAt(server, path)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (allowed.length === 0 || allowed.some((name) => name === method)) return problem(request, reply, 'not-found')
    reply.header('allow', allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', '))
    return problem(request, reply, 'method-not-allowed')
  })

  /** What was typed is not lost to a fault: the form comes back with it, and sending it again is the same submission. */
  async function formAgain(request: FastifyRequest, reply: FastifyReply, code: AnswerCode) {
    const { words, whatNow } = answer(code)
    return web.refuse(request, reply, code, [{ field: null, words: `${words} ${whatNow} Reference: ${request.id}` }])
  }

  function problem(request: FastifyRequest, reply: FastifyReply, code: AnswerCode) {
    const { status, title, words, whatNow, retryAfter } = answer(code)
    return web.send(
      reply,
      <ProblemPage
        page={web.page(request, reply)}
        title={title}
        words={words}
        whatNow={asked(request) && status === 503 ? 'Wait a moment, then open this page again.' : whatNow}
        reference={status >= 500 || status === 403 ? request.id : null}
        {...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter })}
        action={{ href: urls.landing, label: 'Go to the front page' }}
      />,
      status,
    )
  }
}

/** What an address takes, that of one row's page too. */
function methodsAt(server: FastifyInstance, path: string): readonly (typeof METHODS)[number][] {
  const here = server.doors.filter(({ url }) => isAt(path, url))
  return METHODS.filter((method) => here.some((door) => door.method.includes(method)))
}

/** Whether a path is one that the pattern describes, in which `:id` stands for one segment. */
function isAt(path: string, pattern: string): boolean {
  const segments = path.split('/')
  const expected = pattern.split('/')
  return (
    segments.length === expected.length &&
    expected.every((segment, index) => (segment.startsWith(':') ? segments[index] !== '' : segment === segments[index]))
  )
}

/** Whether the page was only asked for, and nothing was sent that could be lost. */
function asked({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** The legacy addresses end in a slash; without it they lead there, the method and the body kept. */
function withSlash(request: FastifyRequest, reply: FastifyReply, path: string) {
  const query = request.url.slice(path.length)
  return reply.redirect(`${path}/${query}`, 308)
}

function log(request: FastifyRequest, error: Error, code: AnswerCode): void {
  const { status } = answer(code)
  const entry = { code, err: error.cause instanceof Error ? error.cause : error }
  if (status === 500) request.log.error(entry, 'an unexpected error')
  else if (status > 500) request.log.warn(entry, 'a fault')
  else request.log.info({ code, details: error instanceof Fault ? error.details : error.message }, 'refused')
}

/** Our own faults have their code; of the framework's, only those that a request can cause have one. */
function codeFrom(error: FastifyError): AnswerCode {
  if (error instanceof Fault) return codeOf(error)
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return 'body-too-large'
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return 'media-type-unsupported'
  return error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
    ? 'malformed-request'
    : 'unexpected'
}
