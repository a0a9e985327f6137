import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { hmac, sha256, type Keys } from '../../lib/keys.ts'
import { newSecret } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'
import { livingToken, type SessionToken } from '../sessions/sessions.ts'

/**
 * What makes a submission the same when it comes again: a secret that only its sender has, and what was typed. Sent any
 * number of times it is one submission; with one character changed it is another.
 */
export interface Submission {
  secret: string
}

/** How long a submission is still known when it comes again. Receipts are kept for at least as long. */
export const KNOWN_FOR = 3 * DAY

/** For callers without a form: a script, the command line. */
export function newSubmission(): Submission {
  return { secret: newSecret() }
}

/**
 * A submission's fingerprint, known to nobody who has only the database. The password may be part of it: without the
 * secret, which is never stored, no guess can be tried against it.
 */
export function fingerprint({ secret }: Submission, content: object): string {
  return hmac(secret, JSON.stringify(content)).toString('base64url')
}

/** What is stored of a fingerprint. */
export function receiptHash(fingerprinted: string): Buffer {
  return sha256(fingerprinted)
}

/** The receipt's row, as a fragment for the statement that carries the submission out. */
export function receiptInsert(fingerprinted: string, from: Sql): Sql {
  return sql`
    insert into receipts (receipt_hash, account_id)
    select ${receiptHash(fingerprinted)}, account_id from ${from}`
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
 */
export async function findReplay(database: Queryable, keys: Keys, fingerprinted: string): Promise<Replay | null> {
  const row = await database.row<{ account_id: string }>(
    named('receipts-find', sql`select account_id from receipts where receipt_hash = ${sha256(fingerprinted)}`),
  )
  if (row === null) return null
  const tokens = keys.everySignature(TOKEN_PURPOSE, fingerprinted).map((token) => token.toString('base64url'))
  const sessionToken = await livingToken(database, row.account_id, tokens)
  return sessionToken === null ? null : { accountId: row.account_id, sessionToken }
}

/** Whether this very submission was carried out; for one that opened no session, and so has nothing to hand out again. */
export async function wasCarriedOut(database: Queryable, fingerprinted: string): Promise<boolean> {
  const row = await database.row(
    named('receipts-carried-out', sql`select from receipts where receipt_hash = ${sha256(fingerprinted)}`),
  )
  return row !== null
}

const TOKEN_PURPOSE = 'session of a submission'
