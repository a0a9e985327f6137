import { codeHash, codeInsert, codesVoid, EMAIL_REVERT_VALID_FOR, newCode } from '../../accounts/codes/codes.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database, Queryable } from '../../database/database.ts'
import { offendedConstraint } from '../../database/faults.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

/** `email-correction` for a change that staff began; the code itself tells whose it is. */
export type EmailChangePurpose = 'email-change' | 'email-correction'

export interface EmailConfirmation {
  /** Who is signed in: the code proves the address, and the session whose account it is for. */
  accountId: string
  code: string
  purpose?: EmailChangePurpose
  origin: Origin
}

export type EmailConfirmationOutcome = { outcome: 'changed' | 'code-unusable' | 'address-taken' }

/** The address that a code would give to this account, or null where it would give none. */
export async function findEmailChange(
  database: Queryable,
  accountId: string,
  code: string,
  purpose: EmailChangePurpose = 'email-change',
): Promise<string | null> {
  const row = await database.row<{ email: string }>(
    named(
      'email-change-find',
      sql`
      select e.email
      from codes c join email_changes e on e.code_id = c.id join accounts a on a.id = c.account_id
      where c.code_hash = ${codeHash(purpose, code)} and c.purpose = ${purpose} and c.account_id = ${accountId}
        and c.spent_at is null and c.expires_at > now() and e.former_canonical is not distinct from a.email_canonical`,
    ),
  )
  return row?.email ?? null
}

/**
 * Changes the address to the one that the code was sent to. Sent twice it is changed once, and both are told so. The
 * unique constraint decides whether the address is still free.
 */
export async function confirmEmailChange(
  database: Database,
  keys: Keys,
  confirmation: EmailConfirmation,
): Promise<EmailConfirmationOutcome> {
  try {
    const changed = await database.row(confirmStatement(keys, confirmation))
    return changed || (await wasChangedBy(database, confirmation))
      ? { outcome: 'changed' }
      : { outcome: 'code-unusable' }
  } catch (error) {
    if (offendedConstraint(error) === 'accounts_email_canonical_key') return { outcome: 'address-taken' }
    throw error
  }
}

/**
 * The account's row first: whoever changes its address, takes it over or takes it back waits for that row, and finds the
 * code spent, or the address another, when the turn comes (CVE-2026-32700, CVE-2022-4037).
 */
function confirmStatement(
  keys: Keys,
  { accountId, code, purpose = 'email-change', origin }: EmailConfirmation,
): Statement {
  const revert = newCode(keys, 'email-revert', newId(), EMAIL_REVERT_VALID_FOR)
  const letter = { id: newId(), kind: 'address-changed', codeId: revert.id } as const
  return named(
    'email-change-confirm',
    sql`
    with former as (
      select id as account_id, email, email_delivery, email_canonical, email_canonical_version, email_confirmed_at, first_name
      from accounts where id = ${accountId} and status = 'active' for update
    ), code as (
      update codes c set spent_at = now()
      from former f, email_changes e
      where c.code_hash = ${codeHash(purpose, code)} and c.purpose = ${purpose} and c.account_id = f.account_id
        and c.spent_at is null and c.expires_at > now()
        and e.code_id = c.id and e.former_canonical is not distinct from f.email_canonical
      returning c.id, c.account_id, c.email_canonical, e.email, e.email_delivery, e.email_canonical_version
    ), account as (
      update accounts a set email = code.email, email_delivery = code.email_delivery, email_canonical = code.email_canonical,
        email_canonical_version = code.email_canonical_version, email_confirmed_at = now(), updated_at = now()
      from code where a.id = code.account_id
      returning a.id as account_id, a.id as actor_id
    ), told as (
      select former.* from former join account on account.account_id = former.account_id where former.email is not null
    ), revert as (${codeInsert(revert, sql`told`)}
    ), way_back as (
      insert into email_changes (code_id, email, email_delivery, email_canonical_version, confirmed_at)
      select ${revert.id}::uuid, email, email_delivery, email_canonical_version, email_confirmed_at from told
    ), letter as (${letterInsert(letter, sql`told`)}
    ), void as (${codesVoid(accountId, ['confirmation', 'recovery', 'email-change', 'email-correction'])}
      and id not in (select id from code) and exists (select from account)
    ), event as (${auditInsert('email-changed', origin, sql`account`)}
    )
    select account_id from account`,
  )
}

/** Whether this code is one whose address the account has by now. */
async function wasChangedBy(
  database: Database,
  { accountId, code, purpose = 'email-change' }: EmailConfirmation,
): Promise<boolean> {
  const row = await database.row(
    named(
      'email-change-replay',
      sql`
      select from codes c join accounts a on a.id = c.account_id
      where c.code_hash = ${codeHash(purpose, code)} and c.purpose = ${purpose} and c.account_id = ${accountId}
        and c.spent_at is not null and a.email_canonical = c.email_canonical`,
    ),
  )
  return row !== null
}
