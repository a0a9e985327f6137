import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Account } from '../account.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { bringUpToDate } from './entries.ts'
import { pageStatement, type CustomerFilter } from './list.ts'
import type { ListedCustomer } from './listed.ts'

/** Rows that are in memory at once. */
const BATCH = 1000

/**
 * Everybody whom the filter lets through, newest first, a thousand at a time. Each thousand is a statement of its own, from where the last one ended: a slow or
 * broken download holds neither a connection nor a transaction. The beginning is recorded with its filter, and so is
 * the end, with how many were read, also where it came too soon.
 */
export async function* exportCustomers(
  database: Database,
  filter: CustomerFilter,
  by: Pick<Account, 'id'>,
  origin: Origin,
): AsyncGenerator<ListedCustomer[]> {
  await bringUpToDate(database)
  await record(database, 'customers-exported', by, origin, { ...filter })
  let rows = 0
  let complete = false
  try {
    for (let from: string | null = '', batch: ListedCustomer[] = []; from !== null;) {
      const cursor = from === '' ? null : { account_id: from, name_key: '' }
      batch = await database.rows<ListedCustomer>(
        pageStatement(filter, 'newest', { from: cursor, backwards: false, size: BATCH }),
      )
      rows += batch.length
      if (batch.length > 0) yield batch
      from = batch.length < BATCH ? null : (batch.at(-1)?.id ?? null)
    }
    complete = true
  } finally {
    await record(database, 'customers-export-ended', by, origin, { rows, complete })
  }
}

async function record(
  database: Database,
  event: 'customers-exported' | 'customers-export-ended',
  by: Pick<Account, 'id'>,
  origin: Origin,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const who = sql`(select null::uuid as account_id, ${by.id}::uuid as actor_id) who`
  await database.rows(named(event, auditInsert(event, origin, who, sql`${JSON.stringify(details)}::jsonb`)))
}
