import { parseIdentifier } from '../../accounts/identifier.ts'
import { codeInsert, newCode, RECOVERY_VALID_FOR } from '../../accounts/codes/codes.ts'
import type { Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface RecoveryDesk {
  database: Database
  limits: Limits
}

export type RecoveryRequestOutcome =
  | { outcome: 'asked' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/** Letters to one person, whoever asks for them: enough for somebody who looks in the wrong folder first. */
export const RECOVERIES_PER_ACCOUNT: Rule = { name: 'recoveries per account', most: 3, window: HOUR, backsOff: false }

export const RECOVERIES_PER_NETWORK: Rule = { name: 'recoveries per network', most: 30, window: HOUR }

/**
 * Notes that somebody wants to get back in. One row is written whoever is meant, if anybody: the answer's words and time
 * are the same for all (ASVS 6.3.8), and the letter is written later by `resolveRecoveries`.
 */
export async function requestRecovery(
  { database, limits }: RecoveryDesk,
  typed: string,
  origin: Origin,
): Promise<RecoveryRequestOutcome> {
  const identifier = parseIdentifier(typed)
  const name = identifier?.email ?? identifier?.username ?? typed
  const taken = await limits.take([
    { rule: RECOVERIES_PER_ACCOUNT, subject: name },
    { rule: RECOVERIES_PER_NETWORK, subject: origin.network ?? 'none' },
  ])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  await database.rows(
    named(
      'recovery-request',
      sql`
      insert into recovery_requests (id, email_canonical, username_canonical, network, reference)
      values (${newId()}, ${identifier?.email ?? null}, ${identifier?.username ?? null}, ${origin.network}, ${origin.reference})`,
    ),
  )
  return { outcome: 'asked' }
}

/** Writes the letters that were asked for to those who exist. One statement a request, so that a crash repeats none. */
export async function resolveRecoveries(database: Database, keys: Keys): Promise<number> {
  for (let resolved = 0; ; resolved += 1) {
    if ((await database.row(resolveStatement(keys))) === null) return resolved
  }
}

function resolveStatement(keys: Keys) {
  const code = newCode(keys, 'recovery', newId(), RECOVERY_VALID_FOR)
  const letter = { id: newId(), kind: 'recovery', codeId: code.id } as const
  return named(
    'recovery-resolve',
    sql`
    with request as (
      delete from recovery_requests
      where id = (select id from recovery_requests order by id limit 1 for update skip locked)
      returning *
    ), account as (
      select a.id as account_id, null::uuid as actor_id, a.email_canonical, a.email_delivery, a.first_name, r.network, r.reference
      from request r join accounts a on a.email_canonical = r.email_canonical or a.username_canonical = r.username_canonical
      where a.email_canonical is not null and a.status in ('active', 'closing')
    ), code as (${codeInsert(code, sql`account`)}
    ), letter as (${letterInsert(letter, sql`account`)}
    ), event as (
      insert into audit_events (event, account_id, actor_id, network, reference)
      select 'recovery-requested', account_id, actor_id, network, reference from account
    )
    select id from request`,
  )
}
