import { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Connection } from '../database/connection.ts'
import { roleOf } from '../database/migrations.ts'
import type { Store } from '../database/store.ts'
import { examine, invariantsOf } from '../operations/doctor/doctor.ts'
import { planFor, repair, undoRepair, type Deed, type PlannedDeed } from '../operations/doctor/repair.ts'
import { keepVerdict } from '../operations/doctor/verdicts.ts'
import { exitCodeFor, patienceOption, verdictInWords } from './doctor.ts'
import { progressOn } from './progress.ts'
import { withConnection, withStore } from './with-database.ts'

/** Exit code for a run that cannot be taken back. */
const NOT_UNDONE = 1

interface Options {
  apply?: boolean
  json?: boolean
  patience: number
}

export function repairCommand(config: () => Config): Command {
  const command = new Command('repair')
    .enablePositionalOptions()
    .description(
      'Show what would be done about what the doctor finds; do it with --apply. Every row is kept as it was.',
    )
    .option('--apply', 'do it')
    .option('--json', 'print plan or deeds as JSON')
    .addOption(patienceOption())
    .action((options: Options) => asOwner(config(), (owner, store, settings) => run(owner, store, settings, options)))

  command
    .command('undo <run>')
    .description('Put every row back as it was before a repair, as long as nobody has changed it since.')
    .action((id: string) => asOwner(config(), (owner) => undo(owner, id)))

  return command
}

async function run(
  owner: Connection,
  store: Store,
  settings: Config,
  { apply, json, patience }: Options,
): Promise<void> {
  const appRole = await roleOf(store.appUrl)
  return withConnection(store.appUrl, 'meridian doctor', async (app) => {
    const invariants = invariantsOf({ mailServer: settings.SMTP_URL !== undefined })
    const onAsked = progressOn(process.stderr, !json)
    const before = await examine(app, invariants, { patience, onAsked })
    const plan = planFor(before.findings)
    if (!apply) {
      process.stdout.write(json ? `${JSON.stringify({ plan }, null, 2)}\n` : planInWords(plan))
      process.exitCode = exitCodeFor(before)
      return
    }
    if (before.sound)
      return void process.stdout.write(json ? '{"run":null,"deeds":[]}\n' : 'Sound: nothing to repair.\n')
    const done = await repair(owner, before.findings, appRole)
    const after = await examine(app, invariants, { patience, onAsked })
    await keepVerdict(app, after)
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...done, after }, null, 2)}\n`
        : `${deedsInWords(done.deeds)}\n${verdictInWords(after)}\nTo take it back: meridian repair undo ${done.run}\n`,
    )
    process.exitCode = exitCodeFor(after)
  })
}

async function undo(owner: Connection, id: string): Promise<void> {
  const undone = await undoRepair(owner, id)
  process.stdout.write(`${undoInWords(id, undone)}\n`)
  if (undone.outcome !== 'undone') process.exitCode = NOT_UNDONE
}

function undoInWords(id: string, undone: Awaited<ReturnType<typeof undoRepair>>): string {
  switch (undone.outcome) {
    case 'undone':
      return `${rows(undone.rows)} are as they were before the repair. The doctor finds again what it found then.`
    case 'no-such-run':
      return `There is no repair ${id}.`
    case 'undone-before':
      return `The repair ${id} has been taken back before.`
    case 'changed-since': {
      const { count, relation, accounts } = undone.changed
      return `Nothing was taken back: ${rows(count)} of ${relation} have been changed since.\n${accounts.map((each) => `  accounts ${each}`).join('\n')}`
    }
    case 'in-the-way':
      return `Nothing was taken back: something that came to be since is in the way.\n  ${undone.words}`
  }
}

function planInWords(plan: readonly PlannedDeed[]): string {
  if (plan.length === 0) return 'Sound: nothing to repair.\n'
  const lines = plan.map(({ invariant, count, deeds }) => {
    const what =
      deeds.length === 0 ? ['Nothing: a person has to decide. See the remedy that meridian doctor prints.'] : deeds
    return `${invariant}  (${count})\n${what.map((deed) => `  ${deed}\n`).join('')}`
  })
  return `Nothing has been changed. With --apply this would be done, in one transaction, each row kept as it was:\n\n${lines.join('')}`
}

function deedsInWords(deeds: readonly Deed[]): string {
  return deeds
    .map(
      ({ why, count, failed }) =>
        `${failed === null ? String(count).padStart(8) : '  failed'}  ${why}${failed === null ? '' : `\n          ${failed}`}\n`,
    )
    .join('')
}

function rows(count: number): string {
  return `${count} ${count === 1 ? 'row' : 'rows'}`
}

function asOwner(
  settings: Config,
  work: (owner: Connection, store: Store, settings: Config) => Promise<void>,
): Promise<void> {
  return withStore(settings, (store) =>
    withConnection(store.ownerUrl, 'meridian repair', (owner) => work(owner, store, settings)),
  )
}
