import { newCode, codeInsert, RECOVERY_BY_STAFF_VALID_FOR } from '../../accounts/codes/codes.ts'
import { fingerprint, receiptHash, receiptInsert, type Submission } from '../../accounts/receipts/receipts.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'
import type { DeskRegistrationInput } from './input.ts'
import { accountWithoutPassword, personAsColumns } from './statement.ts'

export interface DeskRegistration {
  input: DeskRegistrationInput
  /** Who of the staff. */
  actorId: string
  submission: Submission
  /** The form's own token: the same details in a form opened anew are another wish, and find the address taken. */
  form: string
  origin: Origin
}

export type DeskOutcome =
  | { outcome: 'registered'; accountId: string }
  /** Whose it is; null for one of the staff, who have pages of their own. */
  | { outcome: 'email-taken' | 'username-taken'; accountId: string | null }

/**
 * Registers a customer for whom staff type: account and profile, and a letter with a link by which the customer chooses
 * the password alone. One statement, all or none; sent twice it is one account, and both are told which. Nobody is signed
 * in, and no password exists until its person has chosen it (ASVS 6.4.1, 6.4.6).
 */
export async function registerAtTheDesk(
  database: Database,
  keys: Keys,
  registration: DeskRegistration,
): Promise<DeskOutcome> {
  const print = fingerprint(registration.submission, `registered by ${registration.actorId} with ${registration.form}`)
  const statement = registerStatement(keys, registration, print)
  return sendingAgain(async () => {
    const made = await database.row<{ account_id: string }>(statement)
    return made
      ? { outcome: 'registered', accountId: made.account_id }
      : whatStandsInTheWay(database, registration.input, print)
  })
}

function registerStatement(keys: Keys, { input, actorId, origin }: DeskRegistration, print: string) {
  const code = newCode(keys, 'recovery', newId(), RECOVERY_BY_STAFF_VALID_FOR)
  const letter = { id: newId(), kind: 'choose-password', codeId: code.id } as const
  return named(
    'registration-at-the-desk',
    sql`
    with wanted as (
      select ${newId()}::uuid as account_id, null::timestamptz as email_confirmed_at, ${personAsColumns(input, null)}
    ), ${accountWithoutPassword()}
    ), receipt as (${receiptInsert(print, sql`account`)}
    ), code as (${codeInsert(code, sql`account`)}
    ), letter as (${letterInsert(letter, sql`account`)}
    ), act as (
      select account_id, ${actorId}::uuid as actor_id from account
    ), event as (${auditInsert('customer-registered', origin, sql`act`)}
    )
    select account_id from account`,
  )
}

/** This very form, carried out before, or somebody else who has one of the names. Asked only where nothing was made. */
async function whatStandsInTheWay(
  database: Database,
  { email, username }: DeskRegistrationInput,
  print: string,
): Promise<DeskOutcome> {
  const row = await database.row<DeskOutcome>(
    named(
      'registration-at-the-desk-conflict',
      sql`
      select outcome, "accountId" from (
        select 1 as rank, 'registered' as outcome, account_id as "accountId" from receipts where receipt_hash = ${receiptHash(print)}
        union all
        select 2, 'email-taken', case kind when 'customer' then id end from accounts where email_canonical = ${email.canonical}
        union all
        select 3, 'username-taken', case kind when 'customer' then id end from accounts where username_canonical = ${username?.canonical ?? null}
      ) as reason order by rank limit 1`,
    ),
  )
  return row ?? { outcome: 'email-taken', accountId: null }
}
