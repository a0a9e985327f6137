import type { Database } from '../../database/database.ts'
import { resolveRecoveries } from '../../flows/recovery/request.ts'
import { answerPendingRegistrations } from '../../flows/registration/pending.ts'
import type { Keys } from '../../lib/keys.ts'
import type { Log } from '../../lib/log.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { SECOND } from '../../lib/time.ts'
import type { Courier } from '../../mail/courier.ts'
import type { Post } from '../../mail/post.ts'

export interface DeliverySettings {
  database: Database
  keys: Keys
  log: Log
  /** Null without a mail server: letters are written, and wait. */
  courier: Courier | null
  post: Post | null
  /** Milliseconds between two looks into the outbox. */
  every?: number
}

/** Writes the letters that were asked for and sends what is due, over and over, on every node. */
export function startDelivery({ database, keys, log, courier, post, every = SECOND }: DeliverySettings): Rounds {
  const rounds = startRounds({
    every,
    first: every,
    onError: (error) => log.warn({ err: error }, 'letters could not be delivered this time'),
    work: async (goOn) => {
      await resolveRecoveries(database, keys)
      await answerPendingRegistrations(database)
      await courier?.deliverDue(goOn)
    },
  })
  return {
    stop: async () => {
      await rounds.stop()
      post?.close()
    },
  }
}
