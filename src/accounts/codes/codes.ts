import { sql, type Sql } from '../../database/sql.ts'
import { equal, sha256, type Keys } from '../../lib/keys.ts'
import { DAY, HOUR } from '../../lib/time.ts'

/** What a one-time code is for. A code of one purpose is none for another (ASVS 9.2.2). */
export type CodePurpose =
  | 'invitation'
  | 'confirmation'
  | 'recovery'
  | 'registration'
  | 'email-change'
  | 'email-correction'
  | 'email-revert'

/** The purposes whose codes prove an address of an account; the others have rows of their own. */
export type AccountCodePurpose = Exclude<CodePurpose, 'invitation' | 'registration'>

/** The purposes whose links leave by letter. */
export type MailedCodePurpose = CodePurpose

const CODE_BYTES = 16

/** Milliseconds for which a link is good (NIST SP 800-63B-4, 3.1.3: emailed recovery codes at most a day). */
export const CONFIRMATION_VALID_FOR = DAY
export const RECOVERY_VALID_FOR = HOUR

/** The same code, sent by staff to somebody who does not sit before their mail: the longest that NIST allows. */
export const RECOVERY_BY_STAFF_VALID_FOR = DAY
export const EMAIL_CHANGE_VALID_FOR = DAY
export const EMAIL_REVERT_VALID_FOR = 7 * DAY

/**
 * The code that belongs to a row: 128 bits, made from its id and the deployment's secret, so that whoever has to write
 * it into a letter can make it again, while the database holds its hash alone (ASVS 6.5.2, 6.5.3).
 */
export function codeFor(keys: Keys, purpose: CodePurpose, id: string): string {
  return asCode(keys.sign(keyPurpose(purpose), id))
}

/** The same for a row that may have been made under an older secret; null when none of them made it. */
export function codeOfRow(keys: Keys, purpose: CodePurpose, id: string, hash: Buffer): string | null {
  const codes = keys.everySignature(keyPurpose(purpose), id).map(asCode)
  return codes.find((code) => equal(codeHash(purpose, code), hash)) ?? null
}

/** What is stored of a code. */
export function codeHash(purpose: CodePurpose, code: string): Buffer {
  return sha256(`${purpose}:${code}`)
}

export interface CodeToBe {
  id: string
  hash: Buffer
  purpose: AccountCodePurpose
  /** Milliseconds. */
  validFor: number
}

export function newCode(keys: Keys, purpose: AccountCodePurpose, id: string, validFor: number): CodeToBe {
  return { id, hash: codeHash(purpose, codeFor(keys, purpose, id)), purpose, validFor }
}

/** A code's row, as a fragment. `from` has account_id and email_canonical: the account, and the address that it proves. */
export function codeInsert({ id, hash, purpose, validFor }: CodeToBe, from: Sql): Sql {
  return sql`
    insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)
    select ${id}::uuid, ${hash}, ${purpose}, account_id, email_canonical, now() + ${validFor} * interval '1 millisecond'
    from ${from}`
}

/**
 * Spends a code, as a fragment: of any number of requests one gets its row (ASVS 6.5.1). It holds only while the address
 * that it was sent to is still the account's.
 */
export function codeSpend(purpose: AccountCodePurpose, code: string): Sql {
  return sql`
    update codes c set spent_at = now()
    from accounts a
    where c.code_hash = ${codeHash(purpose, code)} and c.purpose = ${purpose} and c.spent_at is null and c.expires_at > now()
      and a.id = c.account_id and a.email_canonical = c.email_canonical
    returning c.account_id, c.account_id as actor_id, c.email_canonical`
}

/**
 * Makes an account's pending codes of these purposes worthless, as a fragment. One that is being spent at this moment is
 * left to whoever spends it, who waits for the rows that the caller holds and finds the account changed.
 */
export function codesVoid(accountId: string, purposes: readonly AccountCodePurpose[]): Sql {
  return sql`
    update codes set spent_at = now() where id in (
      select id from codes
      where account_id = ${accountId} and purpose = any(${purposes}::text[]) and spent_at is null
      for update skip locked
    )`
}

function keyPurpose(purpose: CodePurpose): string {
  return `code: ${purpose}`
}

function asCode(signature: Buffer): string {
  return signature.subarray(0, CODE_BYTES).toString('base64url')
}
