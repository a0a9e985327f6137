import type { AccountKind } from '../../accounts/account.ts'
import { parseIdentifier } from '../../accounts/identifier.ts'
import { actDetails, actorMay } from '../../accounts/staff.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { empty, named, sql, type Sql } from '../../database/sql.ts'
import type { Place } from '../../lib/place.ts'

/** What a person decides about somebody whose name somebody else has. Nobody is merged or renamed by it: it is said and kept. */
export const decisions = ['kept-as-is', 'another-address', 'settled'] as const

export type Decision = (typeof decisions)[number]

/** Somebody who has an account, as a link to it needs. */
export interface Somebody {
  id: string
  kind: AccountKind
  name: string
}

export interface ImportQuestion {
  id: string
  source: string
  /** Which user of the legacy site. */
  legacy_id: string
  finding: string
  /** The address or the username that two wanted, whole; a page masks it. */
  wanted: string
  /** The account that goes without; null where none was made. */
  account: (Somebody & { status: string; email: string | null }) | null
  /** Who has the name now; null where nobody has. */
  keeper: Somebody | null
  decided: { at: Date; by: string | null; decision: Decision; reason: string | null } | null
}

export interface QuestionPage {
  questions: ImportQuestion[]
  earlier: boolean
  later: boolean
}

export const QUESTIONS_ON_A_PAGE = 50

interface QuestionRow extends Omit<ImportQuestion, 'keeper' | 'decided'> {
  decided_at: Date | null
  decided_by: string | null
  decision: Decision | null
  reason: string | null
}

const nameOf = (alias: 'a' | 'd' | 'k') =>
  ({
    a: sql`trim(a.first_name || ' ' || a.last_name)`,
    d: sql`trim(d.first_name || ' ' || d.last_name)`,
    k: sql`trim(k.first_name || ' ' || k.last_name)`,
  })[alias]

function questionsWhere(condition: Sql): Sql {
  return sql`
    select q.id, r.details ->> 'source' as source, q.legacy_id::text as legacy_id, q.finding, q.wanted, q.decided_at, q.decision,
      ${nameOf('d')} as decided_by, e.details ->> 'reason' as reason,
      case when a.id is not null then jsonb_build_object(
        'id', a.id, 'kind', a.kind, 'name', ${nameOf('a')}, 'status', a.status, 'email', a.email) end as account
    from import_questions q
      join runs r on r.id = q.run_id
      left join accounts a on a.id = q.account_id
      left join accounts d on d.id = q.decided_by
      left join audit_events e on q.decided_at is not null and e.event = 'import-question-decided'
        and e.details ->> 'question' = q.id::text
    where ${condition}`
}

/** Every question that waits for a person, in the order of the legacy site. */
export async function openQuestions(database: Queryable): Promise<ImportQuestion[]> {
  const open = sql`${questionsWhere(sql`q.decided_at is null`)} order by q.legacy_id, q.id`
  return withKeepers(database, await database.rows<QuestionRow>(open))
}

/** One page of them. A place is a question, and stays one when that question was decided meanwhile. */
export async function listQuestions(database: Queryable, place: Place): Promise<QuestionPage> {
  const backwards = 'before' in place || ('end' in place && place.end === 'last')
  const from = (id: string) => sql`(select p.legacy_id, p.id from import_questions p where p.id = ${id}::uuid)`
  const bound =
    'after' in place
      ? sql` and (q.legacy_id, q.id) > ${from(place.after)}`
      : 'before' in place
        ? sql` and (q.legacy_id, q.id) < ${from(place.before)}`
        : empty
  const order = backwards ? sql`q.legacy_id desc, q.id desc` : sql`q.legacy_id, q.id`
  const rows = await database.rows<QuestionRow>(sql`
    ${questionsWhere(sql`q.decided_at is null${bound}`)} order by ${order} limit ${QUESTIONS_ON_A_PAGE + 1}`)
  const more = rows.length > QUESTIONS_ON_A_PAGE
  const shown = rows.slice(0, QUESTIONS_ON_A_PAGE)
  return {
    questions: await withKeepers(database, backwards ? shown.toReversed() : shown),
    earlier: backwards ? more : !('end' in place),
    later: backwards ? !('end' in place) : more,
  }
}

