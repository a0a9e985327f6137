import { sql, type Sql } from '../../database/sql.ts'
import { sha256 } from '../../lib/keys.ts'
import type { Client } from './sessions.ts'

/** What leaves the HTTP door of a browser's secret: of no use to whoever would pass for that browser. */
export function browserHash(secret: string): Buffer {
  return sha256(`known browser: ${secret}`)
}

/**
 * Makes a browser known to an account, as a fragment: of any number of sign-ins at once one has `is_new`. A client that
 * is no browser gives no row. `from` has the account_id.
 *
 * A row that was there before keeps its first_seen_at, and both moments of a new one are this very transaction's.
 */
export function knownBrowserInsert({ browser }: Client, from: Sql): Sql {
  return sql`
    insert into known_browsers (account_id, browser_hash)
    select account_id, ${hashOf(browser, sql`account_id`)} from ${from} where ${browser}::bytea is not null
    on conflict (account_id, browser_hash) do update set last_seen_at = now()
    returning account_id, first_seen_at = last_seen_at as is_new`
}

/** The browser with which an account begins, as a fragment: that account knows none yet. `from` has its account_id. */
export function firstBrowserInsert({ browser }: Client, from: Sql): Sql {
  return sql`
    insert into known_browsers (account_id, browser_hash)
    select account_id, ${hashOf(browser, sql`account_id`)} from ${from} where ${browser}::bytea is not null`
}

/** Makes every other browser a stranger again, as a fragment, for when the account is given to whoever proves it theirs. */
export function otherBrowsersForget({ browser }: Client, accountId: string): Sql {
  const account = sql`${accountId}::uuid`
  return sql`
    delete from known_browsers
    where account_id = ${account} and browser_hash is distinct from ${hashOf(browser, account)}`
}

function hashOf(browser: Buffer | null, accountId: Sql): Sql {
  return sql`sha256(uuid_send(${accountId}) || ${browser}::bytea)`
}
