import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { endSession } from '../../accounts/sessions/sessions.ts'
import type { Database } from '../../database/database.ts'
import { type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { SignOutPage } from './page.tsx'

export function signOutRoutes(server: FastifyInstance, web: Web, database: Database): void {
  for (const url of [urls.customerSignOut, urls.staffSignOut]) {
    server.get(url, { config: { access: 'anyone' } }, async (request, reply) =>
      request.session
        ? web.send(reply, form(request, reply, web.form(request, reply)))
        : web.redirect(reply, urls.landing),
    )
    server.post(url, { config: { access: 'anyone', form } }, destroy)
  }

  async function destroy(request: FastifyRequest, reply: FastifyReply) {
    const token = web.sessionToken(request)
    if (token === null) return web.redirect(reply, urls.landing, 'signed-out')
    const verdict = web.submissions.check(request)
    if (!('submission' in verdict)) return web.refuseToken(request, reply, verdict.state)

    await endSession(database, token, web.origin(request))
    web.cookies.clear(reply, 'session')
    reply.header('clear-site-data', '"cache", "storage"')
    return web.redirect(reply, urls.landing, 'signed-out')
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <SignOutPage
        page={web.page(request, reply)}
        state={state}
        action={request.routeOptions.url ?? urls.customerSignOut}
      />
    )
  }
}
