import type { FastifyInstance } from 'fastify'
import type { Database } from '../../database/database.ts'
import type { Web } from '../../http/web.ts'
import { invariantsOf } from '../../operations/doctor/doctor.ts'
import { lastVerdict } from '../../operations/doctor/verdicts.ts'
import { urls } from '../../urls.ts'
import { VerdictPage } from './page.tsx'

export function verdictRoutes(
  server: FastifyInstance,
  web: Web,
  database: Database,
  settings: { mailServer: boolean },
): void {
  server.get(urls.verdict, { config: { access: 'staff', may: 'see-reports' } }, async (request, reply) => {
    const verdict = await lastVerdict(database)
    const asked = invariantsOf(settings).map(({ expects }) => expects)
    const page = web.page(request, reply)
    return web.send(reply, <VerdictPage page={page} verdict={verdict} asked={asked} now={new Date()} />)
  })
}
