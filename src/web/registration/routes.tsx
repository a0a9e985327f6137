import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Submission } from '../../accounts/receipts/receipts.ts'
import { answer } from '../../answers/catalogue.ts'
import { Fault } from '../../answers/fault.ts'
import type { ParseRegistration, RegistrationInput, RegistrationRules } from '../../flows/registration/input.ts'
import { findPendingRegistration, requestRegistration, type PendingOutcome } from '../../flows/registration/pending.ts'
import {
  findRegistration,
  register,
  type Registrar,
  type RegistrationOutcome,
} from '../../flows/registration/register.ts'
import type { Metrics } from '../../http/metrics.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { networkOf } from '../../http/network.ts'
import { queueIsFullFor } from '../../http/queue-full.ts'
import { homeOf, type Web } from '../../http/web.ts'
import type { Parsed } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { RegistrationPage, type RegistrationMode } from './page.tsx'

export interface RegistrationDoor {
  registrar: Registrar
  parse: ParseRegistration
  rules: RegistrationRules
  metrics: Metrics
  mode: RegistrationMode
}

export function registrationRoutes(server: FastifyInstance, web: Web, door: RegistrationDoor): void {
  const { registrar, parse, rules, metrics, mode } = door
  const [begin, find] = mode === 'open' ? [register, findRegistration] : [requestRegistration, findPendingRegistration]

  server.get(urls.customerRegistration, { config: { access: 'visitor' } }, async (request, reply) =>
    web.sendBlankForm(request, reply, (state) => form(request, reply, state)),
  )

  server.post(
    urls.customerRegistration,
    { config: { access: 'anyone', hashes: true, form } },
    async (request, reply) => {
      const verdict = web.submissions.check(request)
      if (!('submission' in verdict)) {
        return request.session ? goHome(request, reply) : web.refuseToken(request, reply, verdict.state)
      }
      // Judging a password costs as much as a page: nobody's is judged who could not be served.
      const busy = request.session ? null : await findIfBusy(request, verdict.submission)
      if (busy) return respond(request, reply, busy)
      const parsed = await parse(fieldsOf(request))
      if (!parsed.ok || verdict.state === 'stale' || request.session) {
        return replayOnly(request, reply, verdict.submission, parsed)
      }
      const outcome = await begin(registrar, {
        input: parsed.value,
        submission: verdict.submission,
        client: web.client(request),
        origin: web.origin(request),
      })
      metrics.registrations.inc({ outcome: outcome.outcome })
      return respond(request, reply, outcome)
    },
  )

  /** Where the hashing queue is full: what this form came to before; the fault `hashing-busy` where it came to nothing. */
  async function findIfBusy(request: FastifyRequest, submission: Submission) {
    if (!queueIsFullFor(request) && !registrar.passwords.refuses(networkOf(request.ip))) return null
    const done = await find(registrar, submission)
    if (done === null) throw new Fault('hashing-busy')
    return done
  }

  /**
   * A form that may do nothing new: refused, too old, or sent by somebody signed in. It may still be one that was carried
   * out before, even under other rules; then it gets that answer again, unless somebody else is signed in by now.
   */
  async function replayOnly(
    request: FastifyRequest,
    reply: FastifyReply,
    submission: Submission,
    parsed: Parsed<RegistrationInput>,
  ) {
    const current = request.session?.account
    const done = await find(registrar, submission)
    const isTheirs = done !== null && (!current || !('accountId' in done) || current.id === done.accountId)
    if (isTheirs) return respond(request, reply, done)
    if (current) return goHome(request, reply)
    return parsed.ok ? web.refuseToken(request, reply, 'stale') : web.refuseFields(request, reply, parsed.refusals)
  }

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: RegistrationOutcome | PendingOutcome) {
    switch (outcome.outcome) {
      case 'link-sent':
        return web.redirect(reply, urls.registrationSent)
      case 'registered':
      case 'replayed':
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, web.next(request, urls.landing), 'registered')
      case 'email-taken':
        return web.refuse(request, reply, 'email-taken', [emailTaken()])
      case 'username-taken':
        return web.refuse(request, reply, 'username-taken', [
          { field: 'username', words: answer('username-taken').words },
        ])
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  function goHome(request: FastifyRequest, reply: FastifyReply) {
    const account = request.session?.account
    return web.redirect(reply, account ? homeOf(account) : urls.landing, 'already-signed-in')
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <RegistrationPage
        page={web.page(request, reply)}
        state={state}
        action={web.ownAddress(request)}
        signInUrl={urls.customerSignIn}
        minLength={rules.passwordPolicy.minLength}
        defaultCountry={rules.defaultCountry}
        knownWords={[web.brand]}
        mode={mode}
      />
    )
  }
}

function emailTaken() {
  return {
    field: 'email',
    words: answer('email-taken').words,
    links: [
      { href: urls.customerSignIn, words: 'Sign in' },
      { href: urls.recovery, words: 'Get back in without the password' },
    ],
  }
}
