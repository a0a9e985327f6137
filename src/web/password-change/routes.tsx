import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  changePassword,
  findPasswordChange,
  type PasswordChangeOutcome,
  type PasswordChangeRoom,
} from '../../flows/password-change/change-password.ts'
import type { Fields } from '../../http/form-body.ts'
import { errorFor, profileOf, type Web } from '../../http/web.ts'
import { fieldsOf } from '../../http/form-body.ts'
import type { Refusal } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { PasswordChangePage } from './page.tsx'

export function passwordChangeRoutes(server: FastifyInstance, web: Web, room: PasswordChangeRoom): void {
  server.get(urls.passwordChange, { config: { access: 'signed-in' } }, async (request, reply) =>
    web.send(reply, form(request, reply, web.form(request, reply))),
  )

  server.post(
    urls.passwordChange,
    { config: { access: 'signed-in', form, repeated } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const { current_password: currentPassword = '', password = '' } = fieldsOf(request)
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const missing = missingFrom(fieldsOf(request))
      if (missing.length > 0) return web.refuseFields(request, reply, missing)
      const outcome = await changePassword(room, {
        account: web.signedIn(request),
        sessionToken: web.sessionToken(request) ?? '',
        currentPassword,
        password,
        submission: verdict.submission,
        client: web.client(request),
        origin: web.origin(request),
      })
      return respond(request, reply, outcome)
    },
  )

  /** The second click of two comes with the token that the first one ended. */
  async function repeated(request: FastifyRequest, reply: FastifyReply) {
    const { current_password: currentPassword, password } = fieldsOf(request)
    const verdict = web.submissions.check(request)
    const sessionToken = web.sessionToken(request)
    if (currentPassword === undefined || password === undefined) return null
    if (sessionToken === null || !('submission' in verdict)) return null
    const known = { sessionToken, currentPassword, password, submission: verdict.submission }
    const found = await findPasswordChange(room.database, room.keys, known)
    return found && respond(request, reply, found)
  }

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: PasswordChangeOutcome) {
    switch (outcome.outcome) {
      case 'changed':
      case 'replayed':
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, profileOf(outcome), 'password-changed')
      case 'wrong-password':
        return web.refuse(request, reply, outcome.outcome, [errorFor(outcome.outcome, 'current_password')])
      case 'password-refused':
        return web.refuseFields(request, reply, [{ field: 'password', words: outcome.words }])
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const account = request.session?.account
    return (
      <PasswordChangePage
        page={web.page(request, reply)}
        state={state}
        action={urls.passwordChange}
        username={account?.email ?? account?.username ?? null}
        minLength={room.policies[account?.kind ?? 'customer'].minLength}
        knownWords={[web.brand, ...(account ? [account.firstName, account.lastName, account.email ?? ''] : [])]}
        recoveryUrl={urls.recovery}
      />
    )
  }
}

function missingFrom({ current_password: currentPassword, password }: Fields): Refusal[] {
  return [
    ...(currentPassword ? [] : [{ field: 'current_password', words: 'Enter your current password.' }]),
    ...(password ? [] : [{ field: 'password', words: 'Choose a new password.' }]),
  ]
}
