import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import { emailField } from '../../accounts/profiles/fields.ts'
import { parseIdentifier, type Identifier } from '../../accounts/identifier.ts'
import { may } from '../../accounts/permissions.ts'
import { reasonField, reasonForm } from '../../accounts/reason.ts'
import { oncePerForm } from '../../accounts/receipts/once-per-form.ts'
import { answer } from '../../answers/catalogue.ts'
import { Fault } from '../../answers/fault.ts'
import type { Database } from '../../database/database.ts'
import { readPerson, readUnfinished, recordShowing, type Person } from '../../flows/person/person.ts'
import { readTimeline } from '../../flows/person/timeline.ts'
import { editCustomerAs, readCustomerForEdit } from '../../flows/profile/profile.ts'
import { customerFormValues, customerProfileParser } from '../../flows/profile/input.ts'
import { requestCorrection } from '../../flows/email-change/by-staff.ts'
import { sendRegistrationLink } from '../../flows/registration/by-staff.ts'
import { findByName } from '../../flows/sign-in-help/find.ts'
import { whyNotIn } from '../../flows/sign-in-help/verdict.ts'
import { fieldsOf, queryOf, type Fields } from '../../http/form-body.ts'
import { rowId } from '../../http/row-id.ts'
import { errorFor, type Web } from '../../http/web.ts'
import type { Keys } from '../../lib/keys.ts'
import { parseWith } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import { urlOf, urls } from '../../urls.ts'
import { actsWith, type Act } from './acts.ts'
import { ActPage, AddressPage, EditPage, type Difference, PersonPage, SignInHelpPage } from './page.tsx'
import { personView, unfinishedView } from './view.ts'

export interface PersonDesk {
  database: Database
  keys: Keys
}

const parseCorrection = (fields: Fields) =>
  parseWith(z.object({ email: emailField, reason: reasonField }), {
    email: fields['email'] ?? '',
    reason: fields['reason'] ?? '',
  })

