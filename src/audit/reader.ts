import type { Queryable } from '../database/database.ts'
import { empty, named, sql } from '../database/sql.ts'
import { isId } from '../lib/id.ts'
import { auditEvents, auditInsert, type AuditEvent, type Origin } from './events.ts'

/** Which events are wanted; every part that is null lets all pass. */
export interface AuditFilter {
  event: AuditEvent | null
  /** The id of the account that it happened to. */
  person: string | null
  /** The id of who did it to somebody else. */
  actor: string | null
  /** The first day and the last, as YYYY-MM-DD in UTC. */
  from: string | null
  until: string | null
}

export interface AuditEntry {
  id: string
  occurred_at: Date
  event: string
  account_id: string | null
  actor_id: string | null
  /** The names as they are now; null where the account is gone, or there is none. */
  person_name: string | null
  actor_name: string | null
  network: string | null
  reference: string | null
  details: Readonly<Record<string, unknown>>
}

export interface AuditPage {
  entries: readonly AuditEntry[]
  /** The id before which the next page begins, or null at the end. */
  earlier: string | null
}

export const ENTRIES_A_PAGE = 50

/** As many entries, the newest first, paged by their ids and never by counting. `before` is an id, or null for the newest. */
export async function readAudit(
  database: Queryable,
  filter: AuditFilter,
  before: string | null,
  most: number = ENTRIES_A_PAGE,
): Promise<AuditPage> {
  const rows = await database.rows<AuditEntry>(named('audit-read', auditStatement(filter, before, most + 1)))
  const entries = rows.slice(0, most)
  return { entries, earlier: rows.length > most ? (entries.at(-1)?.id ?? null) : null }
}

function auditStatement({ event, person, actor, from, until }: AuditFilter, before: string | null, rows: number) {
  const rare = event !== null && !OFTEN.has(event) ? sql`and e.event <> all (${OFTEN_LITERAL})` : empty
  return sql`
    select e.id, e.occurred_at, e.event, e.account_id, e.actor_id, e.network, e.reference, e.details,
      trim(concat_ws(' ', p.first_name, p.last_name)) as person_name,
      trim(concat_ws(' ', a.first_name, a.last_name)) as actor_name
    from audit_events e left join accounts p on p.id = e.account_id left join accounts a on a.id = e.actor_id
    where true
      ${before === null ? empty : sql`and e.id < ${before}::bigint`}
      ${event === null ? empty : sql`and e.event = ${event}`} ${rare}
      ${person === null ? empty : sql`and e.account_id = ${person}::uuid`}
      ${actor === null ? empty : sql`and e.actor_id = ${actor}::uuid and e.actor_id is distinct from e.account_id`}
      ${from === null ? empty : sql`and e.occurred_at >= ${from}::date at time zone 'utc'`}
      ${until === null ? empty : sql`and e.occurred_at < (${until}::date + 1) at time zone 'utc'`}
    order by e.id desc limit ${rows}`
}

/** What the index of the rare ones leaves out; its words stand in migration 0021. */
const OFTEN = new Set<string>(['customer-registered', 'signed-in', 'signed-out', 'sign-in-refused'])
const OFTEN_LITERAL = sql`'{customer-registered,signed-in,signed-out,sign-in-refused}'`

/** Records that somebody was shown the names and networks of a page of the record: before it is shown. */
export async function recordAuditShowing(database: Queryable, actorId: string, count: number, origin: Origin) {
  const showing = sql`(select null::uuid as account_id, ${actorId}::uuid as actor_id) as showing`
  const details = sql`jsonb_build_object('count', ${count}::integer)`
  await database.rows(named('audit-shown', auditInsert('audit-shown', origin, showing, details)))
}

/** Reads a filter as it stands in an address or on a command line; what is none is null. */
export function readAuditFilter(raw: Readonly<Record<string, string | undefined>>): AuditFilter {
  const id = (text: string | undefined) => (text && isId(text) ? text : null)
  const day = (text: string | undefined) => (text && isDay(text) ? text : null)
  return {
    event: auditEvents.find((event) => event === raw['event']) ?? null,
    person: id(raw['person']),
    actor: id(raw['actor']),
    from: day(raw['from']),
    until: day(raw['until']),
  }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
