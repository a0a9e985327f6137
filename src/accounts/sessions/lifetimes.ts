import { DAY, HOUR, MINUTE } from '../../lib/time.ts'
import type { AccountKind } from '../account.ts'

/** Milliseconds. A session ends when it was not used for `idle`, and at `absolute` whatever happens (ASVS 7.3.1, 7.3.2). */
export interface Lifetime {
  idle: number
  absolute: number
}

/** NIST SP 800-63B-4: 30 days overall at AAL1; for staff AAL2's 24 hours and 1 hour. docs/features/sessions.md says why. */
export const lifetimes: Record<AccountKind, Lifetime> = {
  customer: { idle: 7 * DAY, absolute: 30 * DAY },
  staff: { idle: HOUR, absolute: DAY },
}

/** Milliseconds for which a password that was given opens what much depends on, without being asked for again. */
export const RECENT_FOR = 10 * MINUTE