/** Those that were decided, the last first, as far as a page holds them. */
export async function decidedQuestions(database: Queryable): Promise<ImportQuestion[]> {
  const decided = sql`
    ${questionsWhere(sql`q.decided_at is not null`)} order by q.decided_at desc, q.id limit ${QUESTIONS_ON_A_PAGE}`
  return withKeepers(database, await database.rows<QuestionRow>(decided))
}

/** One of them; null for an id that is no question's. */
export async function readQuestion(database: Queryable, id: string): Promise<ImportQuestion | null> {
  const rows = await database.rows<QuestionRow>(questionsWhere(sql`q.id = ${id}::uuid`))
  return (await withKeepers(database, rows))[0] ?? null
}

/** Who has each name is asked now and not remembered: an account may have been erased or renamed since. */
async function withKeepers(database: Queryable, rows: readonly QuestionRow[]): Promise<ImportQuestion[]> {
  const names = rows.map(({ finding, wanted }) => (finding === 'nameless' ? null : parseIdentifier(wanted)))
  const keepers = await database.rows<Somebody & { email: string | null; username: string | null }>(
    named(
      'import-question-keepers',
      sql`
      select k.id, k.kind, ${nameOf('k')} as name, k.email_canonical as email, k.username_canonical as username
      from accounts k
      where k.email_canonical = any(${names.flatMap((name) => name?.email ?? [])}::text[])
        or k.username_canonical = any(${names.flatMap((name) => name?.username ?? [])}::text[])`,
    ),
  )
  const byEmail = new Map(keepers.map((keeper) => [keeper.email, keeper]))
  const byUsername = new Map(keepers.map((keeper) => [keeper.username, keeper]))
  return rows.map(({ decided_at: at, decided_by: by, decision, reason, ...question }, index) => {
    const name = names[index]
    const found = name && (name.email === null ? byUsername.get(name.username) : byEmail.get(name.email))
    return {
      ...question,
      keeper: found ? { id: found.id, kind: found.kind, name: found.name } : null,
      decided: at && decision ? { at, by, decision, reason } : null,
    }
  })
}

export interface Deciding {
  question: string
  decision: Decision
  reason: string
  /** Who of the staff. */
  actorId: string
}

export type DecisionOutcome = 'decided' | 'decided-already' | 'not-allowed' | 'no-such-question'

/** Decides one question, once: of any number who decide it at the same time one does, and the others are told. */
export async function decideQuestion(within: Queryable, deciding: Deciding, origin: Origin): Promise<DecisionOutcome> {
  const { question, decision, reason, actorId } = deciding
  const details = actDetails(
    actorId,
    reason,
    sql`jsonb_build_object('question', ${question}::text, 'decision', ${decision}::text)`,
  )
  const verdict = await within.row<{ outcome: DecisionOutcome }>(
    named(
      'import-question-decide',
      sql`
      with verdict as (
        select q.id, case
          when not ${actorMay(actorId, 'merge-customers')} then 'not-allowed'
          when q.decided_at is not null then 'decided-already'
          else 'decided' end as outcome
        from import_questions q where q.id = ${question}::uuid for update
      ), question as (
        update import_questions q set decided_at = now(), decided_by = ${actorId}::uuid, decision = ${decision}
        from verdict v where q.id = v.id and v.outcome = 'decided' and q.decided_at is null
        returning q.account_id, ${actorId}::uuid as actor_id
      ), event as (${auditInsert('import-question-decided', origin, sql`question`, details)}
      )
      select outcome from verdict`,
    ),
  )
  return verdict?.outcome ?? 'no-such-question'
}
