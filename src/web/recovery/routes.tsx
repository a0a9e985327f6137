import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requestRecovery } from '../../flows/recovery/request.ts'
import {
  findRecoverable,
  recover,
  type Recoverable,
  type RecoveryOutcome,
  type RecoveryRoom,
} from '../../flows/recovery/recover.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { sendUnusableLink } from '../../http/unusable-link.tsx'
import { homeOf, type Web } from '../../http/web.ts'
import { longDate } from '../../ui/dates.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { NewPasswordPage, RecoveryPage, RecoverySentPage } from './page.tsx'

export function recoveryRoutes(server: FastifyInstance, web: Web, room: RecoveryRoom): void {
  server.get(urls.recovery, { config: { access: 'anyone' } }, async (request, reply) =>
    web.send(reply, requestForm(request, reply, web.form(request, reply))),
  )

  server.post(urls.recovery, { config: { access: 'anyone', form: requestForm } }, async (request, reply) => {
    const { identifier = '' } = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    if (identifier.trim() === '') {
      return web.refuseFields(request, reply, [{ field: 'identifier', words: 'Enter your email address or username.' }])
    }
    const outcome = await requestRecovery(room, identifier, web.origin(request))
    if (outcome.outcome === 'too-many-attempts') return web.refuseAttempts(request, reply, outcome)
    return web.redirect(reply, urls.recoverySent)
  })

  server.get(urls.recoverySent, { config: { access: 'anyone' } }, async (request, reply) =>
    web.send(reply, <RecoverySentPage page={web.page(request, reply)} />),
  )

  server.get(urls.newPassword, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'recovery', urls.newPassword)
    if (taken) return taken
    const owner = await ownerOf(request)
    return owner
      ? web.send(reply, newPasswordPage(request, reply, web.form(request, reply), owner))
      : unusable(request, reply)
  })

  server.post(
    urls.newPassword,
    { config: { access: 'anyone', hashes: true, form: newPasswordForm } },
    async (request, reply) => {
      const code = web.cookies.read(request, 'recovery')
      if (code === null)
        return request.session ? web.redirect(reply, homeOf(request.session.account)) : unusable(request, reply)
      const { password = '' } = fieldsOf(request)
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const origin = web.origin(request)
      const outcome = await recover(room, {
        code,
        password,
        submission: verdict.submission,
        client: web.client(request),
        origin,
      })
      return respond(request, reply, outcome)
    },
  )

  function respond(request: FastifyRequest, reply: FastifyReply, outcome: RecoveryOutcome) {
    switch (outcome.outcome) {
      case 'recovered':
      case 'replayed':
        web.cookies.clear(reply, 'recovery')
        web.cookies.write(reply, 'session', outcome.sessionToken)
        return web.redirect(reply, homeOf(outcome), 'password-saved')
      case 'password-refused':
        return web.refuseFields(request, reply, [{ field: 'password', words: outcome.words }])
      case 'code-unusable':
        return unusable(request, reply)
      case 'too-many-attempts':
        return web.refuseAttempts(request, reply, outcome)
    }
  }

  async function ownerOf(request: FastifyRequest): Promise<Recoverable | null> {
    const code = web.cookies.read(request, 'recovery')
    return code === null ? null : findRecoverable(room.database, code)
  }

  function unusable(request: FastifyRequest, reply: FastifyReply) {
    return sendUnusableLink(web, request, reply, 'recovery', {
      words: 'It has been used, has expired, or was replaced by a newer one.',
      whatNow: 'Ask for a new one; it is good for an hour.',
      next: { href: urls.recovery, label: 'Ask for a new link' },
    })
  }

  function requestForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return <RecoveryPage page={web.page(request, reply)} state={state} action={urls.recovery} />
  }

  async function newPasswordForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return newPasswordPage(request, reply, state, null)
  }

  /** Shown again after a refusal it does without the address: the code may be spent by then, and the words stay true. */
  function newPasswordPage(request: FastifyRequest, reply: FastifyReply, state: FormState, owner: Recoverable | null) {
    return (
      <NewPasswordPage
        page={web.page(request, reply)}
        state={state}
        action={urls.newPassword}
        email={owner?.email_canonical ?? null}
        closesOn={owner?.closes_at ? longDate(owner.closes_at) : null}
        minLength={room.policies[owner?.kind ?? 'customer'].minLength}
        knownWords={[web.brand]}
      />
    )
  }
}
