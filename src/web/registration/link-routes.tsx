import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answer } from '../../answers/catalogue.ts'
import {
  completeRegistration,
  findPending,
  isFrom,
  type CompletionOutcome,
  type PendingRegistration,
} from '../../flows/registration/complete.ts'
import { requestLinkAgain } from '../../flows/registration/pending.ts'
import type { Registrar } from '../../flows/registration/register.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import type { Metrics } from '../../http/metrics.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { sendUnusableLink } from '../../http/unusable-link.tsx'
import { homeOf, type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { AddressTakenPage, RegistrationLinkPage, RegistrationSentPage } from './link-page.tsx'

/** What follows a registration in the mode verify-first. The routes are there in both modes: links outlive a setting. */
export function registrationLinkRoutes(
  server: FastifyInstance,
  web: Web,
  registrar: Registrar,
  metrics: Metrics,
): void {
  server.get(urls.registrationSent, { config: { access: 'visitor' } }, async (request, reply) =>
    web.send(reply, sentPage(request, reply, web.form(request, reply))),
  )

  server.post(urls.registrationSent, { config: { access: 'visitor', form: sentPage } }, async (request, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { browser } = web.client(request)
    if (browser === null) return web.refuseToken(request, reply, 'no-browser')
    const outcome = await requestLinkAgain(registrar, browser, web.origin(request))
    if (outcome.outcome === 'too-many-attempts') return web.refuseAttempts(request, reply, outcome)
    return web.redirect(reply, urls.registrationSent, 'letter-sent-again')
  })

  server.get(urls.registrationLink, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'registration', urls.registrationLink)
    if (taken) return taken
    const pending = await pendingOf(request)
    return pending
      ? web.send(reply, linkPage(request, reply, web.form(request, reply), pending))
      : unusable(request, reply)
  })

  server.post(urls.registrationLink, { config: { access: 'anyone', form: linkForm } }, async (request, reply) => {
    const code = codeOf(request)
    if (code === null)
      return request.session ? web.redirect(reply, homeOf(request.session.account)) : unusable(request, reply)
    const { password } = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const outcome = await completeRegistration(registrar, {
      code,
      password: password ?? null,
      submission: verdict.submission,
      previousToken: web.sessionToken(request),
      client: web.client(request),
      origin: web.origin(request),
    })
    metrics.registrations.inc({ outcome: outcome.outcome })
    return respond(request, reply, outcome)
  })

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: CompletionOutcome) {
    switch (outcome.outcome) {
      case 'registered':
      case 'replayed':
        web.cookies.clear(reply, 'registration')
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, urls.landing, outcome.keptUsername ? 'registered' : 'registered-without-username')
      case 'wrong-password':
        return web.refuseFields(request, reply, [
          { field: 'password', words: 'That is not the password with which this address was registered.' },
        ])
      case 'email-taken':
        web.cookies.clear(reply, 'registration')
        return web.send(
          reply,
          <AddressTakenPage page={web.page(request, reply)} recoveryUrl={urls.recovery} />,
          answer('email-taken').status,
        )
      case 'code-unusable':
        return unusable(request, reply)
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  function codeOf(request: FastifyRequest): string | null {
    return web.cookies.read(request, 'registration')
  }

  async function pendingOf(request: FastifyRequest): Promise<PendingRegistration | null> {
    const code = codeOf(request)
    return code === null ? null : findPending(registrar.database, code)
  }

  function unusable(request: FastifyRequest, reply: FastifyReply) {
    return sendUnusableLink(web, request, reply, 'registration', {
      words: 'It has expired, or it was used, here or in another letter to the same address.',
      whatNow: 'If you finished your registration, sign in. Otherwise register once more; it takes a minute.',
      next: { href: urls.customerSignIn, label: 'Sign in' },
    })
  }

  function sentPage(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return <RegistrationSentPage page={web.page(request, reply)} state={state} action={urls.registrationSent} />
  }

  function linkPage(
    request: FastifyRequest,
    reply: FastifyReply,
    state: FormState,
    pending: PendingRegistration | null,
  ) {
    return (
      <RegistrationLinkPage
        page={web.page(request, reply)}
        state={state}
        action={urls.registrationLink}
        email={pending?.email_delivery ?? null}
        asksPassword={pending === null || !isFrom(web.client(request), pending)}
      />
    )
  }

  /** Shown again after a refusal. A database that is away cannot tell whose browser this is, so the password is asked. */
  async function linkForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return linkPage(request, reply, state, await pendingOf(request).catch(() => null))
  }
}
