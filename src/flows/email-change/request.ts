import { codeInsert, EMAIL_CHANGE_VALID_FOR, newCode } from '../../accounts/codes/codes.ts'
import type { Email } from '../../accounts/email.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface EmailChangeRoom {
  database: Database
  limits: Limits
  keys: Keys
}

export type EmailChangeRequestOutcome =
  | { outcome: 'letter-sent' | 'already-yours' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export const EMAIL_CHANGES_PER_ACCOUNT: Rule = { name: 'email changes per account', most: 5, window: HOUR }

/** Letters to one address, from whichever account: it may be that of somebody who asked for nothing. */
export const EMAIL_CHANGES_PER_ADDRESS: Rule = {
  name: 'email changes per address',
  most: 3,
  window: HOUR,
  backsOff: false,
}

/**
 * Writes a letter to the new address; the account keeps its own until the code in it comes back. Whether the address
 * belongs to somebody else shows in neither words nor time: one statement, and one letter either way (ASVS 6.3.8).
 */
export async function requestEmailChange(
  { database, limits, keys }: EmailChangeRoom,
  accountId: string,
  email: Email,
  origin: Origin,
): Promise<EmailChangeRequestOutcome> {
  const taken = await limits.take([
    { rule: EMAIL_CHANGES_PER_ACCOUNT, subject: accountId },
    { rule: EMAIL_CHANGES_PER_ADDRESS, subject: email.canonical },
  ])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  const row = await database.row<{ own: boolean }>(requestStatement(keys, accountId, email, origin))
  return { outcome: row?.own ? 'already-yours' : 'letter-sent' }
}

function requestStatement(keys: Keys, accountId: string, email: Email, origin: Origin): Statement {
  const code = newCode(keys, 'email-change', newId(), EMAIL_CHANGE_VALID_FOR)
  const link = { id: newId(), kind: 'confirm-new-address', codeId: code.id } as const
  const word = { id: newId(), kind: 'already-registered', codeId: null } as const
  return named(
    'email-change-request',
    sql`
    with holder as (
      select id as account_id, email_delivery, first_name from accounts where email_canonical = ${email.canonical}
    ), account as (
      select id as account_id, id as actor_id, first_name, ${email.canonical} as email_canonical,
        ${email.delivery} as email_delivery, email_canonical as former_canonical
      from accounts where id = ${accountId} and status = 'active' and email_canonical is distinct from ${email.canonical}
    ), free as (
      select * from account where not exists (select from holder)
    ), code as (${codeInsert(code, sql`free`)}
    ), change as (
      insert into email_changes (code_id, email, email_delivery, email_canonical_version, former_canonical)
      select ${code.id}::uuid, ${email.entered}, ${email.delivery}, ${email.version}, former_canonical from free
    ), link as (${letterInsert(link, sql`free`)}
    ), word as (${letterInsert(word, sql`holder where exists (select from account)`)}
    ), event as (${auditInsert('email-change-requested', origin, sql`account`)}
    )
    select exists (select from holder where account_id = ${accountId}) as own`,
  )
}
