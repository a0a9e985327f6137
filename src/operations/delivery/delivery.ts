import type { Database } from '../../database/database.ts'
import { resolveRecoveries } from '../../flows/recovery/request.ts'
import { answerPendingRegistrations } from '../../flows/registration/pending.ts'
import type { Keys } from '../../lib/keys.ts'
import type { Log } from '../../lib/log.ts'
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

export interface Delivery {
  /** Finishes the letters in hand and takes no more. */
  stop: () => Promise<void>
}

/** Writes the letters that were asked for and sends what is due, over and over, on every node. */
export function startDelivery({ database, keys, log, courier, post, every = SECOND }: DeliverySettings): Delivery {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()

  function wait(): void {
    timer = setTimeout(() => {
      round = work().finally(() => {
        if (!stopped) wait()
      })
    }, every)
  }

  /** A round that fails as a whole (the database is away) is reported, and the next one tries again. */
  async function work(): Promise<void> {
    try {
      await resolveRecoveries(database, keys)
      await answerPendingRegistrations(database)
      await courier?.deliverDue(() => !stopped)
    } catch (error) {
      log.warn({ err: error }, 'letters could not be delivered this time')
    }
  }

  wait()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await round
      post?.close()
    },
  }
}
