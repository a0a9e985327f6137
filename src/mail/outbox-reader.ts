import type { Queryable } from '../database/database.ts'
import { empty, join, named, sql, type Sql } from '../database/sql.ts'
import type { Place } from '../lib/place.ts'
import type { LetterData, LetterKind } from './outbox.ts'

/** `failing` was tried in vain and is tried again; `given up` is not. */
export const letterStates = ['waiting', 'failing', 'sent', 'given up'] as const

export type LetterState = (typeof letterStates)[number]

/** A letter as it stands in a list. The recipient is whole here; a page masks it. */
export interface LetterOnFile {
  id: string
  kind: LetterKind
  recipient: string
  state: LetterState
  attempts: number
  last_error: string | null
  created_at: Date
}

/** All that is known of a letter but its words. */
export interface LetterFacts extends LetterOnFile {
  due_at: Date
  sent_at: Date | null
  given_up_at: Date | null
  /** Whose account it is about, while there is one. */
  account_id: string | null
  account_kind: 'customer' | 'staff' | null
  name: string | null
  /** Null where it has no link. */
  link: 'good' | 'used' | 'expired' | null
  link_until: Date | null
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

export interface LetterFilter {
  state: LetterState | null
  kind: LetterKind | null
}

export interface LetterPage {
  letters: LetterOnFile[]
  earlier: boolean
  later: boolean
}

export const LETTERS_ON_A_PAGE = 50

const LISTED = 200

const state = sql`case when sent_at is not null then 'sent' when given_up_at is not null then 'given up' when last_error is not null then 'failing' else 'waiting' end`

/** The same as conditions, in the words of the indexes: in others they would not be used. */
const isIn: Record<LetterState, Sql> = {
  waiting: sql`sent_at is null and given_up_at is null and last_error is null`,
  failing: sql`sent_at is null and given_up_at is null and last_error is not null`,
  sent: sql`sent_at is not null`,
  'given up': sql`given_up_at is not null`,
}

/** What the index of the rare kinds leaves out; its words stand in migration 0021. */
const COMMON_KINDS = new Set<LetterKind>(['welcome', 'new-device'])
const RARE = sql`kind <> all ('{welcome,new-device}')`

const FILED = sql`id, kind, recipient, ${state} as state, attempts, last_error, created_at`

/** The newest first. */
export async function newestLetters(database: Queryable, waitingOnly: boolean): Promise<LetterOnFile[]> {
  return database.rows<LetterOnFile>(
    named(
      'letters-newest',
      sql`
      select ${FILED} from letters
      where not ${waitingOnly} or (sent_at is null and given_up_at is null)
      order by id desc limit ${LISTED}`,
    ),
  )
}

/** One page, the newest first. Ids are in order of time, so that a page's place is a letter and no number. */
export async function listLetters(database: Queryable, filter: LetterFilter, place: Place): Promise<LetterPage> {
  const backwards = 'before' in place || ('end' in place && place.end === 'last')
  const rows = await database.rows<LetterOnFile>(letterPageStatement(filter, place, LETTERS_ON_A_PAGE + 1))
  const more = rows.length > LETTERS_ON_A_PAGE
  const shown = rows.slice(0, LETTERS_ON_A_PAGE)
  return {
    letters: backwards ? shown.toReversed() : shown,
    earlier: backwards ? more : !('end' in place),
    later: backwards ? !('end' in place) : more,
  }
}

/** Without a name: a rare state and a common kind want plans of their own. */
export function letterPageStatement(filter: LetterFilter, place: Place, size: number): Sql {
  const backwards = 'before' in place || ('end' in place && place.end === 'last')
  const conditions = [
    ...(filter.state === null ? [] : [isIn[filter.state]]),
    ...(filter.kind === null ? [] : [sql`kind = ${filter.kind}`]),
    ...(filter.kind === null || COMMON_KINDS.has(filter.kind) ? [] : [RARE]),
    ...('after' in place ? [sql`id < ${place.after}::uuid`] : []),
    ...('before' in place ? [sql`id > ${place.before}::uuid`] : []),
  ]
  return sql`
    select ${FILED} from letters
    ${conditions.length === 0 ? empty : sql`where ${join(conditions, ' and ')}`}
    order by id ${backwards ? sql`asc` : sql`desc`} limit ${size}`
}

/** One letter with what became of it and of its link; null for an id that is no letter's. */
export async function readLetter(database: Queryable, id: string): Promise<LetterFacts | null> {
  return database.row<LetterFacts>(
    named(
      'letters-read',
      sql`
      select l.id, l.kind, l.recipient, ${state} as state, l.attempts, l.last_error, l.created_at, l.due_at, l.sent_at,
        l.given_up_at, l.account_id, a.kind as account_kind, nullif(trim(a.first_name || ' ' || a.last_name), '') as name,
        coalesce(c.expires_at, p.expires_at, i.expires_at) as link_until,
        case
          when num_nonnulls(c.spent_at, i.accepted_at) > 0 then 'used'
          when coalesce(c.expires_at, p.expires_at, i.expires_at) > now() then 'good'
          when l.code_id is not null then 'expired'
        end as link
      from letters l
        left join accounts a on a.id = l.account_id
        left join codes c on c.id = l.code_id
        left join pending_registrations p on p.id = l.code_id
        left join invitations i on i.id = l.code_id and i.revoked_at is null
      where l.id = ${id}`,
    ),
  )
}

export async function findLetter(database: Queryable, id: string): Promise<WholeLetter | null> {
  return database.row<WholeLetter>(
    named(
      'letters-find',
      sql`select id, kind, recipient, data, code_id, code_hash from (${letterWhole(id)}) as letter`,
    ),
  )
}

/** A letter with all that its words are made from, as a fragment: for whoever records who read it, in the same statement. */
export function letterWhole(id: string): Sql {
  return sql`
    select l.id, l.account_id, l.kind, l.recipient, l.data, l.code_id, coalesce(c.code_hash, p.code_hash, i.code_hash) as code_hash
    from letters l left join codes c on c.id = l.code_id left join pending_registrations p on p.id = l.code_id
      left join invitations i on i.id = l.code_id and i.revoked_at is null
    where l.id::text = ${id}`
}

/** Makes letters due that wait or were given up; all of them without an id. How many. */
export async function retryLetters(database: Queryable, id: string | null): Promise<number> {
  const rows = await database.rows(named('letters-retry', lettersRetried(id)))
  return rows.length
}

/** The same as a fragment, whose rows are the letters that are due now. One that a courier has in hand is none of them. */
export function lettersRetried(id: string | null): Sql {
  return sql`
    update letters set due_at = now(), given_up_at = null, attempts = 0, claimed_until = null
    where sent_at is null and (claimed_until is null or claimed_until < now())
      and (${id}::text is null or id::text = ${id})
    returning id, account_id, kind`
}
