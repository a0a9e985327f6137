import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { reasonField } from '../../accounts/reason.ts'
import { oncePerForm } from '../../accounts/receipts/once-per-form.ts'
import { Fault } from '../../answers/fault.ts'
import type { Database } from '../../database/database.ts'
import { fieldsOf, queryOf } from '../../http/form-body.ts'
import { rowId } from '../../http/row-id.ts'
import type { Web } from '../../http/web.ts'
import { momentInWords } from '../../lib/moments.ts'
import { parseWith } from '../../lib/parsed.ts'
import { placeOf } from '../../lib/place.ts'
import {
  decidedQuestions,
  decideQuestion,
  decisions,
  listQuestions,
  readQuestion,
  type ImportQuestion,
  type Somebody,
} from '../../operations/django-import/questions.ts'
import type { FormState } from '../../ui/form.tsx'
import { maskedEmail } from '../../ui/masked.ts'
import { urlOf, urls } from '../../urls.ts'
import { Name, QuestionPage, QuestionsPage, type DecidedLine, type Linked, type QuestionLine } from './page.tsx'
import { decisionsFor, decisionWords, findingInWords, whoGoesWithout } from './words.ts'

const decisionForm = z.object({
  decision: z.enum(decisions, { error: 'Choose what is decided.' }),
  reason: reasonField,
})

/** What an import left to a person. */
export function importRoutes(server: FastifyInstance, web: Web, database: Database): void {
  const decide = { access: 'staff', may: 'merge-customers' } as const

  server.get(urls.toDecide, { config: decide }, async (request, reply) => {
    const [{ questions, earlier, later }, decided] = await Promise.all([
      listQuestions(database, placeOf(queryOf(request))),
      decidedQuestions(database),
    ])
    return web.send(
      reply,
      <QuestionsPage
        page={web.page(request, reply)}
        listUrl={urls.toDecide}
        questions={questions.map(lineOf)}
        earlier={earlier}
        later={later}
        decided={decided.map(decidedLine)}
      />,
    )
  })

  server.get(urls.questionToDecide, { config: decide }, async (request, reply) =>
    web.send(reply, await form(request, reply, web.form(request, reply))),
  )

  server.post(urls.questionToDecide, { config: { ...decide, form } }, async (request: FastifyRequest, reply) => {
    const { id } = await questionOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parseWith(decisionForm, fieldsOf(request))
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    const actorId = web.signedIn(request).id
    const deciding = { question: id, actorId, ...parsed.value }
    const act = { act: `decide ${id}`, accountId: actorId, form: verdict.form, submission: verdict.submission }
    const decided = await oncePerForm(database, act, async (within) => {
      const outcome = await decideQuestion(within, deciding, web.origin(request))
      if (outcome === 'not-allowed') throw new Fault('not-allowed')
      return outcome === 'decided'
    })
    return decided
      ? web.redirect(reply, urls.toDecide, 'question-decided')
      : web.redirect(reply, urlOf(urls.questionToDecide, id), 'question-was-decided')
  })

  async function questionOf(request: FastifyRequest): Promise<ImportQuestion> {
    const question = await readQuestion(database, rowId(request))
    if (!question) throw new Fault('not-found')
    return question
  }

  async function form(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    const question = await questionOf(request)
    const { account, decided } = question
    const correctable = account?.kind === 'customer' && account.status === 'active'
    return (
      <QuestionPage
        page={web.page(request, reply)}
        state={state}
        action={urlOf(urls.questionToDecide, question.id)}
        listUrl={urls.toDecide}
        title={whoGoesWithout(question)}
        facts={factsOf(question)}
        addressUrl={correctable ? urlOf(urls.personAddress, account.id) : null}
        decisions={decided ? null : decisionsFor(question)}
      />
    )
  }
}

function linkTo({ id, name }: Somebody): Linked {
  return { words: name || 'Somebody without a name', href: urlOf(urls.person, id) }
}

function whoOf(question: ImportQuestion): Linked {
  const { account } = question
  return { words: whoGoesWithout(question), href: account && urlOf(urls.person, account.id) }
}

function keeperOf({ keeper, finding }: ImportQuestion): Linked {
  if (keeper) return linkTo(keeper)
  return { words: finding === 'nameless' ? '–' : 'Nobody any more', href: null }
}

function wantedOf({ finding, wanted }: ImportQuestion): string {
  return finding === 'nameless' ? 'An account' : maskedEmail(wanted)
}

function lineOf(question: ImportQuestion): QuestionLine {
  return {
    id: question.id,
    who: whoOf(question),
    found: findingInWords(question),
    wanted: wantedOf(question),
    keeper: keeperOf(question),
    href: urlOf(urls.questionToDecide, question.id),
  }
}

function decidedLine(question: ImportQuestion): DecidedLine {
  const { decided } = question
  return {
    who: whoOf(question),
    wanted: wantedOf(question),
    decision: decided ? decisionWords[decided.decision] : '',
    reason: decided?.reason ?? '–',
    by: decided?.by ?? 'Somebody who is gone',
    at: decided ? momentInWords(decided.at) : '',
  }
}

function factsOf(question: ImportQuestion) {
  const { account, decided, source, legacy_id } = question
  return [
    { label: 'Account', value: <Name {...whoOf(question)} /> },
    { label: 'Wanted', value: wantedOf(question) },
    { label: 'Kept by', value: <Name {...keeperOf(question)} /> },
    { label: 'Found', value: findingInWords(question) },
    {
      label: 'Address now',
      value: account ? (account.email ? maskedEmail(account.email) : 'None') : 'No account',
    },
    { label: 'Imported', value: `User ${legacy_id} of ${source}` },
    ...(decided
      ? [
          { label: 'Decided', value: decisionWords[decided.decision] },
          { label: 'Why', value: decided.reason ?? '–' },
          { label: 'By', value: decided.by ?? 'Somebody who is gone', remark: momentInWords(decided.at) },
        ]
      : []),
  ]
}
