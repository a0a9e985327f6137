import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { signIn, type Doorkeeper, type SignInOutcome } from '../../flows/sign-in/sign-in.ts'
import { Fault } from '../../answers/fault.ts'
import type { Metrics } from '../../http/metrics.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { queueIsFullFor } from '../../http/queue-full.ts'
import { errorFor, homeOf, type Web } from '../../http/web.ts'
import type { Refusal } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { SignInPage } from './page.tsx'

export interface SignInDoor {
  doorkeeper: Doorkeeper
  metrics: Metrics
}

/** Two pages, one flow behind both: each person lands in their own home whichever page they used. */
export function signInRoutes(server: FastifyInstance, web: Web, { doorkeeper, metrics }: SignInDoor): void {
  for (const url of [urls.customerSignIn, urls.staffSignIn]) {
    server.get(url, { config: { access: 'visitor' } }, async (request, reply) =>
      web.sendBlankForm(request, reply, (state) => form(request, reply, state)),
    )
    server.post(url, { config: { access: 'anyone', hashes: true, form } }, create)
  }

  async function create(request: FastifyRequest, reply: FastifyReply) {
    const fields = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { identifier = '', password = '' } = fields
    const missing = missingFrom(identifier, password)
    if (missing.length > 0) return web.refuseFields(request, reply, missing)
    if (queueIsFullFor(request)) throw new Fault('hashing-busy')

    const previousToken = web.sessionToken(request)
    const outcome = await signIn(doorkeeper, {
      identifier,
      password,
      previousToken,
      client: web.client(request),
      origin: web.origin(request),
    })
    metrics.signIns.inc({ outcome: outcome.outcome })
    return respond(request, reply, outcome)
  }

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: SignInOutcome) {
    switch (outcome.outcome) {
      case 'signed-in':
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, web.next(request, homeOf(outcome)), 'welcome-back')
      case 'wrong-credentials':
      case 'account-suspended':
        return web.refuse(request, reply, outcome.outcome, [errorFor(outcome.outcome)])
      case 'account-closing':
        web.cookies.write(reply, 'closing', outcome.ticket)
        return web.redirect(reply, urls.accountKeeping)
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <SignInPage
        page={web.page(request, reply)}
        state={state}
        action={web.ownAddress(request)}
        audience={request.routeOptions.url === urls.staffSignIn ? 'staff' : 'customer'}
        registerUrl={urls.customerRegistration}
        recoveryUrl={urls.recovery}
      />
    )
  }
}

function missingFrom(identifier: string, password: string): Refusal[] {
  return [
    ...(identifier.trim() === '' ? [{ field: 'identifier', words: 'Enter your email address or username.' }] : []),
    ...(password === '' ? [{ field: 'password', words: 'Enter your password.' }] : []),
  ]
}
