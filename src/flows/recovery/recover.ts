import type { AccountKind } from '../../accounts/account.ts'
import { asKept } from '../../accounts/closing.ts'
import { codeHash, codeSpend } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { refusalOfPassword, type PasswordPolicy } from '../../accounts/passwords/policy.ts'
import {
  findReplay,
  fingerprint,
  receiptInsert,
  sessionTokenOf,
  type Submission,
} from '../../accounts/receipts/receipts.ts'
import { knownBrowserInsert, otherBrowsersForget } from '../../accounts/sessions/known-browsers.ts'
import { sessionInsert, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { MINUTE } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'

export interface RecoveryRoom {
  database: Database
  passwords: Passwords
  limits: Limits
  keys: Keys
  policies: Record<AccountKind, PasswordPolicy>
}

export interface RecoveryInput {
  code: string
  password: string
  submission: Submission
  client: Client
  origin: Origin
}

export type RecoveryOutcome =
  | { outcome: 'recovered' | 'replayed'; kind: AccountKind; sessionToken: SessionToken }
  | { outcome: 'code-unusable' }
  | { outcome: 'password-refused'; words: string }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/** Whose account a recovery code opens: what the page and the password's rules need to know. */
export interface Recoverable {
  kind: AccountKind
  first_name: string
  last_name: string
  email_canonical: string
  /** When the account is erased, if it is closing: a recovery keeps it. */
  closes_at: Date | null
}

/** New passwords from one network: each costs a hash. */
export const NEW_PASSWORDS_PER_NETWORK: Rule = { name: 'new passwords per network', most: 60, window: 15 * MINUTE }

/** Null for a code that is spent, expired, or was never one. */
export async function findRecoverable(database: Queryable, code: string): Promise<Recoverable | null> {
  return database.row<Recoverable>(
    named(
      'recovery-find',
      sql`
      select a.kind, a.first_name, a.last_name, a.email_canonical, a.closes_at
      from codes c join accounts a on a.id = c.account_id and a.email_canonical = c.email_canonical
      where c.code_hash = ${codeHash('recovery', code)} and c.purpose = 'recovery' and c.spent_at is null
        and c.expires_at > now() and a.status in ('active', 'closing')`,
    ),
  )
}

/**
 * Gives an account to whoever proves its address: in one transaction the code is spent, the password replaced, every
 * session ended, the address confirmed, and a new session opened. Whoever held the account before holds nothing after. An
 * account that is closing is kept: whoever closed it may not have been its owner, and the page says so before.
 */
export async function recover(room: RecoveryRoom, request: RecoveryInput): Promise<RecoveryOutcome> {
  const { database, passwords, limits, keys, policies } = room
  const taken = await limits.take([{ rule: NEW_PASSWORDS_PER_NETWORK, subject: request.client.network ?? 'none' }])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }

  const print = fingerprint(request.submission, `recovery with ${request.code}`)
  const owner = await findRecoverable(database, request.code)
  if (!owner) return (await replay(database, keys, print)) ?? { outcome: 'code-unusable' }
  const words = [owner.first_name, owner.last_name, owner.email_canonical]
  const refused = await refusalOfPassword(request.password, policies[owner.kind], words)
  if (refused) return { outcome: 'password-refused', words: refused }

  const hash = await passwords.hash(request.password, request.client.network)
  const sessionToken = sessionTokenOf(keys, print)
  const carryOut = () => database.transaction((within) => takeOver(within, request, hash, print, sessionToken))
  return sendingAgain(async () => {
    const kind = await carryOut()
    if (kind) return { outcome: 'recovered', kind, sessionToken }
    return (await replay(database, keys, print)) ?? { outcome: 'code-unusable' }
  })
}

async function replay(database: Database, keys: Keys, print: string): Promise<RecoveryOutcome | null> {
  const found = await findReplay(database, keys, print)
  if (!found) return null
  const account = await database.row<{ kind: AccountKind }>(
    sql`select kind from accounts where id = ${found.accountId}`,
  )
  return account && { outcome: 'replayed', kind: account.kind, sessionToken: found.sessionToken }
}

/**
 * Two statements on purpose: the first takes the password's row, for which a sign-in under way is waited; only the
 * second, with a view of its own, sees the session that it opened, and ends it with all the others.
 */
async function takeOver(
  within: Queryable,
  { code, client, origin }: RecoveryInput,
  hash: string,
  print: string,
  sessionToken: SessionToken,
): Promise<AccountKind | null> {
  const account = await within.row<{ account_id: string; kind: AccountKind; was_closing: boolean }>(
    named(
      'recovery-spend',
      sql`
      with code as (${codeSpend('recovery', code)}
      ), former as (
        select a.id, a.status from accounts a join code on a.id = code.account_id
        where a.status in ('active', 'closing') and a.email_canonical = code.email_canonical for update of a
      ), account as (
        update accounts a set email_confirmed_at = coalesce(email_confirmed_at, now()), ${asKept}
        from former where a.id = former.id
        returning a.id as account_id, a.kind, former.status = 'closing' as was_closing
      ), password as (
        insert into passwords as p (account_id, hash) select account_id, ${hash} from account
        on conflict (account_id) do update set
          hash = excluded.hash, changed_at = now(), consecutive_failures = 0, disabled_at = null
      )
      select account_id, kind, was_closing from account`,
    ),
  )
  if (!account) return null
  const letter = { id: newId(), kind: 'password-changed', codeId: null } as const
  const keptLetter = { id: newId(), kind: 'account-kept', codeId: null } as const
  await within.rows(
    named(
      'recovery-take-over',
      sql`
      with account as (
        select id as account_id, id as actor_id, email_delivery, first_name from accounts where id = ${account.account_id}
      ), ended as (
        delete from sessions where account_id = ${account.account_id}
      ), spent as (
        update codes set spent_at = now()
        where account_id = ${account.account_id} and purpose in ('recovery', 'email-change', 'email-correction') and spent_at is null
      ), receipt as (${receiptInsert(print, sql`account`)}
      ), session as (${sessionInsert(sessionToken, account.kind, client, sql`account`)}
      ), browser as (${knownBrowserInsert(client, sql`account`)}
      ), strangers as (${otherBrowsersForget(client, account.account_id)}
      ), letter as (${letterInsert(letter, sql`account`)}
      ), kept as (
        select * from account where ${account.was_closing}::boolean
      ), kept_letter as (${letterInsert(keptLetter, sql`kept`)}
      ), kept_event as (${auditInsert('account-kept', origin, sql`kept`)}
      )${auditInsert('password-recovered', origin, sql`account`)}`,
    ),
  )
  return account.kind
}