export function personRoutes(
  server: FastifyInstance,
  web: Web,
  { database, keys }: PersonDesk,
  defaultCountry: CountryCode,
): void {
  const parseProfile = customerProfileParser(defaultCountry)
  const acts = actsWith(keys)
  const find = { access: 'staff', may: 'find-customers' } as const
  const help = { access: 'staff', may: 'help-customers' } as const

  server.get(urls.signInHelp, { config: find }, async (request, reply) =>
    web.send(reply, helpForm(request, reply, web.form(request, reply))),
  )

  server.post(urls.signInHelp, { config: { ...find, form: helpForm } }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const typed = fieldsOf(request)['name'] ?? ''
    const hit = await findByName(database, typed)
    switch (hit.found) {
      case 'person':
      case 'unfinished':
        return web.redirect(reply, urlOf(urls.person, hit.id))
      case 'former-address':
        return show(request, reply, await personOf(hit.id), { typed: parseIdentifier(typed) })
      case 'staff':
        return refuseName(request, reply, 'That name belongs to one of the staff. An admin can help them.')
      case 'nobody':
        return refuseName(
          request,
          reply,
          'No account has that name, had it before, or waits for it to be confirmed. Ask how else they may have registered.',
        )
    }
  })

  server.get(urls.person, { config: find }, async (request, reply) => {
    const id = rowId(request)
    const unfinished = await readUnfinished(database, id)
    if (unfinished) {
      const view = unfinishedView(unfinished)
      return web.send(reply, <PersonPage {...frame(request, reply)} {...view} />)
    }
    return show(request, reply, await personOf(id), {})
  })

  server.post(urls.personDetails, { config: { ...help, form: helpForm } }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    const person = await personOf(rowId(request))
    if (verdict.state !== 'fresh') return web.redirect(reply, urlOf(urls.person, person.id), 'send-once-more')
    await recordShowing(database, { accountId: person.id, actorId: web.signedIn(request).id }, web.origin(request))
    return show(request, reply, person, { whole: true })
  })

  server.post(urls.personName, { config: { ...find, form: helpForm } }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    const person = await personOf(rowId(request))
    if (verdict.state !== 'fresh') return web.redirect(reply, urlOf(urls.person, person.id), 'send-once-more')
    return show(request, reply, person, { typed: parseIdentifier(fieldsOf(request)['name'] ?? '') })
  })

  server.post(
    urls.personRegistration,
    { config: { ...help, form: helpForm } },
    async (request: FastifyRequest, reply) => {
      const registration = rowId(request)
      const back = urlOf(urls.person, registration)
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.redirect(reply, back, 'send-once-more')
      const reason = 'The person never got to the link of their registration.'
      const actorId = web.signedIn(request).id
      const sent = await sendRegistrationLink(database, { registration, actorId, reason }, web.origin(request))
      if (!sent) throw new Fault('not-found')
      return web.redirect(reply, back, 'person-letter-sent')
    },
  )

  // Whoever edits sees what is masked elsewhere: the form is asked for by POST, and that it was shown is recorded.
  server.get(urls.personProfile, { config: help }, async (request, reply) =>
    web.redirect(reply, urlOf(urls.person, rowId(request))),
  )

  server.post(
    urls.personProfile,
    { config: { ...help, form: editForm } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = await customerOf(rowId(request))
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const { version, ...fields } = fieldsOf(request)
      const actorId = web.signedIn(request).id
      if (version === undefined) {
        await recordShowing(database, { accountId: id, actorId }, web.origin(request))
        const profile = await profileOf(id)
        const state = web.form(request, reply, { ...customerFormValues(profile), version: profile.version })
        return web.send(reply, editForm(request, reply, state))
      }
      const parsed = parseProfile(fields)
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
      const edit = { accountId: id, actorId, version, input: parsed.value }
      if (await editCustomerAs(database, edit, web.origin(request)))
        return web.redirect(reply, urlOf(urls.person, id), 'person-saved')
      return savedMeanwhile(request, reply, id)
    },
  )

  /** Both values of each field in which they differ, for somebody to choose: nothing is overwritten unseen. */
  async function savedMeanwhile(request: FastifyRequest, reply: FastifyReply, id: string) {
    const profile = await profileOf(id)
    const sent = web.formAsSent(request, reply, [errorFor('saved-meanwhile')])
    const theirs = customerFormValues(profile)
    const differences = Object.entries(profileLabels)
      .map(([name, label]) => ({ name, label, theirs: theirs[name] ?? '', yours: (sent.values[name] ?? '').trim() }))
      .filter((field) => field.theirs !== field.yours)
    if (differences.length === 0) return web.redirect(reply, urlOf(urls.person, id), 'person-saved')
    const state = { ...sent, values: { ...sent.values, version: profile.version } }
    return web.send(reply, editForm(request, reply, state, differences), answer('saved-meanwhile').status)
  }

  function editForm(
    request: FastifyRequest,
    reply: FastifyReply,
    state: FormState,
    differences: readonly Difference[] = [],
  ) {
    const id = rowId(request)
    return (
      <EditPage
        page={web.page(request, reply)}
        state={state}
        action={urlOf(urls.personProfile, id)}
        back={urlOf(urls.person, id)}
        version={state.values['version'] ?? ''}
        differences={differences}
        defaultCountry={defaultCountry}
      />
    )
  }

  async function profileOf(id: string) {
    const profile = await readCustomerForEdit(database, id)
    if (!profile) throw new Fault('not-found')
    return profile
  }

  const correct = { access: 'staff', may: 'help-customers', recent: true } as const

  server.get(urls.personAddress, { config: correct }, async (request, reply) => {
    await customerOf(rowId(request))
    return web.send(reply, addressForm(request, reply, web.form(request, reply)))
  })

  server.post(
    urls.personAddress,
    { config: { ...correct, form: addressForm } },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = await customerOf(rowId(request))
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const parsed = parseCorrection(fieldsOf(request))
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
      const { email, reason } = parsed.value
      const actorId = web.signedIn(request).id
      const outcome = await requestCorrection(
        { database, keys },
        { accountId: id, actorId, reason, email, form: verdict.form },
        verdict.submission,
        web.origin(request),
      )
      switch (outcome.outcome) {
        case 'letter-sent':
          return web.redirect(reply, urlOf(urls.person, id), 'person-address-sent')
        case 'not-so':
          return web.redirect(reply, urlOf(urls.person, id), 'person-not-so')
        case 'already-theirs':
          return web.refuseFields(request, reply, [{ field: 'email', words: 'This is their address already.' }])
        case 'address-taken':
          return web.refuse(request, reply, 'address-taken', [
            {
              field: 'email',
              words: 'Another account has this address.',
              links: [{ href: urlOf(urls.person, outcome.accountId), words: 'Open its page' }],
            },
          ])
      }
    },
  )

  for (const act of acts) actRoutes(act)

  function addressForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const id = rowId(request)
    const [action, back] = [urlOf(urls.personAddress, id), urlOf(urls.person, id)]
    return <AddressPage page={web.page(request, reply)} state={state} action={action} back={back} />
  }

  function actRoutes(act: Act) {
    const rule = { access: 'staff', may: act.may, ...(act.recent ? { recent: true as const } : {}) } as const
    const form = (request: FastifyRequest, reply: FastifyReply, state: FormState) => {
      const id = rowId(request)
      return (
        <ActPage
          page={web.page(request, reply)}
          state={state}
          action={urlOf(act.url, id)}
          back={urlOf(urls.person, id)}
          title={act.title}
          lead={act.lead}
          submit={act.submit}
        />
      )
    }

    server.get(act.url, { config: rule }, async (request, reply) => {
      await customerOf(rowId(request))
      return web.send(reply, form(request, reply, web.form(request, reply)))
    })

    server.post(act.url, { config: { ...rule, form } }, async (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = await customerOf(rowId(request))
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const parsed = parseWith(reasonForm, fieldsOf(request))
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
      const actorId = web.signedIn(request).id
      const sent = {
        act: `${act.name} by ${actorId}`,
        accountId: id,
        form: verdict.form,
        submission: verdict.submission,
      }
      const wish = { accountId: id, actorId, reason: parsed.value.reason }
      const done = await oncePerForm(database, sent, (within) => act.carryOut(within, wish, web.origin(request)))
      return web.redirect(reply, urlOf(urls.person, id), done ? act.done : 'person-not-so')
    })
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    person: Person,
    { whole = false, typed }: { whole?: boolean; typed?: Identifier | null },
  ) {
    const viewer = web.signedIn(request)
    if (person.kind === 'staff' && !may(viewer, 'see-staff')) throw new Fault('not-allowed')
    const [obstacles, timeline] = await Promise.all([
      whyNotIn(database, person.id, typed),
      readTimeline(database, person.id, queryOf(request)['before'] ?? null),
    ])
    const view = personView({ person, obstacles: obstacles ?? [], timeline, whole, viewer, acts, now: new Date() })
    return web.send(reply, <PersonPage {...frame(request, reply)} {...view} />)
  }

  function frame(request: FastifyRequest, reply: FastifyReply) {
    return { page: web.page(request, reply), token: web.submissions.newToken(request, reply) }
  }

  async function personOf(id: string): Promise<Person> {
    const person = await readPerson(database, id)
    if (!person) throw new Fault('not-found')
    return person
  }

  /** Staff are not helped here: what concerns them is an admin's, and has pages of its own. */
  async function customerOf(id: string): Promise<Person> {
    const person = await personOf(id)
    if (person.kind !== 'customer') throw new Fault('not-allowed')
    return person
  }

  function refuseName(request: FastifyRequest, reply: FastifyReply, words: string) {
    return web.refuseFields(request, reply, [{ field: 'name', words }])
  }

  function helpForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return (
      <SignInHelpPage
        page={web.page(request, reply)}
        state={state}
        action={urls.signInHelp}
        registerUrl={urls.customerAtTheDesk}
      />
    )
  }
}

const profileLabels: Record<string, string> = {
  first_name: 'First name',
  last_name: 'Last name',
  date_of_birth: 'Date of birth',
  phone_number: 'Phone number',
  company: 'Company',
  address: 'Address',
  city: 'Town or city',
  state: 'State or region',
  country: 'Country',
  postal_code: 'Postal code',
}
