import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { firstIdAt } from '../../lib/random.ts'
import { DAY, MINUTE } from '../../lib/time.ts'

export interface DayOfFigures {
  /** ISO 8601, UTC. */
  day: string
  registrations: number
  signIns: number
  /** Of names and passwords, by the audit event and its reason, as `sign-in-refused:wrong-credentials`. */
  refusals: Readonly<Record<string, number>>
}

/** How long after its end an hour is counted for good: much longer than any statement may take to commit its events. */
const SETTLES_AFTER = 5 * MINUTE

const HOURS_AT_ONCE = 24

const COUNTED = sql`event in ('customer-registered', 'signed-in', 'sign-in-refused', 'password-refused')`

const KEY = sql`event || coalesce(':' || (details ->> 'reason'), '')`

/** What happened on each of the last `days`, today included. Whole hours are read as they were counted; the rest is counted now. */
export async function figuresByDay(database: Queryable, days: number): Promise<DayOfFigures[]> {
  const first = new Date(Math.floor(Date.now() / DAY) * DAY - (days - 1) * DAY)
  await countHours(database, first)
  const rows = await database.rows<{ day: string; key: string; count: number }>(dailyStatement(first))
  return Array.from({ length: days }, (_, index) => {
    const day = new Date(first.getTime() + index * DAY).toISOString().slice(0, 10)
    const counts = Object.fromEntries(rows.filter((row) => row.day === day).map(({ key, count }) => [key, count]))
    const { 'customer-registered': registrations = 0, 'signed-in': signIns = 0, ...refusals } = counts
    return { day, registrations, signIns, refusals }
  })
}

/** A day at a time, so that no statement takes long where the page was not opened for a month. */
async function countHours(database: Queryable, first: Date): Promise<void> {
  const counted = await database.rows(countHoursStatement(first))
  if (counted.length === HOURS_AT_ONCE) await countHours(database, first)
}

/** Where counting hours has come to, for a statement of its own or as a part of one. */
const nextHour = (first: Date): Sql =>
  sql`(select greatest((select max(hour) + interval '1 hour' from hourly_figures), ${first}::timestamptz))`

/** Counts the hours that are over. Two who do so at once count the same, and the second keeps nothing. */
export function countHoursStatement(first: Date) {
  return named(
    'figures-count-hours',
    sql`
    with until as (
      select least(date_trunc('hour', now() - ${SETTLES_AFTER} * interval '1 millisecond', 'utc'),
        ${nextHour(first)} + ${HOURS_AT_ONCE} * interval '1 hour') as hour
    ), counted as materialized (
      select date_trunc('hour', occurred_at, 'utc') as hour, ${KEY} as key, count(*) as count from audit_events
      where occurred_at >= ${nextHour(first)} and occurred_at < (select hour from until) and ${COUNTED}
      group by 1, 2
    )
    insert into hourly_figures (hour, counts)
    select over.hour, coalesce((select jsonb_object_agg(key, count) from counted where counted.hour = over.hour), '{}')
    from until, generate_series(${nextHour(first)}, until.hour - interval '1 hour', interval '1 hour') as over (hour)
    on conflict do nothing
    returning hour`,
  )
}

export function dailyStatement(first: Date) {
  return named(
    'figures-by-day',
    sql`
    with counted as (
      select h.hour, c.key, c.value::bigint as count from hourly_figures h, jsonb_each_text(h.counts) as c
      where h.hour >= ${first}
      union all
      select occurred_at, ${KEY}, 1 from audit_events where occurred_at >= ${nextHour(first)} and ${COUNTED}
    )
    select to_char(hour at time zone 'utc', 'YYYY-MM-DD') as day, key, sum(count)::int as count from counted group by 1, 2`,
  )
}

/** Beyond, it is no longer of any use to know how many. */
export const LETTERS_COUNTED_UP_TO = 1000

export interface OpenLetters {
  waiting: number
  failing: number
  /** Within the last seven days. */
  givenUp: number
}

/** Letters that have not left, each kind counted up to LETTERS_COUNTED_UP_TO. */
export async function openLetters(database: Queryable): Promise<OpenLetters> {
  const since = firstIdAt(new Date(Date.now() - 7 * DAY))
  const open = (condition: Sql) => sql`
    (select count(*)::int from (
      select from letters where sent_at is null and ${condition} limit ${LETTERS_COUNTED_UP_TO}) as counted)`
  const row = await database.row<OpenLetters>(
    named(
      'figures-open-letters',
      sql`
      select
        ${open(sql`given_up_at is null and last_error is null`)} as waiting,
        ${open(sql`given_up_at is null and last_error is not null`)} as failing,
        ${open(sql`given_up_at is not null and id >= ${since}::uuid`)} as "givenUp"`,
    ),
  )
  return row ?? { waiting: 0, failing: 0, givenUp: 0 }
}
