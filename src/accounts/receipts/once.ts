import { Fault } from '../../answers/fault.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import type { Keys } from '../../lib/keys.ts'
import type { SessionToken } from '../sessions/sessions.ts'
import { findReplay, sessionTokenOf } from './receipts.ts'

/** A submission was carried out, now or when it came before; to whoever sent it, that is the same. */
export interface Done {
  outcome: 'registered' | 'replayed'
  accountId: string
  sessionToken: SessionToken
}

/** What one flow does with a submission; the rest is the same for all. */
export interface Steps<Refusal> {
  /** Takes from the limits; a refusal when they are used up. */
  admit: () => Promise<Refusal | null>
  /** All that is slow, such as the hash, ahead of the one statement; that statement, to be sent any number of times. */
  prepare: (sessionToken: SessionToken) => Promise<() => Promise<string | null>>
  /** Why the statement made no account. Null when the reason is gone by the time it is asked for. */
  whyNot: () => Promise<Refusal | null>
}

/** A conflict whose cause is gone when it is asked for (the other registration was undone) is simply tried again. */
const TRIES = 3

/**
 * Carries a submission out exactly once, however often and wherever it is sent. Whatever stands in the way (a limit, a
 * full queue, a conflict), the receipt is asked first whether this very submission is the one that was carried out; and
 * through a lost connection the statement is sent again, since its receipt tells whether the first one was.
 */
export async function oncePerSubmission<Refusal>(
  { database, keys }: { database: Database; keys: Keys },
  fingerprinted: string,
  { admit, prepare, whyNot }: Steps<Refusal>,
): Promise<Done | Refusal> {
  const refused = await admit()
  if (refused) return (await replay()) ?? refused
  const sessionToken = sessionTokenOf(keys, fingerprinted)
  const carryOut = await prepare(sessionToken).catch(
    async (fault: unknown) => (await replay()) ?? Promise.reject(fault),
  )
  return typeof carryOut === 'function' ? sendingAgain(untilDecided) : carryOut

  async function untilDecided(): Promise<Done | Refusal> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const accountId = await (carryOut as () => Promise<string | null>)()
      if (accountId !== null) return { outcome: 'registered', accountId, sessionToken }
      const verdict = (await replay()) ?? (await whyNot())
      if (verdict) return verdict
    }
    throw new Fault('database-busy', { details: 'A conflict that is gone whenever it is asked for.' })
  }

  async function replay(): Promise<Done | null> {
    const found = await findReplay(database, keys, fingerprinted)
    return found && { outcome: 'replayed', ...found }
  }
}
