import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { Fault } from '../answers/fault.ts'
import { Database } from '../database/database.ts'
import { newId } from '../lib/random.ts'
import { SECOND } from '../lib/time.ts'
import { invariants } from '../torture/checker.ts'
import { drill } from '../torture/drill.ts'
import { report } from '../torture/report.tsx'
import { assertStaging, markStaging, unmarkStaging } from '../torture/staging.ts'
import type { Summary } from '../torture/summary.ts'
import { progressOn } from './progress.ts'

/** Exit code: an invariant was broken. */
const BROKEN = 1

const LONGEST = 6 * 60 * 60

interface Options {
  url: string[]
  database: string
  seconds: number
  people: number
  report: string
  json?: boolean
  keep?: boolean
}

export function tortureCommand(): Command {
  const torture = new Command('torture')
    .description(
      'Storm a staging system with invented people, and prove that nothing was lost, doubled or left half done.',
    )
    .option(
      '--url <origin>',
      'the origin of a node or of the load balancer; may be given several times',
      eachOrigin,
      [],
    )
    .requiredOption('--database <url>', 'postgres://…, the database behind them')
    .option('--seconds <count>', 'how long people go on', wholeNumber(1, LONGEST), 60)
    .option('--people <count>', 'how many there are at once', wholeNumber(1, 500), 16)
    .option('--report <file>', 'where the report goes', 'storm.html')
    .option('--json', 'print the figures and the verdicts as JSON')
    .option('--keep', 'leave the invented accounts where they are')
    .action(storm)
  torture
    .command('mark-staging')
    .description('Say of the database that it may be stormed, through these origins alone. As the role that owns it.')
    .option('--accounts <count>', 'how many accounts it holds, as a proof that you know it', wholeNumber(0, 1e9), 0)
    .action(async (_: unknown, command: Command) => {
      const { url, database, accounts } = command.optsWithGlobals<Options & { accounts: number }>()
      await markStaging(database, named(url), accounts)
      process.stdout.write(`It may be stormed, through ${url.join(' and ')} alone.\n`)
    })
  torture
    .command('unmark-staging')
    .description('Take that back.')
    .action(async (_: unknown, command: Command) => {
      await unmarkStaging(command.optsWithGlobals<Options>().database)
      process.stdout.write('It may not be stormed any more.\n')
    })
  return torture
}

async function storm({ url, database, seconds, people, report: reportPath, json, keep }: Options): Promise<void> {
  await withDatabaseOf(database, (connection) => assertStaging(connection, named(url)))
  const run = newId().replaceAll('-', '')
  const domain = `${run}.torture.example`
  const historyPath = join(tmpdir(), `meridian-storm-${run}.jsonl`)
  const stop = new AbortController()
  const cutShort = () => stop.abort()
  process.once('SIGINT', cutShort)
  const progress = progressOn(process.stderr, !json)
  const { summary, removed } = await drill({
    origins: url,
    databaseUrl: database,
    domain,
    people,
    lasts: seconds * SECOND,
    historyPath,
    keep: keep ?? false,
    stop: stop.signal,
    onProgress: (elapsed, { done, refused, unknown }) =>
      progress(
        Math.min(seconds, Math.floor(elapsed / SECOND)),
        seconds,
        `s: ${done} acknowledged, ${refused} refused, ${unknown} unknown`,
      ),
  }).finally(() => {
    process.removeListener('SIGINT', cutShort)
    progress(seconds, seconds, null)
  })
  writeFileSync(reportPath, report(summary, `${people} people at once on ${url.join(', ')}.`))
  const broken = summary.verdicts.some(({ holds }) => holds === false)
  if (!broken) rmSync(historyPath)
  const rest = [
    keep
      ? `The accounts at ${domain} were kept.`
      : `${removed} invented accounts were removed; their audit events stay.`,
    ...(broken ? [`The history is in ${historyPath}.`] : []),
    `The report is ${reportPath}.`,
  ]
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : wordsFor(summary, rest))
  if (broken) process.exitCode = BROKEN
}

function wordsFor({ acts, recoveries, verdicts }: Summary, rest: readonly string[]): string {
  const outages = recoveries.map(({ took }) => (took === null ? 'never' : `${took} ms`))
  const lines = verdicts.map(({ invariant, holds, looked, breaches }) => {
    const word = holds === null ? '–' : holds ? '✓' : '✗'
    const told = breaches.slice(0, 5).map((breach) => `\n      ${breach}`)
    return `  ${word} ${invariants[invariant]} (${looked})${told.join('')}`
  })
  return [
    `${acts.done} acts acknowledged, ${acts.refused} refused, ${acts.unknown} of unknown end.`,
    ...(outages.length > 0
      ? [`Writes stopped ${outages.length} times; service was back after ${outages.join(', ')}.`]
      : []),
    ...lines,
    ...rest,
    '',
  ].join('\n')
}

async function withDatabaseOf(url: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = new Database({ url, connections: 1, onIdleError: () => {} })
  try {
    await work(database)
  } finally {
    await database.close()
  }
}

function named(origins: string[]): string[] {
  if (origins.length === 0) throw new Fault('storm-refused', { details: 'Name the site: --url.' })
  return origins
}

function eachOrigin(text: string, before: string[]): string[] {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new InvalidArgumentError('not an origin')
  return [...before, new URL(text).origin]
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`a whole number from ${least} to ${most}`)
  }
}
