import type { Database, Queryable } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import type { Log } from '../../lib/log.ts'
import { newId, randomSpan } from '../../lib/random.ts'
import { startRounds, type Rounds } from '../../lib/rounds.ts'
import { DAY, HOUR, SECOND } from '../../lib/time.ts'
import { examine, invariantsOf, type Examination } from './doctor.ts'

export interface Verdict extends Examination {
  givenAt: Date
}

/** Milliseconds that one question may take on a serving node; below the pool's own limits. */
const PATIENCE = 8 * SECOND

/** Keeps what was found, for the console and for whoever asks since when. */
export async function keepVerdict(database: Queryable, { sound, asked, findings }: Examination): Promise<void> {
  await database.rows(
    named(
      'verdicts-keep',
      sql`
      insert into verdicts (id, sound, asked, findings)
      values (${newId()}, ${sound}, ${asked}, ${JSON.stringify(findings)}::jsonb)`,
    ),
  )
}

/** The last verdict, or null where the doctor was never asked. */
export async function lastVerdict(database: Queryable): Promise<Verdict | null> {
  return database.row<Verdict>(
    named(
      'verdicts-last',
      sql`select given_at as "givenAt", sound, asked, findings from verdicts order by id desc limit 1`,
    ),
  )
}

export interface DoctorSettings {
  database: Database
  log: Log
  mailServer: boolean
  /** Milliseconds between two looks whether the last verdict is a day old. */
  every?: number
}

/** Asks the doctor once a day, on whichever node looks first. Two that look at once make two verdicts, which harms nobody. */
export function startDoctor({ database, log, mailServer, every = HOUR }: DoctorSettings): Rounds {
  return startRounds({
    every,
    first: randomSpan(every),
    onError: (error) => log.warn({ err: error }, 'the doctor could not be asked this time'),
    work: async () => {
      const last = await lastVerdict(database)
      if (last && Date.now() - last.givenAt.getTime() < DAY) return
      const examination = await examine(database, invariantsOf({ mailServer }), { patience: PATIENCE })
      await keepVerdict(database, examination)
      const amiss = examination.findings.map(({ invariant, count }) => ({ invariant, count }))
      if (!examination.sound) log.error({ amiss }, 'the records are not sound: see meridian doctor')
    },
  })
}
