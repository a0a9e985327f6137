import type { Database, Queryable } from '../../database/database.ts'
import { empty, join, sql, type Sql } from '../../database/sql.ts'
import type { Place } from '../../lib/place.ts'
import { firstIdAt } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'
import { byIndexes } from './by-indexes.ts'
import { bringUpToDate } from './entries.ts'
import { LISTED, LISTED_FROM, type CustomerState, type ListedCustomer } from './listed.ts'

export const PAGE_SIZE = 50

/** Up to so many are counted one by one; beyond, a page says that there are more. */
export const COUNTED_UP_TO = 10_000

export interface CustomerFilter {
  state: CustomerState | null
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** Registered within so many days. */
  within: number | null
}

export const customerOrders = ['newest', 'name'] as const

export type CustomerOrder = (typeof customerOrders)[number]

export interface CustomerPage {
  customers: ListedCustomer[]
  earlier: boolean
  later: boolean
  /** How many the filter lets through, or null when there are more than COUNTED_UP_TO. */
  count: number | null
}

/**
 * One page of the customers. Its place is a customer and no number, so that nobody is shown twice or skipped while people
 * register, and the last page costs what the first does.
 */
export async function listCustomers(
  database: Database,
  filter: CustomerFilter,
  order: CustomerOrder,
  place: Place,
): Promise<CustomerPage> {
  await bringUpToDate(database)
  const backwards = 'before' in place || ('end' in place && place.end === 'last')
  const { from, rows, count } = await byIndexes(database, async (within) => {
    const cursor = 'end' in place ? null : await cursorOf(within, 'after' in place ? place.after : place.before)
    const slice = { from: cursor, backwards, size: PAGE_SIZE + 1 }
    return {
      from: cursor,
      rows: await within.rows<ListedCustomer>(pageStatement(filter, order, slice)),
      count: await countUpTo(within, filter),
    }
  })
  const more = rows.length > PAGE_SIZE
  const shown = rows.slice(0, PAGE_SIZE)
  return {
    customers: backwards ? shown.toReversed() : shown,
    earlier: backwards ? more : from !== null,
    later: backwards ? from !== null : more,
    count,
  }
}

/** Where a customer stands in each order. */
export interface Cursor {
  account_id: string
  name_key: string
}

/** Null where the customer is gone since: the list then begins anew. */
function cursorOf(database: Queryable, id: string): Promise<Cursor | null> {
  return database.row<Cursor>(sql`select account_id, name_key from customer_directory where account_id = ${id}::uuid`)
}

interface Slice {
  from: Cursor | null
  backwards: boolean
  size: number
}

/** Without a name: a rare state and a common country want plans of their own. */
export function pageStatement(filter: CustomerFilter, order: CustomerOrder, { from, backwards, size }: Slice): Sql {
  const rising = (order === 'name') !== backwards
  const beyond = from === null ? [] : [sql`${key(order)} ${rising ? sql`>` : sql`<`} ${placeOf(order, from)}`]
  const direction = rising ? sql`asc` : sql`desc`
  const sorted =
    order === 'name' ? sql`d.name_key ${direction}, d.account_id ${direction}` : sql`d.account_id ${direction}`
  return sql`
    with d as materialized (
      select d.account_id, d.state, d.name_key from customer_directory d
      ${where([...conditions(filter), ...beyond])}
      order by ${sorted} limit ${size}
    )
    select ${LISTED} from d ${LISTED_FROM} order by ${sorted}`
}

function key(order: CustomerOrder): Sql {
  return order === 'name' ? sql`(d.name_key, d.account_id)` : sql`d.account_id`
}

function placeOf(order: CustomerOrder, { account_id, name_key }: Cursor): Sql {
  return order === 'name' ? sql`(${name_key}, ${account_id}::uuid)` : sql`${account_id}::uuid`
}

async function countUpTo(database: Queryable, filter: CustomerFilter): Promise<number | null> {
  const row = await database.row<{ count: number }>(sql`
    select count(*)::int as count from (
      select from customer_directory d ${where(conditions(filter))} limit ${COUNTED_UP_TO + 1}
    ) counted`)
  return row === null || row.count > COUNTED_UP_TO ? null : row.count
}

function conditions({ state, country, within }: CustomerFilter): Sql[] {
  return [
    ...(state === null ? [] : [sql`d.state = ${state}`]),
    ...(country === null ? [] : [sql`d.country = ${country} collate "C"`]),
    ...(within === null ? [] : [sql`d.account_id >= ${firstIdAt(new Date(Date.now() - within * DAY))}::uuid`]),
  ]
}

function where(all: readonly Sql[]): Sql {
  return all.length === 0 ? empty : sql`where ${join(all, ' and ')}`
}
