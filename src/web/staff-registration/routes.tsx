import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answer } from '../../answers/catalogue.ts'
import type { ParseStaffRegistration, StaffRegistrationRules } from '../../flows/staff-registration/input.ts'
import { findInvitation } from '../../flows/staff-registration/invitation.ts'
import {
  registerStaff,
  type StaffRegistrar,
  type StaffRegistrationOutcome,
} from '../../flows/staff-registration/register-staff.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import { errorFor, fieldsOf, type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { InvitationUnusablePage, StaffRegistrationPage } from './page.tsx'

export interface StaffRegistrationDoor {
  registrar: StaffRegistrar
  parse: ParseStaffRegistration
  rules: StaffRegistrationRules
}

export function staffRegistrationRoutes(
  server: FastifyInstance,
  web: Web,
  { registrar, parse, rules }: StaffRegistrationDoor,
): void {
  server.get(urls.staffRegistration, { config: { access: 'visitor' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'invitation', urls.staffRegistration)
    if (taken) return taken
    return (await invitationOf(request))
      ? web.send(reply, form(request, reply, web.form(request, reply)))
      : unusable(request, reply)
  })

  server.post(urls.staffRegistration, { config: { access: 'visitor', form } }, async (request, reply) => {
    const verdict = web.submissions.check(request, fieldsOf(request)['submission'])
    const code = web.cookies.read(request, 'invitation')
    if (code === null) return unusable(request, reply)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parse(fieldsOf(request))
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)

    const { submission } = verdict
    const outcome = await registerStaff(registrar, {
      input: parsed.value,
      code,
      submission,
      client: web.client(request),
      origin: web.origin(request),
    })
    return respond(request, reply, outcome)
  })

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: StaffRegistrationOutcome) {
    switch (outcome.outcome) {
      case 'registered':
      case 'replayed':
        web.cookies.clear(reply, 'invitation')
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, urls.console, 'registered')
      case 'email-taken':
        return web.refuse(request, reply, 'email-taken', [
          { ...errorFor('email-taken', 'email'), words: answer('email-taken').words },
        ])
      case 'invitation-unusable':
        return unusable(request, reply)
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  async function invitationOf(request: FastifyRequest) {
    const code = web.cookies.read(request, 'invitation')
    return code === null ? null : findInvitation(registrar.database, code)
  }

  function unusable(request: FastifyRequest, reply: FastifyReply) {
    const { words, status } = answer('invitation-unusable')
    return web.send(reply, <InvitationUnusablePage page={web.page(request, reply)} words={words} />, status)
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <StaffRegistrationPage
        page={web.page(request, reply)}
        state={state}
        action={urls.staffRegistration}
        invitation={{ email: null, role: 'admin' }}
        minLength={rules.passwordPolicy.minLength}
        knownWords={[web.brand]}
      />
    )
  }
}
