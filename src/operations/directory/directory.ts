import { enterChanged, enterMissing, finishTurn, forgetWords, takeTurn } from '../../accounts/directory/entries.ts'
import type { Database } from '../../database/database.ts'
import type { Log } from '../../lib/log.ts'
import { firstIdAt, randomSpan } from '../../lib/random.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { HOUR, MINUTE, SECOND } from '../../lib/time.ts'

export interface DirectorySettings {
  database: Database
  log: Log
  /** Milliseconds between two rounds. */
  every?: number
}

/** How far back every round looks for who is missing; all of them are looked through once a day, by one node for the others. */
const LOOKS_BACK = HOUR

/** How often a node asks whether that is its turn. */
const ASKS = 10 * MINUTE

/**
 * Keeps the directory near the accounts, so that readers have little to enter themselves. Also enters who came by another way: an
 * import, or all of them after an upgrade.
 */
export function startDirectory({ database, log, every = 5 * SECOND }: DirectorySettings): Rounds {
  let asksAgainAt = 0
  return startRounds({
    every,
    first: randomSpan(every),
    onError: (error) =>
      log.warn({ err: error }, 'the directory of customers could not be brought up to date this time'),
    work: async (goOn) => {
      while (goOn() && (await enterChanged(database)) > 0);
      await enterMissing(database, firstIdAt(new Date(Date.now() - LOOKS_BACK)), goOn)
      if (Date.now() < asksAgainAt) return
      asksAgainAt = Date.now() + ASKS
      if (!(await takeTurn(database))) return
      const entered = await enterMissing(database, undefined, goOn)
      const forgotten = await forgetWords(database, goOn)
      if (!goOn()) return
      await finishTurn(database)
      if (entered + forgotten > 0) log.info({ entered, forgotten }, 'the directory of customers was looked through')
    },
  })
}
