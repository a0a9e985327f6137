import { sql, type Sql } from '../database/sql.ts'

/** Every letter that there is. */
export const letterKinds = ['welcome', 'confirm-address', 'recovery', 'password-changed'] as const

export type LetterKind = (typeof letterKinds)[number]

export interface LetterToBe {
  id: string
  kind: LetterKind
  /** The one-time code whose link the letter carries, if any. */
  codeId: string | null
}

/** What a letter's words are made from, beside its kind. */
export interface LetterData {
  firstName: string
}

/**
 * A letter as a fragment for the statement that causes it: it exists if and only if that was committed, and it leaves
 * later, so that mail never decides a registration. `from` names the part whose rows are its recipients, with account_id,
 * email_delivery and first_name.
 */
export function letterInsert({ id, kind, codeId }: LetterToBe, from: Sql): Sql {
  return sql`
    insert into letters (id, account_id, kind, recipient, data, code_id)
    select ${id}::uuid, account_id, ${kind}, email_delivery, jsonb_build_object('firstName', first_name), ${codeId}::uuid
    from ${from}`
}
