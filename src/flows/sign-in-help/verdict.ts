import type { AccountStatus } from '../../accounts/account.ts'
import type { Identifier } from '../../accounts/identifier.ts'
import {
  FAILURES_THAT_DISABLE,
  guessesRefused,
  guessingNetworks,
  SIGN_INS_PER_ACCOUNT,
} from '../../accounts/passwords/guesses.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { isInUse } from '../../limits/limits.ts'
import type { LetterKind } from '../../mail/outbox.ts'

/** What stands between somebody and their account. */
export type Obstacle =
  | { cause: 'suspended' }
  | { cause: 'closing'; closesAt: Date }
  | { cause: 'name-of-another' | 'name-of-nobody' }
  /** They use the address that was theirs until a while ago. */
  | { cause: 'former-address' }
  | { cause: 'no-password'; linkUntil: Date | null }
  | { cause: 'password-disabled'; failures: number; linkUntil: Date | null }
  /** No usable password, and no address to which a way back in could be sent. */
  | { cause: 'no-address' }
  | { cause: 'undeliverable'; letter: LetterKind; since: Date }
  | { cause: 'throttled'; scope: Scope; network: string | null; until: Date }
  | { cause: 'wrong-password'; failures: number; linkUntil: Date | null }
  | { cause: 'nothing'; lastSignIn: Date | null }

/** What a limit counts: guesses at the account from everywhere, or from one network, or of that network at all accounts. */
export type Scope = 'account' | 'account and network' | 'network'

/** The one safe next step for each cause: what staff are offered as a button. */
export type Step = 'restore' | 'reopen' | 'show-name' | 'send-recovery' | 'correct-address' | 'clear-attempts'

export const steps: Record<Obstacle['cause'], Step> = {
  suspended: 'restore',
  closing: 'reopen',
  'name-of-another': 'show-name',
  'name-of-nobody': 'show-name',
  'former-address': 'show-name',
  'no-password': 'send-recovery',
  'password-disabled': 'send-recovery',
  'no-address': 'correct-address',
  undeliverable: 'correct-address',
  throttled: 'clear-attempts',
  'wrong-password': 'send-recovery',
  nothing: 'send-recovery',
}

/** What sign-in would find of an account at this moment, and what it would not. */
interface Facts {
  status: AccountStatus
  closes_at: Date | null
  has_address: boolean
  has_password: boolean
  disabled_at: Date | null
  consecutive_failures: number
  /** The limits that refuse, the one that lasts longest first. */
  refused: { scope: Scope; network: string | null; until: string }[]
  link_until: Date | null
  /** The last letter to the account's address, where it was given up. */
  undelivered_letter: LetterKind | null
  undelivered_since: Date | null
  /** Whether somebody tries a former address of the account within the hour. */
  former_tried: boolean
  /** Whose the name is that they say they type; null where staff did not ask. */
  typed: 'own' | 'former' | 'another' | 'nobody' | null
  last_sign_in: Date | null
}

/**
 * Why somebody cannot sign in: everything in the way, what matters first, and never empty. It asks of one statement what
 * sign-in itself would ask, by the same rules and the same keys; nothing is counted and nothing written. `typed` is the
 * name that the person says they use. Null for an account that is none.
 */
export async function whyNotIn(
  database: Queryable,
  accountId: string,
  typed?: Identifier | null,
): Promise<readonly Obstacle[] | null> {
  const facts = await database.row<Facts>(factsStatement(accountId, typed))
  return facts && obstaclesIn(facts)
}

