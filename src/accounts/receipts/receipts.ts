import type { Database, Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { equal, hmac, sha256, type Keys } from '../../lib/keys.ts'
import { newSecret } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'
import { alive, type SessionToken } from '../sessions/sessions.ts'

/**
 * What makes a submission the same when it comes again: a secret that only its sender has, and what was typed, as it was
 * typed. Sent any number of times it is one submission; with one character changed it is another.
 */
export interface Submission {
  secret: string
  fields: Readonly<Record<string, string>>
}

/** How long a submission is still known when it comes again. Receipts are kept for at least as long. */
export const KNOWN_FOR = 3 * DAY

/** For callers without a form: a script, the command line. */
export function newSubmission(): Submission {
  return { secret: newSecret(), fields: {} }
}

/** Raised when what is taken from the fields below changes, for no submission of before is then known any more. */
const FINGERPRINT_VERSION = 1

/**
 * A submission's fingerprint for one purpose, known to nobody who has only the database. The password may be part of it:
 * without the secret, which is never stored, no guess can be tried against it. It is taken before anything is parsed, so
 * that neither another version's rules nor another node's settings can make the same submission a different one.
 */
export function fingerprint({ secret, fields }: Submission, purpose: string): string {
  const typed = Object.entries(fields)
    .map(([name, value]) => [name, value.trim()] as const)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return hmac(secret, JSON.stringify([FINGERPRINT_VERSION, purpose, typed])).toString('base64url')
}

/**
 * The receipt's row, as a fragment for the statement that carries the submission out. Where there is one already, the
 * account that it names has since given its address up, and the submission has just been carried out for another.
 */
/** What is stored of a fingerprint. */
export function receiptHash(fingerprinted: string): Buffer {
  return sha256(fingerprinted)
}

export function receiptInsert(fingerprinted: string, from: Sql): Sql {
  return sql`
    insert into receipts (receipt_hash, account_id)
    select ${sha256(fingerprinted)}, account_id from ${from}
    on conflict (receipt_hash) do update set account_id = excluded.account_id, created_at = now()`
}

/**
 * The token of the session that a submission opens: always the same for the same submission, so that a replay hands out
 * that session and never makes a new one.
 */
export function sessionTokenOf(keys: Keys, fingerprinted: string): SessionToken {
  return keys.sign(TOKEN_PURPOSE, fingerprinted).toString('base64url')
}

export interface Replay {
  accountId: string
  sessionToken: SessionToken
}

/**
 * What this very submission came to, or null when it was not carried out. Also null once the session that it opened has
 * ended: a submission that is sent again is an answer, never a way into somebody's account.
 *
 * It writes, on purpose. What is read may not have reached the standby yet; a commit of our own is only answered when
 * everything before it has, and so what is acknowledged here survives a failover like the first answer.
 */
export async function findReplay(database: Database, keys: Keys, fingerprinted: string): Promise<Replay | null> {
  const tokens = keys.everySignature(TOKEN_PURPOSE, fingerprinted).map((token) => token.toString('base64url'))
  const row = await database.row<{ account_id: string; token_hash: Buffer }>(
    named(
      'receipts-replay',
      sql`
      with known as (
        update receipts set replayed_at = now() where receipt_hash = ${sha256(fingerprinted)} returning account_id
      )
      select s.account_id, s.token_hash
      from known join sessions s on s.account_id = known.account_id join accounts a on a.id = s.account_id
      where s.token_hash = any(${tokens.map(sha256)}::bytea[]) and ${alive}`,
    ),
  )
  const sessionToken = tokens.find((token) => row && equal(sha256(token), row.token_hash))
  return row && sessionToken !== undefined ? { accountId: row.account_id, sessionToken } : null
}

/** Whether this very submission was carried out; for one that opened no session, and so has nothing to hand out again. */
export async function wasCarriedOut(database: Queryable, fingerprinted: string): Promise<boolean> {
  const row = await database.row(
    named('receipts-carried-out', sql`select from receipts where receipt_hash = ${sha256(fingerprinted)}`),
  )
  return row !== null
}

const TOKEN_PURPOSE = 'session of a submission'
