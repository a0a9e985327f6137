import type { AuditEvent } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { LetterKind } from '../../mail/outbox.ts'

/** Something that happened to an account, or the same several times in a row. */
export type Happening = { times: number; from: Date; until: Date } & (
  | {
      what: 'event'
      event: AuditEvent
      actor: Actor
      network: string | null
      details: Readonly<Record<string, unknown>>
    }
  | { what: 'letter'; letter: LetterKind; end: 'waiting' | 'failing' | 'sent' | 'given up' }
)

/** `self` is the account's own person, `nobody` one who was not let in, or the program itself. */
export type Actor = { who: 'self' | 'nobody' } | { who: 'somebody'; name: string }

export interface Timeline {
  happenings: readonly Happening[]
  /** Where the next page begins, or null at the end. Holds nothing personal. */
  earlier: string | null
}

interface Row {
  key: string
  at: Date
  what: 'event' | 'letter'
  name: string
  actor: Actor['who']
  actor_name: string | null
  network: string | null
  details: Readonly<Record<string, unknown>>
}

const ROWS_READ = 60

/** A page of what happened, the newest first: events and letters together, paged by their keys and never by counting. */
export async function readTimeline(database: Queryable, accountId: string, before: string | null): Promise<Timeline> {
  const [, micros = null, key = null] = /^(\d{1,17})-([el][0-9a-f-]{1,36})$/.exec(before ?? '') ?? []
  const rows = await database.rows<Row>(timelineStatement(accountId, micros, key))
  const last = rows.length > ROWS_READ ? rows[ROWS_READ - 1] : undefined
  return {
    happenings: grouped(rows.slice(0, ROWS_READ)),
    earlier: last?.key ?? null,
  }
}

function timelineStatement(accountId: string, micros: string | null, key: string | null) {
  return named(
    'person-timeline',
    sql`
    with start as (
      select coalesce(timestamptz 'epoch' + ${micros}::bigint * interval '1 microsecond', 'infinity') as at, coalesce(${key}, '~') as key
    ), event as (
      select e.occurred_at as at, 'e' || lpad(e.id::text, 20, '0') as key, 'event' as what, e.event as name, e.actor_id, e.network, e.details
      from audit_events e, start
      where e.account_id = ${accountId} and (e.occurred_at, 'e' || lpad(e.id::text, 20, '0')) < (start.at, start.key)
      order by e.id desc limit ${ROWS_READ + 1}
    ), letter as (
      select l.created_at as at, 'l' || l.id as key, 'letter' as what, l.kind as name, null::uuid as actor_id, null as network,
        jsonb_build_object('end', case
          when l.sent_at is not null then 'sent' when l.given_up_at is not null then 'given up'
          when l.attempts > 0 then 'failing' else 'waiting' end) as details
      from letters l, start
      where l.account_id = ${accountId} and (l.created_at, 'l' || l.id) < (start.at, start.key)
      order by l.created_at desc, l.id desc limit ${ROWS_READ + 1}
    )
    select (extract(epoch from h.at) * 1000000)::bigint || '-' || h.key as key, h.at, h.what, h.name, h.network, h.details,
      case when h.actor_id is null then 'nobody' when h.actor_id = ${accountId} then 'self' else 'somebody' end as actor,
      trim(a.first_name || ' ' || a.last_name) as actor_name
    from (select * from event union all select * from letter) as h left join accounts a on a.id = h.actor_id
    order by h.at desc, h.key collate "C" desc limit ${ROWS_READ + 1}`,
  )
}

/** The same thing several times in a row, from one network and by one person, is one thing that happened several times. */
function grouped(rows: readonly Row[]): readonly Happening[] {
  const groups: { first: Row; last: Row; times: number }[] = []
  for (const row of rows) {
    const group = groups.at(-1)
    if (group && likeness(group.first) === likeness(row)) Object.assign(group, { last: row, times: group.times + 1 })
    else groups.push({ first: row, last: row, times: 1 })
  }
  return groups.map(({ first, last, times }) => ({ ...happening(first), times, from: last.at, until: first.at }))
}

function likeness({ what, name, actor, actor_name, network, details }: Row): string {
  return JSON.stringify([what, name, actor, actor_name, network, details])
}

function happening(row: Row) {
  if (row.what === 'letter') {
    const end = row.details['end'] as 'waiting' | 'failing' | 'sent' | 'given up'
    return { what: 'letter' as const, letter: row.name as LetterKind, end }
  }
  const actor: Actor =
    row.actor === 'somebody'
      ? { who: 'somebody', name: row.actor_name ?? 'somebody whose account is gone' }
      : { who: row.actor }
  return { what: 'event' as const, event: row.name as AuditEvent, actor, network: row.network, details: row.details }
}
