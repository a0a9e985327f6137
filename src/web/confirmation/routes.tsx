import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { confirmEmail } from '../../flows/confirmation/confirm.ts'
import { requestConfirmation, type ConfirmationDesk } from '../../flows/confirmation/request.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import { sendUnusableLink } from '../../http/unusable-link.tsx'
import { type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { ConfirmationPage } from './page.tsx'

export function confirmationRoutes(server: FastifyInstance, web: Web, desk: ConfirmationDesk): void {
  server.get(urls.confirmation, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'confirmation', urls.confirmation)
    if (taken) return taken
    return codeOf(request) === null
      ? unusable(request, reply)
      : web.send(reply, form(request, reply, web.form(request, reply)))
  })

  server.post(urls.confirmation, { config: { access: 'anyone', form } }, async (request, reply) => {
    const code = codeOf(request)
    if (code === null) return unusable(request, reply)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { outcome } = await confirmEmail(desk.database, code, web.origin(request))
    if (outcome === 'code-unusable') return unusable(request, reply)
    return web.redirect(reply, urls.landing, 'email-confirmed')
  })

  server.get(urls.confirmationRequest, { config: { access: 'customer' } }, async (_, reply) =>
    web.redirect(reply, urls.customerProfile),
  )

  server.post(urls.confirmationRequest, { config: { access: 'customer' } }, async (request, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.redirect(reply, urls.customerProfile, 'send-once-more')
    const outcome = await requestConfirmation(desk, web.signedIn(request).id, web.origin(request))
    if (outcome.outcome === 'too-many-attempts') {
      request.log.warn({ rule: outcome.rule }, 'a limit was reached')
      return web.redirect(reply, urls.customerProfile, 'confirmation-sent-often')
    }
    return web.redirect(
      reply,
      urls.customerProfile,
      outcome.outcome === 'letter-sent' ? 'confirmation-sent' : 'email-confirmed',
    )
  })

  function codeOf(request: FastifyRequest): string | null {
    return web.cookies.read(request, 'confirmation')
  }

  function unusable(request: FastifyRequest, reply: FastifyReply) {
    return sendUnusableLink(web, request, reply, 'confirmation', {
      words: 'It has been used, has expired, or the address of the account has changed since.',
      whatNow: 'Sign in, open your profile, and ask for a new one there.',
      next: { href: urls.customerProfile, label: 'Go to your profile' },
    })
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return <ConfirmationPage page={web.page(request, reply)} state={state} action={urls.confirmation} />
  }
}
