import { Command, InvalidArgumentError, Option } from 'commander'
import type { Config } from '../config.ts'
import { MINUTE, SECOND } from '../lib/time.ts'
import { examine, invariantsOf, type Examination, type Finding } from '../operations/doctor/doctor.ts'
import { keepVerdict } from '../operations/doctor/verdicts.ts'
import { progressOn } from './progress.ts'
import { withConnection, withStore } from './with-database.ts'

/** Exit codes: 1 something offends, 2 nothing that was asked does, but not everything could be asked. */
const DRIFT = 1
const NOT_ALL_ASKED = 2

const PATIENCE = 5 * MINUTE

export function doctorCommand(config: () => Config): Command {
  return new Command('doctor')
    .description('Ask whether the records and the schema are sound. Changes nothing, and disturbs nobody.')
    .enablePositionalOptions()
    .option('--json', 'print the verdict as JSON')
    .addOption(patienceOption())
    .action(async ({ json, patience }: { json?: boolean; patience: number }) => {
      const settings = config()
      await withStore(settings, ({ appUrl }) =>
        withConnection(appUrl, 'meridian doctor', async (connection) => {
          const progress = progressOn(process.stderr, !json)
          const invariants = invariantsOf({ mailServer: settings.SMTP_URL !== undefined })
          const verdict = await examine(connection, invariants, { patience, onAsked: progress })
          await keepVerdict(connection, verdict).catch((error: unknown) => {
            process.stderr.write(`The verdict could not be kept for the console: ${(error as Error).message}\n`)
          })
          process.stdout.write(json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictInWords(verdict))
          process.exitCode = exitCodeFor(verdict)
        }),
      )
    })
}

export function exitCodeFor({ findings }: Pick<Examination, 'findings'>): number {
  if (findings.some(({ unasked }) => unasked === null)) return DRIFT
  return findings.length === 0 ? 0 : NOT_ALL_ASKED
}

export function verdictInWords({ findings, asked }: Examination): string {
  if (findings.length === 0) return `Sound: ${asked} invariants hold.\n`
  const offenders = findings.reduce((sum, { count }) => sum + count, 0)
  const head = `Not sound: ${findings.length} of ${asked} invariants do not hold or could not be asked, ${offenders} ${offenders === 1 ? 'offender' : 'offenders'}.\n`
  return `${head}\n${findings.map(findingInWords).join('\n')}`
}

function findingInWords({ invariant, expects, remedy, count, examples, unasked }: Finding): string {
  const actual =
    unasked === null
      ? `${count} ${count === 1 ? 'offender' : 'offenders'}\n${examples.map(({ subject, found }) => `              ${subject}: ${found}\n`).join('')}${count > examples.length ? `              and ${count - examples.length} more\n` : ''}`
      : `could not be asked: ${unasked}\n`
  return `${invariant}\n  expected    ${expects}\n  actual      ${actual}  remedy      ${remedy}\n`
}

export function patienceOption(): Option {
  return new Option('--patience <seconds>', 'how long one question of the doctor may take')
    .argParser(seconds)
    .default(PATIENCE, String(PATIENCE / SECOND))
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('The patience is a number of seconds.')
  return value * SECOND
}
