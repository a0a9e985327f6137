import { sql } from '../database/sql.ts'
import type { Keys } from '../lib/keys.ts'
import { DAY, MINUTE } from '../lib/time.ts'

/** Milliseconds from the wish to close an account to its erasure: the time for changing one's mind. */
export const CLOSES_AFTER = 14 * DAY

/** Milliseconds from the right password to the button that keeps the account. */
const TICKET_GOOD_FOR = 10 * MINUTE

/** One closing of one account: an account that was kept and is closed again has another. */
export interface Closing {
  accountId: string
  mark: string
}

/** What tells the closings of an account `a` apart: the moment of its end, to the microsecond. Null when it is not closing. */
export const closingMark = sql`to_char(a.closes_at at time zone 'utc', 'YYYYMMDDHH24MISSUS')`

/** What keeping an account sets: it is as it was before. */
export const asKept = sql`status = 'active', closes_at = null, closing_reason = null`

/**
 * Proof that somebody has just given the right password of an account that is closing. It opens nothing but the button
 * that keeps this account, and is of no use once this closing is over.
 */
export function closingTicket(keys: Keys, { accountId, mark }: Closing): string {
  const words = `${Date.now().toString(36)}.${accountId}.${mark}`
  return `${words}.${keys.sign(PURPOSE, words).toString('base64url')}`
}

/** Null for a ticket that is too old, or was never one. */
export function readClosingTicket(keys: Keys, ticket: string): Closing | null {
  const [issued = '', accountId = '', mark = '', signature = '', ...more] = ticket.split('.')
  const genuine =
    more.length === 0 && keys.verifies(PURPOSE, `${issued}.${accountId}.${mark}`, Buffer.from(signature, 'base64url'))
  const age = Date.now() - Number.parseInt(issued, 36)
  return genuine && age < TICKET_GOOD_FOR ? { accountId, mark } : null
}

const PURPOSE = 'ticket to keep a closing account'
