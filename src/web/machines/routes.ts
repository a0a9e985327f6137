import type { FastifyInstance } from 'fastify'
import { Fault } from '../../answers/fault.ts'
import type { Database } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'
import type { Metrics } from '../../http/metrics.ts'
import { equal, sha256 } from '../../lib/keys.ts'
import { urls } from '../../urls.ts'

/** For load balancers and Prometheus. They tell nothing about anybody, and /metrics nothing without its token. */
export function machineRoutes(
  server: FastifyInstance,
  database: Database,
  metrics: Metrics,
  metricsToken: string | undefined,
): void {
  server.get(urls.alive, { config: { access: 'machine' } }, async (_, reply) =>
    reply.type('text/plain; charset=utf-8').send('alive\n'),
  )

  server.get(urls.ready, { config: { access: 'machine' } }, async (request, reply) => {
    try {
      await database.row(sql`select from schema_migrations limit 1`)
      return await reply.type('text/plain; charset=utf-8').send('ready\n')
    } catch (error) {
      request.log.warn({ err: error }, 'not ready')
      return reply
        .status(503)
        .header('retry-after', '5')
        .type('text/plain; charset=utf-8')
        .send('the database is not reachable\n')
    }
  })

  if (metricsToken === undefined) return
  server.get(urls.metrics, { config: { access: 'machine' } }, async (request, reply) => {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (!equal(sha256(given), sha256(metricsToken))) throw new Fault('not-found')
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}
