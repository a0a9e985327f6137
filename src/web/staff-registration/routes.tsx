import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { roleNames, type Account } from '../../accounts/account.ts'
import { answer } from '../../answers/catalogue.ts'
import type { ParseStaffRegistration, StaffRegistrationRules } from '../../flows/staff-registration/input.ts'
import { findInvitation, type Invitation } from '../../flows/staff-registration/invitation.ts'
import { becomeStaff } from '../../flows/staff-registration/become-staff.ts'
import {
  registerStaff,
  replayOfStaff,
  type StaffRegistrar,
  type StaffRegistrationOutcome,
} from '../../flows/staff-registration/register-staff.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { errorFor, homeOf, type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { InvitationUnusablePage, InvitedCustomerPage, StaffRegistrationPage } from './page.tsx'

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
  server.get(urls.staffRegistration, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'invitation', urls.staffRegistration)
    if (taken) return taken
    const invitation = await invitationOf(request)
    const home = await sentHome(request, reply, invitation)
    if (home) return home
    return invitation?.open
      ? web.send(reply, await form(request, reply, web.form(request, reply)))
      : unusable(request, reply)
  })

  server.post(urls.staffRegistration, { config: { access: 'anyone', hashes: true, form } }, async (request, reply) => {
    const invitation = await invitationOf(request)
    const verdict = web.submissions.check(request)
    const code = web.cookies.read(request, 'invitation')
    if (code !== null && !invitation?.open && verdict.state === 'fresh') {
      // Asked before who is signed in: a first click may by now have made another person of the customer.
      const { submission } = verdict
      const replay = await replayOfStaff(registrar, { code, submission, client: web.client(request) })
      if (replay.outcome !== 'invitation-unusable') return respond(request, reply, replay)
    }
    const home = await sentHome(request, reply, invitation)
    if (home) return home
    if (code === null || !invitation?.open) return unusable(request, reply)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { submission } = verdict
    const account = await web.account(request)
    const parsed = await parse({ ...fieldsOf(request), ...known(invitation, account) })
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)

    const { value: input } = parsed
    const rest = { code, submission, client: web.client(request), origin: web.origin(request) }
    const outcome = account
      ? await becomeStaff(registrar, { accountId: account.id, ...input, ...rest })
      : await registerStaff(registrar, { input, ...rest })
    return respond(request, reply, outcome)
  })

  /** Whoever is signed in has nothing to do here, but the customer whom the invitation is for. */
  async function sentHome(request: FastifyRequest, reply: FastifyReply, invitation: Invitation | null) {
    const account = await web.account(request)
    if (!account || account.id === invitation?.customer_id) return null
    return web.redirect(reply, homeOf(account), 'already-signed-in')
  }

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
    const { words, whatNow, status } = answer('invitation-unusable')
    return web.send(
      reply,
      <InvitationUnusablePage page={web.page(request, reply)} words={words} whatNow={whatNow} />,
      status,
    )
  }

  /** While the invitation cannot be read, as with the database away, the form asks for everything, and loses nothing. */
  async function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const invitation = await invitationOf(request).catch(() => null)
    const account = request.session?.account ?? null
    if (invitation?.customer_id && !account)
      return <InvitedCustomerPage {...customerProps(request, reply, invitation)} />
    return (
      <StaffRegistrationPage
        page={web.page(request, reply)}
        state={state}
        action={urls.staffRegistration}
        invitation={{ email: invitation?.email ?? null, role: invitation ? roleNames[invitation.role] : null }}
        customer={account !== null}
        minLength={rules.passwordPolicy.minLength}
        knownWords={[web.brand]}
      />
    )
  }

  function customerProps(request: FastifyRequest, reply: FastifyReply, { email, role }: Invitation) {
    return {
      page: web.page(request, reply),
      invitation: { email, role: roleNames[role] },
      signInUrl: `${urls.customerSignIn}?next=${encodeURIComponent(urls.staffRegistration)}`,
      recoveryUrl: urls.recovery,
    }
  }
}

/** What the form does not ask, since the invitation or the account tells it: nobody registers another's address. */
function known(invitation: Invitation | null, account: Account | null): Record<string, string> {
  return {
    ...(invitation?.email ? { email: invitation.email } : {}),
    ...(account ? { first_name: account.firstName || '-', last_name: account.lastName || '-' } : {}),
  }
}
