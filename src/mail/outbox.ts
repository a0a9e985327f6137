import { sql, type Sql } from '../database/sql.ts'

/** Every letter that there is. */
export const letterKinds = [
  'welcome',
  'registration-link',
  'already-registered',
  'confirm-address',
  'recovery',
  'password-changed',
  'confirm-new-address',
  'address-changed',
  'new-device',
  'account-closing',
  'account-kept',
  'choose-password',
  'confirm-corrected-address',
  'address-corrected',
  'staff-invitation',
  'accounts-merged',
  'merge-undone',
] as const

export type LetterKind = (typeof letterKinds)[number]

export interface LetterToBe {
  id: string
  kind: LetterKind
  /** The one-time code whose link the letter carries, if any; as Sql where only the statement knows it. */
  codeId: string | Sql | null
}

/** What a letter's words are made from, beside its kind. */
export type LetterData<Kind extends LetterKind = LetterKind> = Kind extends keyof LetterDetails
  ? { firstName: string } & LetterDetails[Kind]
  : { firstName: string }

/** What some kinds tell besides. */
export interface LetterDetails {
  /** The role, and the name of who invites; null for the operator. */
  'staff-invitation': { role: string; invitedBy: string | null }
  /** The merge, and whether the recipient's address signs in to what became of it. */
  'accounts-merged': { run: string; signsIn: boolean }
  /** When the account is erased, as JSON has it. */
  'account-closing': { closesAt: string }
  /** Where somebody signed in: words of our own for the browser, and the moment as JSON has it. */
  'new-device': { device: string; network: string | null; at: string }
}

/**
 * A letter as a fragment for the statement that causes it: it exists if and only if that was committed, and it leaves
 * later, so that mail never decides a registration. `from` names the part whose rows are its recipients, with account_id,
 * email_delivery and first_name; `details` are those of its kind, as jsonb.
 */
export function letterInsert({ id, kind, codeId }: LetterToBe, from: Sql, details: Sql = sql`'{}'::jsonb`): Sql {
  return sql`
    insert into letters (id, account_id, kind, recipient, data, code_id)
    select ${id}::uuid, account_id, ${kind}, email_delivery, jsonb_build_object('firstName', first_name) || ${details},
      ${codeId}::uuid
    from ${from}`
}
