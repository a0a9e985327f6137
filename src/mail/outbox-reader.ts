import type { Queryable } from '../database/database.ts'
import { named, sql } from '../database/sql.ts'
import type { LetterData, LetterKind } from './outbox.ts'

export type LetterState = 'waiting' | 'sent' | 'given up'

/** A letter as an operator sees it in a list. */
export interface LetterOnFile {
  id: string
  kind: LetterKind
  recipient: string
  state: LetterState
  attempts: number
  last_error: string | null
  created_at: Date
}

/** All that its words are made from. */
export interface WholeLetter {
  id: string
  kind: LetterKind
  recipient: string
  data: LetterData
  code_id: string | null
  code_hash: Buffer | null
}

const LISTED = 200

const state = sql`case when sent_at is not null then 'sent' when given_up_at is not null then 'given up' else 'waiting' end`

/** The newest first. */
export async function listLetters(database: Queryable, waitingOnly: boolean): Promise<LetterOnFile[]> {
  return database.rows<LetterOnFile>(
    named(
      'letters-list',
      sql`
      select id, kind, recipient, ${state} as state, attempts, last_error, created_at from letters
      where not ${waitingOnly} or (sent_at is null and given_up_at is null)
      order by created_at desc limit ${LISTED}`,
    ),
  )
}

export async function findLetter(database: Queryable, id: string): Promise<WholeLetter | null> {
  return database.row<WholeLetter>(
    named(
      'letters-find',
      sql`
      select l.id, l.kind, l.recipient, l.data, l.code_id, coalesce(c.code_hash, p.code_hash, i.code_hash) as code_hash
      from letters l left join codes c on c.id = l.code_id left join pending_registrations p on p.id = l.code_id
        left join invitations i on i.id = l.code_id and i.revoked_at is null
      where l.id::text = ${id}`,
    ),
  )
}

/** Makes letters due that wait or were given up; all of them without an id. How many. */
export async function retryLetters(database: Queryable, id: string | null): Promise<number> {
  const rows = await database.rows(
    named(
      'letters-retry',
      sql`
      update letters set due_at = now(), given_up_at = null, attempts = 0, claimed_until = null
      where sent_at is null and (claimed_until is null or claimed_until < now())
        and (${id}::text is null or id::text = ${id})
      returning id`,
    ),
  )
  return rows.length
}
