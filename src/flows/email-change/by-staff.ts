import { codeHash, codeInsert, codesVoid, EMAIL_CHANGE_VALID_FOR, newCode } from '../../accounts/codes/codes.ts'
import type { Email } from '../../accounts/email.ts'
import { oncePerForm } from '../../accounts/receipts/once-per-form.ts'
import type { Submission } from '../../accounts/receipts/receipts.ts'
import { reasonAsDetails, type StaffAct } from '../../accounts/staff-act.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database, Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'
import { confirmEmailChange, findEmailChange, type EmailConfirmationOutcome } from './confirm.ts'

export interface Correction extends StaffAct {
  email: Email
  /** The form's own token. */
  form: string
}

export type CorrectionOutcome =
  | { outcome: 'letter-sent' | 'already-theirs' | 'not-so' }
  | { outcome: 'address-taken'; accountId: string }

/**
 * Begins a change of address for a customer who cannot: a link goes to the new address, and word of it to the old one.
 * The account keeps its own until the link is followed. A form sent twice writes one letter to each.
 */
export async function requestCorrection(
  { database, keys }: { database: Database; keys: Keys },
  correction: Correction,
  submission: Submission,
  origin: Origin,
): Promise<CorrectionOutcome> {
  const { accountId, actorId, email, form } = correction
  const holder = await database.row<{ id: string }>(
    named('email-correction-holder', sql`select id from accounts where email_canonical = ${email.canonical}`),
  )
  if (holder?.id === accountId) return { outcome: 'already-theirs' }
  if (holder) return { outcome: 'address-taken', accountId: holder.id }
  const act = { act: `address corrected by ${actorId}`, accountId, form, submission }
  const done = await oncePerForm(database, act, (within) => request(within, keys, correction, origin))
  return { outcome: done ? 'letter-sent' : 'not-so' }
}

/** An earlier correction ends with this one: of two addresses that staff heard, the last is meant. */
async function request(within: Queryable, keys: Keys, correction: Correction, origin: Origin): Promise<boolean> {
  const { accountId, actorId, email } = correction
  const code = newCode(keys, 'email-correction', newId(), EMAIL_CHANGE_VALID_FOR)
  const link = { id: newId(), kind: 'confirm-corrected-address', codeId: code.id } as const
  const word = { id: newId(), kind: 'address-corrected', codeId: null } as const
  await within.rows(named('email-correction-void', codesVoid(accountId, ['email-correction'])))
  const row = await within.row(
    named(
      'email-correction-request',
      sql`
      with former as (
        select id as account_id, first_name, email_delivery, email_canonical as former_canonical
        from accounts where id = ${accountId} and kind = 'customer' and status = 'active'
      ), account as (
        select account_id, ${actorId}::uuid as actor_id, first_name, ${email.canonical} as email_canonical,
          ${email.delivery} as email_delivery, former_canonical from former
      ), code as (${codeInsert(code, sql`account`)}
      ), change as (
        insert into email_changes (code_id, email, email_delivery, email_canonical_version, former_canonical)
        select ${code.id}::uuid, ${email.entered}, ${email.delivery}, ${email.version}, former_canonical from account
      ), link as (${letterInsert(link, sql`account`)}
      ), word as (${letterInsert(word, sql`former where email_delivery is not null`)}
      ), event as (${auditInsert('email-change-requested', origin, sql`account`, reasonAsDetails(correction))}
      )
      select account_id from account`,
    ),
  )
  return row !== null
}

/** The address that a code would give to its account, or null where it would give none. */
export async function findCorrection(database: Queryable, code: string): Promise<string | null> {
  const accountId = await accountOf(database, code)
  return accountId === null ? null : findEmailChange(database, accountId, code, 'email-correction')
}

/** Carries the change out for whoever reads the mail of the new address. It signs nobody in. */
export async function confirmCorrection(
  database: Database,
  keys: Keys,
  code: string,
  origin: Origin,
): Promise<EmailConfirmationOutcome> {
  const accountId = await accountOf(database, code)
  if (accountId === null) return { outcome: 'code-unusable' }
  return confirmEmailChange(database, keys, { accountId, code, purpose: 'email-correction', origin })
}

/** Whose address a code corrects: nobody has to be signed in for it, so the code alone tells. */
async function accountOf(database: Queryable, code: string): Promise<string | null> {
  const row = await database.row<{ account_id: string }>(
    named(
      'email-correction-account',
      sql`
      select account_id from codes
      where code_hash = ${codeHash('email-correction', code)} and purpose = 'email-correction'`,
    ),
  )
  return row?.account_id ?? null
}
