import type { FastifyInstance } from 'fastify'
import type { Web } from '../../http/web.ts'
import { urls } from '../../urls.ts'

/**
 * Who is signed in, for the business's other services: they pass the browser's cookie on and get an answer for one round
 * trip to the database. 200 either way; `account` is null where nobody is signed in.
 */
export function sessionApiRoutes(server: FastifyInstance, web: Web): void {
  server.get(urls.sessionApi, { config: { access: 'anyone', askedByServices: true } }, async (request, reply) => {
    const session = await web.session(request)
    return reply
      .header('cache-control', 'no-store')
      .send({ account: session?.account ?? null, recent: session?.recent ?? false })
  })
}
