import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { firstIdAt } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'

export interface DayOfRegistrations {
  /** ISO 8601, UTC. */
  day: string
  registrations: number
}

/** Customers registered on each of the last `days`, today included. Account ids are in order of time: no index of its own. */
export async function registrationsByDay(database: Queryable, days: number): Promise<DayOfRegistrations[]> {
  const first = new Date(Math.floor(Date.now() / DAY) * DAY - (days - 1) * DAY)
  return database.rows<DayOfRegistrations>(
    named(
      'figures-registrations-by-day',
      sql`
    select to_char(day, 'YYYY-MM-DD') as day, count(a.id)::int as registrations
    from generate_series(${first}::timestamptz at time zone 'utc', now() at time zone 'utc', interval '1 day') as day
    left join accounts a on a.id >= ${firstIdAt(first)}::uuid and a.kind = 'customer'
      and (a.created_at at time zone 'utc')::date = day::date
    group by day order by day`,
    ),
  )
}

export async function lettersWaiting(database: Queryable): Promise<number> {
  const row = await database.row<{ count: number }>(
    named(
      'figures-letters-waiting',
      sql`select count(*)::int as count from letters where sent_at is null and given_up_at is null`,
    ),
  )
  return row?.count ?? 0
}
