import type { FastifyInstance } from 'fastify'
import type { Web } from '../../http/web.ts'
import { urls } from '../../urls.ts'
import { LandingPage } from './page.tsx'

export function landingRoutes(server: FastifyInstance, web: Web): void {
  server.get(urls.landing, { config: { access: 'anyone' } }, async (request, reply) =>
    web.send(reply, <LandingPage page={web.page(request, reply)} />),
  )
}
