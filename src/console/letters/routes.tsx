import type { FastifyInstance, FastifyRequest } from 'fastify'
import { may } from '../../accounts/permissions.ts'
import { Fault } from '../../answers/fault.ts'
import type { Database } from '../../database/database.ts'
import { openLetter, retryLetter } from '../../flows/letters/by-staff.ts'
import { queryOf } from '../../http/form-body.ts'
import { rowId } from '../../http/row-id.ts'
import type { Web } from '../../http/web.ts'
import { placeOf } from '../../lib/place.ts'
import type { Message } from '../../mail/courier.ts'
import { listLetters, readLetter, type LetterFacts, type WholeLetter } from '../../mail/outbox-reader.ts'
import { urlOf, urls } from '../../urls.ts'
import { filterOf } from './filter.ts'
import { LetterPage, LettersPage, LetterWordsPage } from './page.tsx'

export interface LettersDesk {
  database: Database
  /** Makes a letter's words; null with a mail server, where nobody but its recipient reads it. */
  write: ((letter: WholeLetter) => Message) | null
}

export function lettersRoutes(server: FastifyInstance, web: Web, { database, write }: LettersDesk): void {
  const see = { access: 'staff', may: 'see-letters' } as const
  const leaves = write === null

  server.get(urls.letters, { config: see }, async (request, reply) => {
    const filter = filterOf(queryOf(request))
    const list = await listLetters(database, filter, placeOf(queryOf(request)))
    return web.send(
      reply,
      <LettersPage
        page={web.page(request, reply)}
        filter={filter}
        list={list}
        listUrl={urls.letters}
        urlFor={(id) => urlOf(urls.letter, id)}
        leaves={leaves}
        now={new Date()}
      />,
    )
  })

  server.get(urls.letter, { config: see }, async (request, reply) => {
    const letter = await letterOf(request)
    const viewer = web.signedIn(request)
    const own = urlOf(urls.letter, letter.id)
    const retryable = letter.state === 'failing' || letter.state === 'given up'
    return web.send(
      reply,
      <LetterPage
        page={web.page(request, reply)}
        token={web.submissions.newToken(request, reply)}
        letter={letter}
        personUrl={letter.account_id && mayOpen(request, letter) ? urlOf(urls.person, letter.account_id) : null}
        listUrl={urls.letters}
        retryUrl={retryable && leaves ? own : null}
        wordsUrl={write && may(viewer, 'read-whole-letters') ? urlOf(urls.letterWords, letter.id) : null}
        leaves={leaves}
        now={new Date()}
      />,
    )
  })

  server.post(urls.letter, { config: see }, async (request, reply) => {
    const { id } = await letterOf(request)
    const back = urlOf(urls.letter, id)
    if (web.submissions.check(request).state !== 'fresh') return web.redirect(reply, back, 'send-once-more')
    const act = { letterId: id, actorId: web.signedIn(request).id }
    const due = await retryLetter(database, act, web.origin(request))
    return web.redirect(reply, back, due ? 'letter-due' : 'person-not-so')
  })

  if (write) {
    const read = { access: 'staff', may: 'read-whole-letters', recent: true } as const

    /** Somebody who had to sign in first comes back to the letter, and presses once more. */
    server.get(urls.letterWords, { config: read }, async (request, reply) =>
      web.redirect(reply, urlOf(urls.letter, rowId(request))),
    )

    server.post(urls.letterWords, { config: read }, async (request, reply) => {
      const back = urlOf(urls.letter, rowId(request))
      if (web.submissions.check(request).state !== 'fresh') return web.redirect(reply, back, 'send-once-more')
      const act = { letterId: rowId(request), actorId: web.signedIn(request).id }
      const letter = await openLetter(database, act, web.origin(request))
      if (!letter) throw new Fault('not-found')
      const { subject, text } = write(letter)
      return web.send(
        reply,
        <LetterWordsPage
          page={web.page(request, reply)}
          letter={letter}
          subject={subject}
          text={text}
          backUrl={back}
        />,
      )
    })
  }

  async function letterOf(request: FastifyRequest): Promise<LetterFacts> {
    const letter = await readLetter(database, rowId(request))
    if (!letter) throw new Fault('not-found')
    return letter
  }

  function mayOpen(request: FastifyRequest, { account_kind }: LetterFacts): boolean {
    return may(web.signedIn(request), account_kind === 'staff' ? 'see-staff' : 'find-customers')
  }
}
