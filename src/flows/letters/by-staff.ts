import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { lettersRetried, letterWhole, type WholeLetter } from '../../mail/outbox-reader.ts'

/** What one of the staff does with one letter. */
export interface LetterAct {
  letterId: string
  actorId: string
}

const told = sql`jsonb_build_object('letter', kind)`

/** Makes a letter due that has not left, and records who did. False where it has left, or is under way. */
export async function retryLetter(
  database: Queryable,
  { letterId, actorId }: LetterAct,
  origin: Origin,
): Promise<boolean> {
  const row = await database.row(
    named(
      'letters-retry-by-staff',
      sql`
      with retried as (${lettersRetried(letterId)}
      ), act as (select *, ${actorId}::uuid as actor_id from retried
      ), event as (${auditInsert('letter-retried', origin, sql`act`, told)}
      )
      select id from retried`,
    ),
  )
  return row !== null
}

/** All that a letter's words are made from, its link with them: nobody gets it without being recorded. */
export async function openLetter(
  database: Queryable,
  { letterId, actorId }: LetterAct,
  origin: Origin,
): Promise<WholeLetter | null> {
  return database.row<WholeLetter>(
    named(
      'letters-open-by-staff',
      sql`
      with letter as (${letterWhole(letterId)}
      ), act as (select *, ${actorId}::uuid as actor_id from letter
      ), event as (${auditInsert('letter-read', origin, sql`act`, told)}
      )
      select id, kind, recipient, data, code_id, code_hash from letter`,
    ),
  )
}
