import type { Database } from '../database/database.ts'
import { named, sql } from '../database/sql.ts'
import type { Log } from '../lib/log.ts'
import { HOUR, MINUTE } from '../lib/time.ts'
import type { LetterData, LetterKind } from './outbox.ts'
import type { Post } from './post.ts'

/** A letter in the courier's hands. */
export interface ClaimedLetter {
  id: string
  kind: LetterKind
  recipient: string
  data: LetterData
  code_id: string | null
  code_hash: Buffer | null
  attempts: number
}

/** What goes to the mail server. */
export interface Message {
  subject: string
  text: string
  html: string
}

const AT_ONCE = 5

/** Tries before a letter is given up: with the pauses below, after a day and a half. */
export const MOST_ATTEMPTS = 14

const LONGEST_PAUSE = 6 * HOUR

export interface CourierTools {
  database: Database
  post: Post
  write: (letter: ClaimedLetter) => Message
  log: Log
  /** How long a claim lasts, in milliseconds: longer than any sending takes; after a crash, how long a letter waits. */
  claim?: number
}

/**
 * Takes letters from the outbox to the mail server. Any number of nodes may run one: a claim with skip locked gives each
 * letter to one of them. A letter leaves at least once; after a crash between the server's 250 and our record of it,
 * twice, under the same Message-ID.
 */
export class Courier {
  readonly #tools: CourierTools

  constructor(tools: CourierTools) {
    this.#tools = tools
  }

  /** Sends what is due until nothing is, or until told to stop; how many letters were tried. */
  async deliverDue(goOn: () => boolean = () => true): Promise<number> {
    const { database, claim = 2 * MINUTE } = this.#tools
    let tried = 0
    while (goOn()) {
      const letters = await database.rows<ClaimedLetter>(claimStatement(claim))
      if (letters.length === 0) break
      tried += letters.length
      await Promise.all(letters.map((letter) => this.#deliver(letter)))
    }
    return tried
  }

  async #deliver(letter: ClaimedLetter): Promise<void> {
    const refusal = await this.#send(letter)
    if (refusal === null) await this.#tools.database.rows(sentStatement(letter.id))
    else await this.#tools.database.rows(refusedStatement(letter, refusal.words, refusal.forGood))
  }

  async #send(letter: ClaimedLetter): Promise<{ words: string; forGood: boolean } | null> {
    try {
      await this.#tools.post.send({ ...this.#tools.write(letter), id: letter.id, recipient: letter.recipient })
      return null
    } catch (error) {
      this.#tools.log.warn(
        { letter: letter.id, kind: letter.kind, attempts: letter.attempts, err: error },
        'a letter was not taken',
      )
      return { words: this.#tools.post.wordsFor(error), forGood: this.#tools.post.isForGood(error) }
    }
  }
}

function claimStatement(claim: number) {
  return named(
    'letters-claim',
    sql`
    with due as (
      select id from letters
      where sent_at is null and given_up_at is null and due_at <= now() and (claimed_until is null or claimed_until < now())
      order by due_at limit ${AT_ONCE} for update skip locked
    )
    update letters l set claimed_until = now() + ${claim} * interval '1 millisecond', attempts = attempts + 1
    from due where l.id = due.id
    returning l.id, l.kind, l.recipient, l.data, l.code_id, l.attempts,
      coalesce(
        (select code_hash from codes where codes.id = l.code_id),
        (select code_hash from pending_registrations p where p.id = l.code_id),
        (select code_hash from invitations i where i.id = l.code_id and i.revoked_at is null)
      ) as code_hash`,
  )
}

function sentStatement(id: string) {
  return named(
    'letters-sent',
    sql`
    update letters set sent_at = now(), claimed_until = null, last_error = null where id = ${id} and sent_at is null`,
  )
}

function refusedStatement({ id, attempts }: ClaimedLetter, words: string, forGood: boolean) {
  const giveUp = forGood || attempts >= MOST_ATTEMPTS
  const pause = Math.min(MINUTE * 2 ** (attempts - 1), LONGEST_PAUSE)
  return named(
    'letters-refused',
    sql`
    update letters set
      claimed_until = null,
      due_at = now() + ${pause} * interval '1 millisecond',
      given_up_at = case when ${giveUp} then now() end,
      last_error = ${words.slice(0, 500)}
    where id = ${id} and sent_at is null`,
  )
}
