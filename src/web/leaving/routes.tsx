import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CLOSES_AFTER } from '../../accounts/closing.ts'
import { closeAccount, type ClosingOutcome } from '../../flows/leaving/close.ts'
import { parseClosing } from '../../flows/leaving/input.ts'
import { findClosing, keepAccount, type ClosingAccount, type KeepingRoom } from '../../flows/leaving/keep.ts'
import { readOwnData, type OwnData, type OwnDataDesk, type OwnDataFormat } from '../../flows/leaving/own-data.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { sendUnusableLink } from '../../http/unusable-link.tsx'
import { homeOf, type Web } from '../../http/web.ts'
import { longDate } from '../../ui/dates.ts'
import type { FormState } from '../../ui/form.tsx'
import { renderDocument } from '../../ui/layout.tsx'
import { urls } from '../../urls.ts'
import { OwnDataDocument } from './document.tsx'
import { NOTES } from './notes.ts'
import { AccountClosingPage, AccountKeepingPage, OwnDataPage } from './page.tsx'

type LeavingRoom = OwnDataDesk & KeepingRoom

export function leavingRoutes(server: FastifyInstance, web: Web, room: LeavingRoom): void {
  ownDataRoutes(server, web, room)
  closingRoutes(server, web, room)
  keepingRoutes(server, web, room)
}

function ownDataRoutes(server: FastifyInstance, web: Web, room: LeavingRoom): void {
  server.get(urls.ownData, { config: { access: 'customer', recent: true } }, async (request, reply) =>
    web.send(
      reply,
      <OwnDataPage
        page={web.page(request, reply)}
        token={web.submissions.newToken(request, reply)}
        action={urls.ownData}
        closingUrl={urls.accountClosing}
      />,
    ),
  )

  server.post(urls.ownData, { config: { access: 'customer', recent: true } }, async (request, reply) => {
    const fields = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.redirect(reply, urls.ownData, 'send-once-more')
    const format = fields['format'] === 'json' ? 'json' : 'html'
    const outcome = await readOwnData(room, web.signedIn(request).id, format, web.origin(request))
    switch (outcome.outcome) {
      case 'read':
        return sendFile(reply, outcome.data, format)
      case 'gone':
        return web.redirect(reply, urls.landing)
      case 'too-many-attempts':
        request.log.warn({ rule: outcome.rule }, 'a limit was reached')
        return web.redirect(reply, urls.ownData, 'downloaded-often')
    }
  })

  function sendFile(reply: FastifyReply, data: OwnData, format: OwnDataFormat) {
    const file = `everything-held-about-you-${data.written_at.slice(0, 10)}.${format}`
    void reply.header('cache-control', 'no-store').header('content-disposition', `attachment; filename="${file}"`)
    return format === 'json'
      ? reply.type('application/json; charset=utf-8').send(asJson(data))
      : reply.type('text/html; charset=utf-8').send(renderDocument(<OwnDataDocument data={data} brand={web.brand} />))
  }

  /** `version` is raised when a name in it comes to mean something else, or goes. */
  function asJson(data: OwnData): string {
    const { written_at, ...held } = data
    const whole = { format: 'everything-held-about-you', version: 1, written_by: web.brand, written_at, ...held }
    return `${JSON.stringify({ ...whole, notes: NOTES }, null, 2)}\n`
  }
}

function closingRoutes(server: FastifyInstance, web: Web, { database }: LeavingRoom): void {
  server.get(urls.accountClosing, { config: { access: 'customer', recent: true } }, async (request, reply) =>
    web.send(reply, form(request, reply, web.form(request, reply))),
  )

  server.post(urls.accountClosing, { config: { access: 'customer', recent: true, form, repeated } }, close)

  async function close(request: FastifyRequest, reply: FastifyReply) {
    const fields = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parseClosing(fields)
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    const outcome = await closeAccount(database, {
      accountId: web.signedIn(request).id,
      sessionToken: web.sessionToken(request) ?? '',
      reason: parsed.value.reason,
      submission: verdict.submission,
      origin: web.origin(request),
    })
    return respond(reply, outcome)
  }

  /** The second click of two: the first has ended the session that both came with. */
  async function repeated(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | null> {
    const fields = fieldsOf(request)
    const verdict = web.submissions.check(request)
    const parsed = parseClosing(fields)
    const sessionToken = web.sessionToken(request)
    if (sessionToken === null || !('submission' in verdict) || !parsed.ok) return null
    const { outcome } = await closeAccount(database, {
      accountId: null,
      sessionToken,
      reason: parsed.value.reason,
      submission: verdict.submission,
      origin: web.origin(request),
    })
    return outcome === 'replayed' ? respond(reply, { outcome }) : null
  }

  function respond(reply: FastifyReply, { outcome }: ClosingOutcome) {
    if (outcome === 'not-signed-in') return web.redirect(reply, urls.customerSignIn, 'sign-in-first')
    web.cookies.clear(reply, 'session')
    reply.header('clear-site-data', '"cache", "storage"')
    return web.redirect(reply, urls.landing, 'account-closing')
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <AccountClosingPage
        page={web.page(request, reply)}
        state={state}
        action={urls.accountClosing}
        ownDataUrl={urls.ownData}
        closesOn={longDate(new Date(Date.now() + CLOSES_AFTER))}
      />
    )
  }
}

/** For somebody whose password was right, and whose account is closing: sign-in has given them a ticket in a cookie. */
function keepingRoutes(server: FastifyInstance, web: Web, room: LeavingRoom): void {
  server.get(urls.accountKeeping, { config: { access: 'anyone' } }, async (request, reply) => {
    const ticket = web.cookies.read(request, 'closing')
    const account = ticket === null ? null : await findClosing(room, ticket)
    return account ? web.send(reply, page(request, reply, web.form(request, reply), account)) : over(request, reply)
  })

  server.post(urls.accountKeeping, { config: { access: 'anyone', form } }, async (request, reply) => {
    const ticket = web.cookies.read(request, 'closing')
    if (ticket === null) return over(request, reply)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const outcome = await keepAccount(room, {
      ticket,
      submission: verdict.submission,
      previousToken: web.sessionToken(request),
      client: web.client(request),
      origin: web.origin(request),
    })
    if (outcome.outcome === 'ticket-unusable') return over(request, reply)
    web.cookies.clear(reply, 'closing')
    web.cookies.write(reply, 'session', outcome.sessionToken)
    return web.redirect(reply, urls.landing, 'account-kept')
  })

  function over(request: FastifyRequest, reply: FastifyReply) {
    if (request.session) {
      web.cookies.clear(reply, 'closing')
      return web.redirect(reply, homeOf(request.session.account))
    }
    return sendUnusableLink(web, request, reply, 'closing', {
      title: 'This page no longer works',
      words: 'It was open for longer than ten minutes, or the account has been kept or erased since.',
      whatNow: 'Sign in again. If the account can still be kept, you are asked once more.',
      next: { href: urls.customerSignIn, label: 'Go to sign-in' },
    })
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return page(request, reply, state, null)
  }

  /** Shown again after a refusal it does without the account: the database may be what failed. */
  function page(request: FastifyRequest, reply: FastifyReply, state: FormState, account: ClosingAccount | null) {
    return (
      <AccountKeepingPage
        page={web.page(request, reply)}
        state={state}
        action={urls.accountKeeping}
        account={account && { firstName: account.first_name, closesOn: longDate(account.closes_at) }}
      />
    )
  }
}
