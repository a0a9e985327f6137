import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { fullName } from '../../accounts/account.ts'
import { reasonField } from '../../accounts/reason.ts'
import { oncePerForm } from '../../accounts/receipts/once-per-form.ts'
import { Fault } from '../../answers/fault.ts'
import type { Database, Queryable } from '../../database/database.ts'
import type { Transactional } from '../../database/connection.ts'
import {
  choices,
  mergeAccounts,
  previewMerge,
  undoMerge,
  type Choice,
  type MergeOutcome,
  type MergePreview,
} from '../../flows/merging/merge.ts'
import { findMerge, listMerges, readMerge } from '../../flows/merging/runs.ts'
import { readPerson, type Person } from '../../flows/person/person.ts'
import { findByName } from '../../flows/sign-in-help/find.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { rowId } from '../../http/row-id.ts'
import type { Web } from '../../http/web.ts'
import { isId } from '../../lib/id.ts'
import { parseWith, type Refusal } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import { urlOf, urlOfPair, urls } from '../../urls.ts'
import { ChoosePage, ComparePage, MergedPage, pairName } from './page.tsx'
import { refusalWords } from './words.ts'

const everyChoice = Object.keys(choices) as Choice[]

const side = z.enum(['kept', 'other'], { error: 'Choose one of the two.' }).optional()
const mergeForm = z.object({
  ...Object.fromEntries(everyChoice.map((choice) => [pairName(choice), side])),
  reason: reasonField,
})

const rule = { access: 'staff', may: 'merge-customers', recent: true } as const

