import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Sql, type Statement } from '../../database/sql.ts'
import { HOUR, MINUTE } from '../../lib/time.ts'
import { claimRewrite, keyInSql, refusedUntil, type Claim, type Rule } from '../../limits/limits.ts'

/** Guesses at one account from one network; each overrun window doubles the next, up to a day. */
export const SIGN_INS_PER_ACCOUNT_AND_NETWORK: Rule = {
  name: 'sign-ins per account and network',
  most: 10,
  window: 15 * MINUTE,
}

/**
 * Guesses at one account from everywhere. It never grows: whoever wants to lock somebody out gets an hour, not a day,
 * and recovery stays open to the owner all the while (ASVS 6.1.1).
 */
export const SIGN_INS_PER_ACCOUNT: Rule = { name: 'sign-ins per account', most: 50, window: HOUR, backsOff: false }

/** Guesses from one network at whatever accounts: what a list of stolen passwords looks like. */
export const SIGN_INS_PER_NETWORK: Rule = { name: 'sign-ins per network', most: 300, window: 15 * MINUTE }

/** NIST SP 800-63B-4, 3.2.2: after 100 failures in a row the password is of no use any more; recovery makes a new one. */
export const FAILURES_THAT_DISABLE = 100

/** What one guess takes. The same wherever a password is asked for, so that no page is a way around another's limit. */
export interface GuessClaims {
  /** Given back when the password was right. */
  ofAccount: [Claim, Claim]
  ofNetwork: Claim
}

/** `name` is the account's id, or what was typed where no account has that name. */
export function guessClaims(name: string, network: string | null): GuessClaims {
  const from = network ?? 'none'
  return {
    ofAccount: [
      { rule: SIGN_INS_PER_ACCOUNT_AND_NETWORK, subject: `${name} ${from}` },
      { rule: SIGN_INS_PER_ACCOUNT, subject: name },
    ],
    ofNetwork: { rule: SIGN_INS_PER_NETWORK, subject: from },
  }
}

/**
 * Which of these claims is refused, and until when, as a query: `scope` ('account', 'account and network' or 'network'),
 * `network` and `until`. `name` is an account's id as text; `networks` a part whose rows have a network each.
 */
export function guessesRefused(name: Sql, networks: Sql): Sql {
  return sql`
    select * from (
      select 'account' as scope, null::text as network, ${refusedUntil(SIGN_INS_PER_ACCOUNT, name)} as until
      union all
      select 'account and network', network, ${refusedUntil(SIGN_INS_PER_ACCOUNT_AND_NETWORK, sql`${name} || ' ' || network`)}
      from ${networks}
      union all
      select 'network', network, ${refusedUntil(SIGN_INS_PER_NETWORK, sql`network`)} from ${networks}
    ) as claim where until is not null`
}

/** Forgets what guesses at an account have taken, as a fragment; what their networks took at all accounts stays. */
export function guessesForgotten(name: Sql, networks: Sql): Sql {
  return sql`
    delete from limits where key = ${keyInSql(SIGN_INS_PER_ACCOUNT, name)}
      or key in (select ${keyInSql(SIGN_INS_PER_ACCOUNT_AND_NETWORK, sql`${name} || ' ' || network`)} from ${networks})`
}

/** The networks from which an account was guessed at of late, as a query: further back no window of a limit reaches. */
export function guessingNetworks(accountId: string): Sql {
  return sql`
    select distinct network from (
      select event, network, occurred_at from audit_events where account_id = ${accountId} order by id desc limit 1000
    ) as event
    where event in ('sign-in-refused', 'password-refused') and network is not null
      and occurred_at > now() - interval '2 days'`
}

export interface WrongGuess {
  event: 'sign-in-refused' | 'password-refused'
  accountId: string | null
  /** Who guessed, where somebody is signed in. */
  actorId: string | null
  reason: 'wrong-credentials' | 'account-suspended' | 'account-closing'
  /** What the guess took, for guesses by people who are not signed in. */
  claims?: GuessClaims
}

/**
 * Counts a failure against the password, disables it at the limit, and records both; records alone where there is none.
 * There another row is written in place of the password's, so that both take the same time (ASVS 6.3.8).
 */
export function wrongGuessStatement(
  { event, accountId, actorId, reason, claims = guessClaims('', null) }: WrongGuess,
  origin: Origin,
): Statement {
  return named(
    'password-wrong-guess',
    sql`
    with failed as (
      update passwords set
        consecutive_failures = consecutive_failures + 1,
        disabled_at = coalesce(disabled_at, case when consecutive_failures + 1 >= ${FAILURES_THAT_DISABLE} then now() end)
      where account_id = ${accountId} and ${reason} = 'wrong-credentials'
      returning account_id, null::uuid as actor_id, consecutive_failures
    ), decoy as (${claimRewrite(claims.ofAccount[0], sql`${accountId}::uuid is null`)}
    ), disabled as (
      select account_id, actor_id from failed where consecutive_failures = ${FAILURES_THAT_DISABLE}
    ), disabled_event as (${auditInsert('password-disabled', origin, sql`disabled`)}
    ), attempt as (
      select ${accountId}::uuid as account_id, ${actorId}::uuid as actor_id
    )${auditInsert(event, origin, sql`attempt`, sql`jsonb_build_object('factor', 'password', 'reason', ${reason}::text)`)}`,
  )
}
