import type { CountryCode } from 'libphonenumber-js'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from '../../database/database.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { customerProfile } from './customer.tsx'
import type { OwnProfile } from './own-profile.ts'
import { staffProfile } from './staff.tsx'

export function profileRoutes(server: FastifyInstance, web: Web, database: Database, country: CountryCode): void {
  ownProfileRoutes(server, web, database, customerProfile(country))
  ownProfileRoutes(server, web, database, staffProfile(country))
}

function ownProfileRoutes<Profile, Input>(
  server: FastifyInstance,
  web: Web,
  database: Database,
  { url, rule, parse, read, edit, valuesOf, page }: OwnProfile<Profile, Input>,
): void {
  server.get(url, { config: rule }, async (request, reply) => {
    const profile = await read(database, web.signedIn(request).id)
    const state = web.form(request, reply, profile ? valuesOf(profile) : {})
    return web.send(reply, page(web.page(request, reply), state, profile))
  })

  server.post(url, { config: { ...rule, form } }, async (request, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parse(fieldsOf(request))
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    await edit(database, web.signedIn(request).id, parsed.value, web.origin(request))
    return web.redirect(reply, url, 'profile-saved')
  })

  async function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return page(web.page(request, reply), state, await profileUnlessAway(request))
  }

  async function profileUnlessAway(request: FastifyRequest): Promise<Profile | null> {
    if (!request.session) return null
    try {
      return await read(database, request.session.account.id)
    } catch (error) {
      request.log.warn({ err: error }, 'a profile could not be read for a form that is shown again')
      return null
    }
  }
}