export function mergingRoutes(server: FastifyInstance, web: Web, database: Database): void {
  for (const url of [urls.merges, urls.mergeWith]) {
    server.get(url, { config: rule }, async (request, reply) =>
      web.send(reply, await chooseForm(request, reply, web.form(request, reply))),
    )

    server.post(url, { config: { ...rule, form: chooseForm } }, async (request: FastifyRequest, reply) => {
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const first = await keptIn(request)
      const fields = fieldsOf(request)
      const [kept, other] = await Promise.all([
        first ? first.id : named('kept', fields['kept']),
        named('other', fields['other']),
      ])
      if (typeof kept !== 'string' || typeof other !== 'string')
        return web.refuseFields(
          request,
          reply,
          [kept, other].filter((found) => typeof found !== 'string'),
        )
      const preview = await previewMerge(database, kept, other)
      if ('refused' in preview)
        return web.refuseFields(request, reply, [{ field: 'other', words: refusalWords[preview.refused] }])
      return web.redirect(reply, urlOfPair(urls.mergeOf, kept, other))
    })
  }

  server.get(urls.mergeOf, { config: rule }, async (request, reply) => {
    const [kept, other] = pairIn(request)
    const preview = await previewMerge(database, kept, other)
    if (!('refused' in preview)) return web.send(reply, comparison(request, reply, web.form(request, reply), preview))
    if (preview.refused !== 'no-such-account') return web.redirect(reply, urls.merges, 'merge-impossible')
    const before = await findMerge(database, kept, other)
    if (!before) throw new Fault('not-found')
    return web.redirect(reply, urlOf(urls.merged, before.id))
  })

  server.post(urls.mergeOf, { config: { ...rule, form: compareForm } }, async (request: FastifyRequest, reply) => {
    const [keptId, otherId] = pairIn(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const fields = fieldsOf(request)
    const parsed = parseWith(mergeForm, { ...fields, reason: fields['reason'] ?? '' })
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    const actorId = web.signedIn(request).id
    const take = everyChoice.filter((choice) => fields[pairName(choice)] === 'other')
    const wish = { keptId, otherId, take, actorId, reason: parsed.value.reason, origin: web.origin(request) }
    const { submission, form } = verdict
    // The row of whoever presses puts their clicks in line; those of the two are locked by the merge, in one order.
    const act = {
      act: `merge ${otherId} into ${keptId}`,
      accountId: actorId,
      form,
      submission,
    }
    const came: { to: MergeOutcome['outcome'] } = { to: 'merged' }
    await oncePerForm(database, act, async (within) => {
      came.to = (await mergeAccounts(joined(within), wish)).outcome
      return came.to === 'merged'
    })
    if (came.to === 'without-a-name')
      return web.refuseFields(request, reply, [{ field: pairName('email'), words: refusalWords[came.to] }])
    const merge = await findMerge(database, keptId, otherId)
    if (!merge) return web.redirect(reply, urls.merges, 'merge-impossible')
    return web.redirect(reply, urlOf(urls.merged, merge.id), came.to === 'merged' ? 'accounts-merged' : 'person-not-so')
  })

  server.get(urls.merged, { config: rule }, async (request, reply) => {
    const merge = await readMerge(database, rowId(request))
    if (!merge) throw new Fault('not-found')
    const token = web.submissions.newToken(request, reply)
    return web.send(reply, <MergedPage page={web.page(request, reply)} token={token} merge={merge} now={new Date()} />)
  })

  server.post(urls.merged, { config: rule }, async (request, reply) => {
    const run = rowId(request)
    const here = urlOf(urls.merged, run)
    if (web.submissions.check(request).state !== 'fresh') return web.redirect(reply, here, 'send-once-more')
    const undone = await undoMerge(database, run, web.signedIn(request).id, web.origin(request))
    switch (undone.outcome) {
      case 'undone':
      // Pressed twice it is taken back once, and both are told so.
      case 'undone-before':
        return web.redirect(reply, here, 'merge-undone')
      case 'changed-since':
        return web.redirect(reply, here, 'merge-changed-since')
      case 'in-the-way':
        return web.redirect(reply, here, 'merge-in-the-way')
      case 'too-late':
        return web.redirect(reply, here, 'person-not-so')
      case 'no-such-run':
        throw new Fault('not-found')
    }
  })

  async function chooseForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const [kept, merges] = await Promise.all([keptIn(request), listMerges(database)])
    return (
      <ChoosePage
        page={web.page(request, reply)}
        state={state}
        action={kept ? urlOf(urls.mergeWith, kept.id) : urls.merges}
        kept={kept && { id: kept.id, name: fullName(kept) }}
        merges={merges}
        now={new Date()}
      />
    )
  }

  async function compareForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const preview = await previewMerge(database, ...pairIn(request))
    if ('refused' in preview) throw new Fault('not-found')
    return comparison(request, reply, state, preview)
  }

  function comparison(request: FastifyRequest, reply: FastifyReply, state: FormState, preview: MergePreview) {
    const [kept, other] = pairIn(request)
    return (
      <ComparePage
        page={web.page(request, reply)}
        state={state}
        action={urlOfPair(urls.mergeOf, kept, other)}
        swapUrl={urlOfPair(urls.mergeOf, other, kept)}
        preview={preview}
      />
    )
  }

  /** Who stays, where the address says so: a customer. */
  async function keptIn(request: FastifyRequest): Promise<Person | null> {
    if (request.routeOptions.url !== urls.mergeWith) return null
    const person = await readPerson(database, rowId(request))
    if (!person) throw new Fault('not-found')
    if (person.kind !== 'customer') throw new Fault('not-allowed')
    return person
  }

  /** The account that somebody named by its address, username or id; else what to tell them. */
  async function named(field: string, typed = ''): Promise<string | Refusal> {
    const text = typed.trim()
    if (text === '') return { field, words: 'Say which account, by its email address, username or number.' }
    if (isId(text)) return text
    const hit = await findByName(database, text)
    switch (hit.found) {
      case 'person':
      case 'former-address':
        return hit.id
      case 'staff':
        return { field, words: refusalWords['not-customers'] }
      case 'unfinished':
        return { field, words: 'That registration was never finished: there is no account to merge.' }
      case 'nobody':
        return { field, words: 'No account has that name.' }
    }
  }
}

/** What opens a transaction of its own takes part in one that is open. */
function joined(within: Queryable): Transactional {
  return { transaction: (work) => work(within) }
}

function pairIn(request: FastifyRequest): [kept: string, other: string] {
  return [rowId(request), rowId(request, 'other')]
}
