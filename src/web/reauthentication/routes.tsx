import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  findReauthentication,
  reauthenticate,
  type ReauthenticationOutcome,
  type ReauthenticationRoom,
} from '../../flows/reauthentication/reauthenticate.ts'
import type { Fields } from '../../http/form-body.ts'
import { errorFor, homeOf, type Web } from '../../http/web.ts'
import { fieldsOf } from '../../http/form-body.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { ReauthenticationPage } from './page.tsx'

/** Marks a form that was sent before the password was asked for, and is sent on once it was given. */
const WAITING = 'waiting'

/**
 * Where `recent: true` leads: a page that was only asked for comes here by GET, a form by POST with all that was typed.
 * Only the latter is sent on, never one that a link made up: a POST comes from our own pages alone.
 */
export function reauthenticationRoutes(server: FastifyInstance, web: Web, room: ReauthenticationRoom): void {
  server.get(urls.reauthentication, { config: { access: 'signed-in' } }, async (request, reply) =>
    web.send(reply, form(request, reply, web.form(request, reply))),
  )

  server.post(
    urls.reauthentication,
    { config: { access: 'signed-in', form, repeated } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const { current_password: password } = fieldsOf(request)
      if (password === undefined) return ask(request, reply)
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      if (password === '') {
        return web.refuseFields(request, reply, [{ field: 'current_password', words: 'Enter your password.' }])
      }
      const outcome = await reauthenticate(room, {
        accountId: web.signedIn(request).id,
        sessionToken: web.sessionToken(request) ?? '',
        password,
        submission: verdict.submission,
        origin: web.origin(request),
      })
      return respond(request, reply, outcome)
    },
  )

  /** The second click of two comes with the token that the first one ended. */
  async function repeated(request: FastifyRequest, reply: FastifyReply) {
    const { current_password: password } = fieldsOf(request)
    const verdict = web.submissions.check(request)
    const sessionToken = web.sessionToken(request)
    if (password === undefined || sessionToken === null || !('submission' in verdict)) return null
    const found = await findReauthentication(room.database, room.keys, {
      sessionToken,
      password,
      submission: verdict.submission,
    })
    return found && respond(request, reply, found)
  }

  function ask(request: FastifyRequest, reply: FastifyReply) {
    const sent = web.formAsSent(request, reply, [])
    return web.send(reply, form(request, reply, { ...sent, values: { ...sent.values, [WAITING]: 'yes' } }))
  }

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: ReauthenticationOutcome) {
    switch (outcome.outcome) {
      case 'reauthenticated':
      case 'replayed':
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return goOn(request, reply)
      case 'wrong-password':
        return web.refuse(request, reply, outcome.outcome, [errorFor(outcome.outcome, 'current_password')])
      case 'signed-out':
        return web.redirect(reply, urls.customerSignIn, 'sign-in-first')
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  function goOn(request: FastifyRequest, reply: FastifyReply) {
    const next = nextOf(request)
    return WAITING in fieldsOf(request) ? web.passOn(reply, next) : web.redirect(reply, next)
  }

  function nextOf(request: FastifyRequest): string {
    return web.next(request, request.session ? homeOf(request.session.account) : urls.landing)
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const account = request.session?.account
    return (
      <ReauthenticationPage
        page={web.page(request, reply)}
        state={{ ...state, values: request.method === 'POST' ? waitingIn(state.values) : {} }}
        action={web.ownAddress(request)}
        username={account?.email ?? account?.username ?? null}
        recoveryUrl={urls.recovery}
      />
    )
  }
}

/** What was typed into a form that waits; nothing where none does. */
function waitingIn(values: Fields): Fields {
  return WAITING in values ? values : {}
}
