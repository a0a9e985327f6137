import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { hmac, sha256, type Keys } from '../../lib/keys.ts'
import { newSecret } from '../../lib/random.ts'
import type { SessionToken } from '../sessions/sessions.ts'

/**
 * What makes a submission the same when it comes again: a secret that only its sender has, and what was typed. Sent any
 * number of times it is one submission; with one character changed it is another.
 */
export interface Submission {
  secret: string
}

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

/** The receipt's row, as a fragment for the statement that carries the submission out. */
export function receiptInsert(fingerprinted: string, from: Sql): Sql {
  return sql`
    insert into receipts (receipt_hash, account_id)
    select ${sha256(fingerprinted)}, account_id from ${from}`
}

/** The account that this very submission made, or null when it was not carried out. */
export async function accountOfReceipt(database: Queryable, fingerprinted: string): Promise<string | null> {
  const row = await database.row<{ account_id: string }>(named('receipts-find', sql`
    select account_id from receipts where receipt_hash = ${sha256(fingerprinted)}`))
  return row?.account_id ?? null
}

/**
 * The token of the session that a submission opens: always the same for the same submission, so that a replay hands out
 * that session and never makes a new one. Once it has ended, the submission is no way in any more. Under every secret
 * that still counts, the current one first.
 */
export function sessionTokensOf(keys: Keys, fingerprinted: string): [SessionToken, ...SessionToken[]] {
  const tokens = keys.everySignature('session of a submission', fingerprinted).map((token) => token.toString('base64url'))
  return tokens as [SessionToken, ...SessionToken[]]
}
