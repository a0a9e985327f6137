import { HOUR, MINUTE } from '../../lib/time.ts'
import type { Rule } from '../../limits/limits.ts'

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
