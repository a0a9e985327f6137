import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CountryCode } from 'libphonenumber-js'
import type { Database } from '../../database/database.ts'
import { registerAtTheDesk, type DeskOutcome } from '../../flows/registration/at-the-desk.ts'
import { deskRegistrationParser } from '../../flows/registration/input.ts'
import { fieldsOf } from '../../http/form-body.ts'
import type { Web } from '../../http/web.ts'
import type { Keys } from '../../lib/keys.ts'
import type { FormState } from '../../ui/form.tsx'
import { urlOf, urls } from '../../urls.ts'
import { DeskRegistrationPage } from './page.tsx'

export function deskRegistrationRoutes(
  server: FastifyInstance,
  web: Web,
  { database, keys }: { database: Database; keys: Keys },
  defaultCountry: CountryCode,
): void {
  const parse = deskRegistrationParser({ defaultCountry })
  const rule = { access: 'staff', may: 'help-customers' } as const

  server.get(urls.customerAtTheDesk, { config: rule }, async (request, reply) =>
    web.send(reply, form(request, reply, web.form(request, reply))),
  )

  server.post(urls.customerAtTheDesk, { config: { ...rule, form } }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const fields = fieldsOf(request)
    const parsed = parse(fields)
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    const outcome = await registerAtTheDesk(database, keys, {
      input: parsed.value,
      actorId: web.signedIn(request).id,
      submission: verdict.submission,
      form: verdict.form,
      origin: web.origin(request),
    })
    if (outcome.outcome !== 'registered') return refuseTaken(request, reply, outcome)
    return web.redirect(reply, urlOf(urls.person, outcome.accountId), 'registered-at-the-desk')
  })

  /** Most likely the person on the phone is registered already: the way to their page is the answer. */
  function refuseTaken(
    request: FastifyRequest,
    reply: FastifyReply,
    { outcome, accountId }: Exclude<DeskOutcome, { outcome: 'registered' }>,
  ) {
    const [field, words] =
      outcome === 'email-taken'
        ? [
            'email',
            accountId ? 'Somebody is registered with this address already.' : 'One of the staff has this address.',
          ]
        : ['username', 'Somebody else has this username.']
    const links = accountId ? [{ href: urlOf(urls.person, accountId), words: 'Open their page' }] : []
    return web.refuse(request, reply, outcome, [{ field, words, links }])
  }

  function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <DeskRegistrationPage
        page={web.page(request, reply)}
        state={state}
        action={urls.customerAtTheDesk}
        defaultCountry={defaultCountry}
      />
    )
  }
}
