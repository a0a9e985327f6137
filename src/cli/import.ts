import { writeFileSync } from 'node:fs'
import { progress as progressBar } from '@clack/prompts'
import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '../config.ts'
import { importDjango, type ImportReport, type Progress } from '../operations/django-import/import.ts'
import { openQuestions, type ImportQuestion } from '../operations/django-import/questions.ts'
import { importRuns, type ImportRun } from '../operations/django-import/runs.ts'
import { undoImport } from '../operations/django-import/undo.ts'
import { importReportHtml, timeIn } from './import-report.ts'
import { withDatabase, withStore } from './with-database.ts'

interface DjangoOptions {
  apply?: boolean
  json?: boolean
  html?: string
  source: string
  examples: number
  ignoreExtraColumns?: boolean
}

export function importCommand(config: () => Config): Command {
  const command = new Command('import').description('Take accounts over from another system.')
  command
    .command('django')
    .description(
      'Take the users and profiles of the legacy Django site over. Without --apply it reads, checks and reports.',
    )
    .argument('<url>', 'its PostgreSQL database, or a dump restored anywhere: postgres://…')
    .option('--apply', 'write what the report says')
    .option('--json', 'print the report as JSON')
    .option('--html <file>', 'write the report as a page of its own')
    .option('--examples <count>', 'how many rows of each finding are named', wholeNumber, 3)
    .option('--source <name>', 'what the legacy system is called here, should there be several', 'django')
    .option('--ignore-extra-columns', 'leave columns behind that the legacy site did not have')
    .action(async (url: string, options: DjangoOptions) => {
      const settings = config()
      await withStore(settings, async (store) => {
        const report = await importDjango({
          sourceUrl: url,
          targetUrl: store.appUrl,
          source: options.source,
          defaultCountry: settings.DEFAULT_COUNTRY,
          extraColumns: options.ignoreExtraColumns ?? false,
          apply: options.apply ?? false,
          examples: options.examples,
          progress: process.stderr.isTTY ? bars() : silent,
        })
        if (options.html) writeFileSync(options.html, importReportHtml(report, settings.BRAND_NAME))
        process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : wordsFor(report))
      })
    })
  command
    .command('undo')
    .description(
      'Take an import back: the accounts that it made go, unless somebody has done something with them since.',
    )
    .argument('<run>', 'the id that the import printed')
    .option('--json', 'print what was done as JSON')
    .action((run: string, { json }: { json?: boolean }) =>
      withStore(config(), async (store) => {
        const report = await undoImport(store.appUrl, run)
        const kept = report.kept.map((id) => `  ${id}\n`).join('')
        process.stdout.write(
          json
            ? `${JSON.stringify(report)}\n`
            : `${number(report.removed)} accounts were taken back.\n${kept === '' ? '' : `${number(report.kept.length)} stay, for something was done with them since:\n${kept}`}`,
        )
      }),
    )
  command
    .command('list')
    .description('List the imports so far, the last first.')
    .option('--json', 'print them as JSON')
    .action(({ json }: { json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const runs = await importRuns(database)
        process.stdout.write(
          json ? `${JSON.stringify(runs, null, 2)}\n` : runs.map(lineOfRun).join('') || 'There was none yet.\n',
        )
      }),
    )
  command
    .command('questions')
    .description('List the users whose address or username somebody else has, for a person to decide.')
    .option('--json', 'print them as JSON')
    .action(({ json }: { json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const open = await openQuestions(database)
        const lines = open.map(
          ({ legacy_id: id, account, finding }) => `auth_user ${id}  ${finding}  ${account?.id ?? 'no account'}\n`,
        )
        process.stdout.write(
          json
            ? `${JSON.stringify(open.map(withoutNames), null, 2)}\n`
            : lines.join('') || 'Nothing is to be decided.\n',
        )
      }),
    )
  return command
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.')
  return Number(text)
}

/** What a program is told: ids, and nobody's name or address. */
function withoutNames({ id, source, legacy_id, finding, account, keeper }: ImportQuestion) {
  return { id, source, legacy_id, finding, account_id: account?.id ?? null, keeper_id: keeper?.id ?? null }
}

function lineOfRun({
  id,
  source,
  started_at: started,
  finished_at: finished,
  undone_at: undone,
  accounts,
}: ImportRun): string {
  const end = undone ? 'taken back' : finished ? 'finished' : 'not finished'
  return `${id}  ${started.toISOString().slice(0, 16)}  ${source}  ${number(accounts)} accounts  ${end}\n`
}

const silent: Progress = { reading: () => {}, deciding: () => {}, writing: () => {} }

function bars(): Progress {
  let rows = 0
  let bar: ReturnType<typeof progressBar> | null = null
  let last = 0
  return {
    reading: (more) => {
      rows += more
      process.stderr.write(`\rReading: ${number(rows)} rows `)
    },
    deciding: () => process.stderr.write('\nChecking …\n'),
    writing: (users, of) => {
      if (bar === null) {
        bar = progressBar({ max: of, output: process.stderr })
        bar.start('Writing')
      }
      bar.advance(users - last, `Writing: ${number(users)} of ${number(of)} users`)
      last = users
      if (users >= of) bar.stop('Written')
    },
  }
}

function wordsFor(report: ImportReport): string {
  const { read, accounts, seconds, run } = report
  const taken = report.resumed ? ', taking up a run that was broken off' : ''
  const head = !report.applied
    ? 'Nothing was written: this is what an import would do. Add --apply to have it done.'
    : run === null
      ? 'There was nothing new to import.'
      : `Imported${taken}. To take it back: meridian import undo ${run}`
  const lines = [
    head,
    '',
    `Read        ${number(read.users)} users, ${number(read.customerProfiles)} customer profiles, ${number(read.staffProfiles)} staff profiles`,
    ...(report.before > 0 ? [`Known       ${number(report.before)} users that an earlier import has dealt with`] : []),
    `Accounts    ${number(accounts.customers)} customers, ${number(accounts.staff)} staff; ${number(accounts.suspended)} of them suspended`,
    `Left aside  ${number(accounts.leftAside)} users; ${number(report.questions)} questions for a person to decide`,
    `Archived    ${number(report.archived)} rows, whole, as they were`,
    `Passwords   ${report.passwords.map(({ scheme, count }) => `${scheme} ${number(count)}`).join(', ') || 'none'}`,
    `Time        ${timeIn(seconds)}`,
    '',
    ...report.found.flatMap(({ title, count, remedy, examples }) => [
      `${number(count).padStart(9)}  ${title}`,
      `           ${remedy}`,
      `           ${examples.join(', ')}`,
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function number(count: number): string {
  return count.toLocaleString('en')
}
