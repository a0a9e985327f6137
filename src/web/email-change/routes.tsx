import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answer, type AnswerCode } from '../../answers/catalogue.ts'
import { confirmEmailChange, findEmailChange } from '../../flows/email-change/confirm.ts'
import { confirmCorrection, findCorrection } from '../../flows/email-change/by-staff.ts'
import { parseEmailChange } from '../../flows/email-change/input.ts'
import { requestEmailChange, type EmailChangeRoom } from '../../flows/email-change/request.ts'
import { findTakeBack, takeBackEmail } from '../../flows/email-change/take-back.ts'
import { takeCodeFromLink } from '../../http/code-link.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { profileOf, type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { UnusableLinkPage } from '../../ui/unusable-link.tsx'
import { urls } from '../../urls.ts'
import { EmailChangePage, EmailConfirmationPage, TakeBackPage } from './page.tsx'

export function emailChangeRoutes(server: FastifyInstance, web: Web, room: EmailChangeRoom): void {
  server.get(urls.emailChange, { config: { access: 'signed-in', recent: true } }, async (request, reply) =>
    web.send(reply, changeForm(request, reply, web.form(request, reply))),
  )

  server.post(
    urls.emailChange,
    { config: { access: 'signed-in', recent: true, form: changeForm } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const parsed = parseEmailChange(fieldsOf(request))
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
      const account = web.signedIn(request)
      const outcome = await requestEmailChange(room, account.id, parsed.value.email, web.origin(request))
      switch (outcome.outcome) {
        case 'letter-sent':
          return web.redirect(reply, profileOf(account), 'email-change-sent')
        case 'already-yours':
          return web.refuseFields(request, reply, [{ field: 'email', words: 'This is your address already.' }])
        case 'too-many-attempts':
          return web.refuseAttempts(request, reply, outcome)
      }
    },
  )

  // The link may be opened before its person is signed in; its code waits in a cookie while they sign in.
  server.get(urls.emailConfirmation, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'email-change', urls.emailConfirmation)
    if (taken) return taken
    const code = web.cookies.read(request, 'email-change')
    if (code === null) return unusable(request, reply, 'email-change')
    if (!request.session) return signInFirst(reply)
    const email = await findEmailChange(room.database, request.session.account.id, code)
    return email === null
      ? unusable(request, reply, 'email-change')
      : web.send(reply, confirmationPage(request, reply, web.form(request, reply), email))
  })

  server.post(
    urls.emailConfirmation,
    { config: { access: 'signed-in', form: confirmationForm } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const code = web.cookies.read(request, 'email-change')
      if (code === null) return unusable(request, reply, 'email-change')
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const account = web.signedIn(request)
      const origin = web.origin(request)
      const { outcome } = await confirmEmailChange(room.database, room.keys, { accountId: account.id, code, origin })
      return outcome === 'changed'
        ? web.redirect(reply, profileOf(account), 'email-changed')
        : unusable(request, reply, 'email-change', outcome)
    },
  )

  // Staff asked for it, with somebody who may not be able to sign in: the link alone proves the address.
  server.get(urls.emailCorrection, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'email-correction', urls.emailCorrection)
    if (taken) return taken
    const code = web.cookies.read(request, 'email-correction')
    const email = code === null ? null : await findCorrection(room.database, code)
    return email === null
      ? unusable(request, reply, 'email-correction')
      : web.send(reply, correctionPage(request, reply, web.form(request, reply), email))
  })

  server.post(urls.emailCorrection, { config: { access: 'anyone', form: correctionForm } }, async (request, reply) => {
    const code = web.cookies.read(request, 'email-correction')
    if (code === null) return unusable(request, reply, 'email-correction')
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { outcome } = await confirmCorrection(room.database, room.keys, code, web.origin(request))
    return outcome === 'changed'
      ? web.redirect(reply, urls.customerSignIn, 'address-corrected')
      : unusable(request, reply, 'email-correction', outcome)
  })

  server.get(urls.emailReversal, { config: { access: 'anyone' } }, async (request, reply) => {
    const taken = takeCodeFromLink(web, request, reply, 'email-revert', urls.emailReversal)
    if (taken) return taken
    const code = web.cookies.read(request, 'email-revert')
    const email = code === null ? null : await findTakeBack(room.database, code)
    return email === null
      ? unusable(request, reply, 'email-revert')
      : web.send(reply, takeBackPage(request, reply, web.form(request, reply), email))
  })

  server.post(urls.emailReversal, { config: { access: 'anyone', form: takeBackForm } }, async (request, reply) => {
    const code = web.cookies.read(request, 'email-revert')
    if (code === null) return unusable(request, reply, 'email-revert')
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const { outcome } = await takeBackEmail(room.database, code, web.origin(request))
    return outcome === 'taken-back'
      ? web.redirect(reply, urls.recovery, 'email-taken-back')
      : unusable(request, reply, 'email-revert', outcome)
  })

  function signInFirst(reply: FastifyReply) {
    const next = encodeURIComponent(urls.emailConfirmation)
    return web.redirect(reply, `${urls.customerSignIn}?next=${next}`, 'sign-in-first')
  }

  /** A link that does nothing any more. What stood in the way tells what to do about it. */
  function unusable(
    request: FastifyRequest,
    reply: FastifyReply,
    purpose: keyof typeof wordsAboutCode,
    code: Extract<AnswerCode, 'code-unusable' | 'address-taken'> = 'code-unusable',
  ) {
    const { status, title, words, whatNow } = answer(code)
    web.cookies.clear(reply, purpose)
    return web.send(
      reply,
      <UnusableLinkPage
        page={web.page(request, reply)}
        title={title}
        {...(code === 'code-unusable' ? wordsAboutCode[purpose] : { words, whatNow })}
        next={
          purpose === 'email-change'
            ? { href: urls.emailChange, label: 'Change your address' }
            : { href: urls.recovery, label: 'Get back in' }
        }
      />,
      status,
    )
  }

  function changeForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <EmailChangePage
        page={web.page(request, reply)}
        state={state}
        action={urls.emailChange}
        email={request.session?.account.email ?? null}
      />
    )
  }

  function confirmationForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return confirmationPage(request, reply, state, null)
  }

  function confirmationPage(request: FastifyRequest, reply: FastifyReply, state: FormState, email: string | null) {
    const page = web.page(request, reply)
    return <EmailConfirmationPage page={page} state={state} action={urls.emailConfirmation} email={email} />
  }

  function correctionForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return correctionPage(request, reply, state, null)
  }

  function correctionPage(request: FastifyRequest, reply: FastifyReply, state: FormState, email: string | null) {
    const page = web.page(request, reply)
    return <EmailConfirmationPage page={page} state={state} action={urls.emailCorrection} email={email} />
  }

  function takeBackForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return takeBackPage(request, reply, state, null)
  }

  function takeBackPage(request: FastifyRequest, reply: FastifyReply, state: FormState, email: string | null) {
    const page = web.page(request, reply)
    return <TakeBackPage page={page} state={state} action={urls.emailReversal} email={email} />
  }
}

const wordsAboutCode = {
  'email-change': {
    words: 'It has been used, has expired, or belongs to another account than the one that you are signed in with.',
    whatNow: 'Sign in with the account whose address is to change, and ask for a new link there.',
  },
  'email-correction': {
    words: 'It has been used, has expired, or was replaced by a newer one.',
    whatNow: 'If your address is still not right, please write to us or call us.',
  },
  'email-revert': {
    words: 'It has been used, or is older than 7 days.',
    whatNow: 'If you cannot get into your account with this address, please write to us.',
  },
}