function factsStatement(accountId: string, typed: Identifier | null | undefined) {
  const [email, username] = [typed?.email ?? null, typed?.username ?? null]
  return named(
    'sign-in-help',
    sql`
    with network as (${guessingNetworks(accountId)}
    ), refused as (${guessesRefused(sql`${accountId}::uuid::text`, sql`network`)}
    ), former as (
      select c.email_canonical
      from codes c join accounts a on a.id = c.account_id
      where c.account_id = ${accountId} and c.purpose = 'email-revert' and c.email_canonical is distinct from a.email_canonical
    ), letter as (
      select l.kind, l.given_up_at
      from letters l join accounts a on a.id = l.account_id
      where l.account_id = ${accountId} and l.recipient = a.email_delivery
      order by l.created_at desc, l.id desc limit 1
    )
    select a.status, a.closes_at, a.email_canonical is not null as has_address,
      p.hash is not null as has_password, p.disabled_at, coalesce(p.consecutive_failures, 0) as consecutive_failures,
      (select coalesce(jsonb_agg(to_jsonb(refused) order by until desc), '[]') from refused) as refused,
      (select max(c.expires_at) from codes c
        where c.account_id = a.id and c.purpose = 'recovery' and c.spent_at is null and c.expires_at > now()
          and c.email_canonical = a.email_canonical) as link_until,
      (select kind from letter where given_up_at is not null) as undelivered_letter,
      (select given_up_at from letter) as undelivered_since,
      exists (select from former where ${isInUse(SIGN_INS_PER_ACCOUNT, sql`email_canonical`)}) as former_tried,
      case
        when not ${typed !== undefined}::boolean then null
        when a.email_canonical = ${email} or a.username_canonical = ${username} then 'own'
        when exists (select from accounts o where o.email_canonical = ${email} or o.username_canonical = ${username}) then 'another'
        when exists (select from former where email_canonical = ${email}) then 'former'
        else 'nobody'
      end as typed,
      (select max(occurred_at) from audit_events e
        where e.account_id = a.id and e.event in ('signed-in', 'password-recovered')) as last_sign_in
    from accounts a left join passwords p on p.account_id = a.id
    where a.id = ${accountId}`,
  )
}

/** In the order in which they have to go: what a later one needs, such as a letter, an earlier one must not prevent. */
function obstaclesIn(facts: Facts): readonly Obstacle[] {
  const found = [
    suspended(facts),
    closing(facts),
    anotherName(facts),
    ...(hasUsablePassword(facts) ? [] : [undeliverable(facts), withoutAddress(facts)]),
    withoutPassword(facts),
    disabled(facts),
    throttled(facts),
    ...(hasUsablePassword(facts) ? [undeliverable(facts)] : []),
    facts.typed === null && facts.former_tried ? ({ cause: 'former-address' } as const) : null,
    wrongPassword(facts),
  ].filter((obstacle): obstacle is Obstacle => obstacle !== null)
  return found.length > 0 ? found : [{ cause: 'nothing', lastSignIn: facts.last_sign_in }]
}

function hasUsablePassword({ has_password, disabled_at }: Facts): boolean {
  return has_password && disabled_at === null
}

function suspended({ status }: Facts): Obstacle | null {
  return status === 'suspended' ? { cause: 'suspended' } : null
}

function closing({ closes_at }: Facts): Obstacle | null {
  return closes_at ? { cause: 'closing', closesAt: closes_at } : null
}

function anotherName({ typed }: Facts): Obstacle | null {
  switch (typed) {
    case 'another':
      return { cause: 'name-of-another' }
    case 'nobody':
      return { cause: 'name-of-nobody' }
    case 'former':
      return { cause: 'former-address' }
    case 'own':
    case null:
      return null
  }
}

function undeliverable({ undelivered_letter, undelivered_since }: Facts): Obstacle | null {
  return undelivered_letter && undelivered_since
    ? { cause: 'undeliverable', letter: undelivered_letter, since: undelivered_since }
    : null
}

function withoutAddress({ has_address }: Facts): Obstacle | null {
  return has_address ? null : { cause: 'no-address' }
}

function withoutPassword({ has_password, link_until }: Facts): Obstacle | null {
  return has_password ? null : { cause: 'no-password', linkUntil: link_until }
}

function disabled({ disabled_at, consecutive_failures, link_until }: Facts): Obstacle | null {
  const failures = Math.min(consecutive_failures, FAILURES_THAT_DISABLE)
  return disabled_at ? { cause: 'password-disabled', failures, linkUntil: link_until } : null
}

function throttled({ refused: [longest] }: Facts): Obstacle | null {
  return longest ? { cause: 'throttled', ...longest, until: new Date(longest.until) } : null
}

function wrongPassword({ disabled_at, consecutive_failures, link_until }: Facts): Obstacle | null {
  return disabled_at === null && consecutive_failures > 0
    ? { cause: 'wrong-password', failures: consecutive_failures, linkUntil: link_until }
    : null
}
