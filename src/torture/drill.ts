import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../answers/fault.ts'
import { Passwords } from '../accounts/passwords/passwords.ts'
import { Database } from '../database/database.ts'
import { sql } from '../database/sql.ts'
import { SECOND } from '../lib/time.ts'
import { Browser } from './browser.ts'
import { check } from './checker.ts'
import { readFinalState } from './final-state.ts'
import { HistoryFile, readHistory, type Blow } from './history.ts'
import { removePeople } from './staging.ts'
import { Storm, type Progress } from './storm.ts'
import { summarise, type Summary } from './summary.ts'

export interface Drill {
  origins: readonly string[]
  databaseUrl: string
  /** Every invented address is of this domain. */
  domain: string
  people: number
  /** How long people go on, in milliseconds. */
  lasts: number
  /** Where the history is kept; never on a machine that is to fail. */
  historyPath: string
  /** Whether what was made stays. */
  keep: boolean
  onProgress: (elapsed: number, progress: Readonly<Progress>) => void
  /** Cuts the storm short; what was seen until then is judged. */
  stop: AbortSignal
}

/** Longer than anything that a node began before it was told to end; the server's own limit is ten seconds. */
const DRAIN = 12 * SECOND

const QUIET_LOOKS = 6

const LOOKS_EVERY = SECOND / 4

/**
 * Storms somebody's staging system. Faults are theirs to cause, while it runs: whenever the database takes no writes is
 * seen from outside and counted as one.
 */
export async function drill(settings: Drill): Promise<{ summary: Summary; removed: number }> {
  const { origins, databaseUrl, domain, people, lasts, historyPath, keep, onProgress, stop } = settings
  const database = new Database({ url: databaseUrl, connections: 2, onIdleError: () => {} })
  try {
    await assertOpen(origins)
    const history = new HistoryFile(historyPath)
    const storm = new Storm({ sites: origins, domain, people, history })
    const began = Date.now()
    const running = storm.run()
    const outages = watch(database, (blow) => history.blow(blow))
    while (Date.now() - began < lasts && !stop.aborted) {
      await sleep(LOOKS_EVERY)
      onProgress(Date.now() - began, storm.progress)
    }
    storm.end()
    await running
    await outages.end()
    await untilDrained(database)
    history.close()
    const read = readHistory(historyPath, null)
    const passwords = new Passwords({ memoryKib: 19_456, passes: 2 })
    const verdicts = await check(read, await readFinalState(database, domain), (hash, password) =>
      passwords.verify(hash, password, null),
    )
    return { summary: summarise(read, verdicts), removed: keep ? 0 : await removePeople(database, domain) }
  } finally {
    await database.close()
  }
}

/** Until no statement of the nodes has been under way for several looks in a row. */
async function untilDrained(database: Database): Promise<void> {
  let quiet = 0
  for (const deadline = Date.now() + DRAIN; quiet < QUIET_LOOKS && Date.now() < deadline; await sleep(LOOKS_EVERY)) {
    const row = await database.row<{ busy: boolean }>(sql`
      select count(*) > 0 as busy from pg_stat_activity
      where usename = current_user and datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`)
    quiet = row?.busy === false ? quiet + 1 : 0
  }
}

/** Every site has to be there before the storm: an address that was mistyped is no outage. */
async function assertOpen(origins: readonly string[]): Promise<void> {
  for (const origin of origins) {
    const { status } = await new Browser([origin]).get('/readyz')
    if (status !== 200) {
      throw new Fault('storm-refused', { details: `${origin} is not ready to serve: ${status ?? 'no answer'}.` })
    }
  }
}

/** Writes over and over, as any node does, and tells of each time in which that could not be done. */
function watch(database: Database, onOutage: (blow: Blow) => void): { end: () => Promise<void> } {
  const until = new AbortController()
  const looking = (async () => {
    let since: number | null = null
    while (!until.signal.aborted) {
      const written = await writes(database)
      if (!written) since ??= Date.now()
      else if (since !== null) {
        const now = Date.now()
        onOutage({ fault: 'no writes', target: 'the database', began: since, over: now, writable: now })
        since = null
      }
      await sleep(LOOKS_EVERY)
    }
  })()
  return {
    end: () => {
      until.abort()
      return looking
    },
  }
}

/** A row that housekeeping removes like every other limit that is over. */
async function writes(database: Database): Promise<boolean> {
  try {
    await database.rows(sql`
      insert into limits (key, taken, window_ends_at) values ('torture', 1, now())
      on conflict (key) do update set window_ends_at = now()`)
    return true
  } catch {
    return false
  }
}
