import { tombstoneInsert } from '../../accounts/tombstones.ts'
import { auditInsert, NO_REQUEST } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Log } from '../../lib/log.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { MINUTE } from '../../lib/time.ts'

/**
 * Erases the accounts whose fourteen days are over; their ids. One statement an account: the account goes, and with it by
 * the foreign keys all that hangs on it; a tombstone and an audit event stay. Any number of nodes may do it at once.
 */
export async function eraseDue(database: Database, goOn: () => boolean = () => true): Promise<string[]> {
  const erased: string[] = []
  while (goOn()) {
    const account = await database.row<{ account_id: string }>(eraseStatement())
    if (account === null) break
    erased.push(account.account_id)
  }
  return erased
}

/**
 * What names the address without hanging on the account goes too: no registration of an address that was taken could be
 * followed; nor does the archive keep what a run once changed of it. The account's row lock decides between erasing and
 * keeping.
 */
function eraseStatement() {
  return named(
    'erasure',
    sql`
    with account as (
      delete from accounts
      where id = (
        select id from accounts where status = 'closing' and closes_at <= now()
        order by closes_at limit 1 for update skip locked
      )
      returning id as account_id, null::uuid as actor_id, email_canonical, username_canonical
    ), letter as (
      delete from letters l using account
      where l.account_id is null and lower(l.recipient) = account.email_canonical
    ), request as (
      delete from recovery_requests r using account
      where r.email_canonical = account.email_canonical or r.username_canonical = account.username_canonical
    ), pending as (
      delete from pending_registrations p using account where p.email_canonical = account.email_canonical
    ), archived as (
      delete from archived_rows r using account where r.account_id = account.account_id
    ), tombstone as (${tombstoneInsert(sql`account`)}
    ), event as (${auditInsert('account-erased', NO_REQUEST, sql`account`)}
    )
    select account_id from account`,
  )
}

export interface ErasureSettings {
  database: Database
  log: Log
  /** Milliseconds between two looks. */
  every?: number
}

/** Erases what is due, over and over, on every node. */
export function startErasure({ database, log, every = MINUTE }: ErasureSettings): Rounds {
  return startRounds({
    every,
    first: every,
    onError: (error) => log.warn({ err: error }, 'closed accounts could not be erased this time'),
    work: async (goOn) => {
      const erased = await eraseDue(database, goOn)
      if (erased.length > 0) log.info({ accounts: erased.length }, 'closed accounts were erased')
    },
  })
}
