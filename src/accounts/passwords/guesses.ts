import { auditInsert, type Origin } from '../../audit/events.ts'
import { named, sql, type Statement } from '../../database/sql.ts'
import { HOUR, MINUTE } from '../../lib/time.ts'
import { claimRewrite, type Claim, type Rule } from '../../limits/limits.ts'

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
