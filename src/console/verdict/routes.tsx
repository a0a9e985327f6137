import type { FastifyInstance } from 'fastify'
import type { Database } from '../../database/database.ts'
import type { Web } from '../../http/web.ts'
import { lastVerdict } from '../../operations/doctor/verdicts.ts'
import { urls } from '../../urls.ts'
import { VerdictPage } from './page.tsx'

export function verdictRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.verdict, { config: { access: 'staff', may: 'see-reports' } }, async (request, reply) => {
    const verdict = await lastVerdict(database)
    return web.send(reply, <VerdictPage page={web.page(request, reply)} verdict={verdict} now={new Date()} />)
  })
}
