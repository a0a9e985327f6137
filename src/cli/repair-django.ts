import { Command, InvalidArgumentError } from 'commander'
import type { Transactional } from '../database/connection.ts'
import { examine, type Examination } from '../operations/doctor/doctor.ts'
import { legacyInvariants } from '../operations/doctor/django/invariants.ts'
import { DECIDABLE, type Decidable, type Decisions } from '../operations/doctor/django/mending.ts'
import { onLegacy } from '../operations/doctor/django/open.ts'
import {
  planLegacyRepair,
  repairLegacy,
  stands,
  type LegacyGuard,
  type LegacyPlan,
  type LegacyRepair,
  type LegacyWait,
} from '../operations/doctor/django/repair.ts'
import { undoLegacyRepair, type LegacyUndo } from '../operations/doctor/django/undo.ts'
import { exitCodeFor, patienceOption, verdictInWords } from './doctor.ts'
import { progressOn } from './progress.ts'

/** Exit codes: 1 something is left for a person, or a run cannot be taken back. */
const LEFT = 1

interface Options {
  apply?: boolean
  json?: boolean
  decide: Decidable[]
  keepAddress: number[]
  patience: number
}

export function repairDjangoCommand(): Command {
  const command = new Command('django')
    .description(
      'Mend the legacy Django database itself, and put the missing constraints in place. Without --apply it shows what it would do.',
    )
    .enablePositionalOptions()
    .argument('<url>', 'its PostgreSQL database, as the user that owns its tables: postgres://…')
    .option('--apply', 'do it')
    .option(
      '--decide <findings...>',
      `decide by the stated rule, for everybody: ${DECIDABLE.join(', ')}`,
      decidable,
      [],
    )
    .option('--keep-address <user>', 'who keeps the address that several share, by id (may be given again)', userId, [])
    .option('--json', 'print plan or deeds as JSON')
    .addOption(patienceOption())
    .action((url: string, options: Options) => onLegacy(url, 'meridian repair', (legacy) => run(legacy, options)))

  command
    .command('undo')
    .description('Put every row back as it was before a repair, and take its constraints away again.')
    .argument('<run>', 'the id that the repair printed')
    .argument('<url>', 'the legacy database')
    .action((id: string, url: string) =>
      onLegacy(url, 'meridian repair', async (legacy) => {
        const undone = await undoLegacyRepair(legacy, id)
        process.stdout.write(`${undoInWords(id, undone)}\n`)
        if (undone.outcome !== 'undone') process.exitCode = LEFT
      }),
    )

  return command
}

async function run(legacy: Transactional, { apply, json, decide, keepAddress, patience }: Options): Promise<void> {
  const decisions: Decisions = { rules: new Set(decide), keepers: keepAddress }
  const plan = await planLegacyRepair(legacy, decisions)
  if (plan.outcome === 'nothing-to-keep') {
    process.stderr.write(
      `Nobody else has the address of auth_user ${plan.users.join(', ')}: there is nothing to keep.\n`,
    )
    process.exitCode = LEFT
    return
  }
  if (!apply) {
    process.stdout.write(json ? `${JSON.stringify(plan, null, 2)}\n` : planInWords(plan))
    process.exitCode = plan.waiting.length + plan.deeds.length + plan.guards.length > 0 ? LEFT : 0
    return
  }
  const done = await repairLegacy(legacy, decisions)
  const onAsked = progressOn(process.stderr, !json)
  const after = await examine(legacy, legacyInvariants(), { patience, onAsked })
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...done, after }, null, 2)}\n`
      : `${deedsInWords(done)}\n${shortVerdict(after)}${wayBack(done)}`,
  )
  process.exitCode = exitCodeFor(after)
}

function planInWords(plan: LegacyPlan): string {
  const { deeds, guards, waiting } = plan
  if (deeds.length + guards.length + waiting.length === 0) return 'Sound: nothing to repair.\n'
  const ready = guards.filter(({ waitsFor }) => waitsFor.length === 0)
  return [
    'Nothing has been changed. With --apply this would be done, in one transaction, each row kept as it was:\n\n',
    ...deeds.map(({ count, finding, table, why }) => `${line(count, why)}${note(`${finding}, ${table}`)}`),
    ...ready.map(({ name, keeps }) => `${line(1, `The database itself keeps ${keeps}.`)}${note(name)}`),
    deeds.length + ready.length === 0 ? line(0, 'Nothing.') : '',
    ...leftInWords(waiting, guards),
  ].join('')
}

function deedsInWords(done: LegacyRepair): string {
  if (done.run === null)
    return [
      'Nothing was there to be done, and nothing was changed.\n',
      ...leftInWords(done.waiting, done.guards),
      ...failuresInWords(done),
    ].join('')
  return [
    ...done.deeds.map(({ count, why }) => line(count, why)),
    ...done.guards
      .filter((guard) => stands(done, guard))
      .map(({ keeps }) => line(1, `The database itself keeps ${keeps}.`)),
    ...failuresInWords(done),
    ...leftInWords(done.waiting, done.guards),
  ].join('')
}

function failuresInWords({ failures, refused }: LegacyRepair): string[] {
  return [
    ...failures.map(
      ({ finding, keys, words }) =>
        `${line('failed', `${finding}: ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ` and ${keys.length - 5} more` : ''}`)}${note(words)}`,
    ),
    ...refused.map(({ name, words }) => `${line('failed', name)}${note(words)}`),
  ]
}

function leftInWords(waiting: readonly LegacyWait[], guards: readonly LegacyGuard[]): string[] {
  const held = guards.filter(({ waitsFor }) => waitsFor.length > 0)
  if (waiting.length + held.length === 0) return []
  return [
    '\nLeft for a person to decide:\n\n',
    ...waiting.map(({ count, finding, table, why }) => `${line(count, `${finding}, ${table}`)}${note(why)}`),
    ...held.map(
      ({ name, keeps, waitsFor }) =>
        `${line('', `Until then nothing keeps ${keeps}.`)}${note(`${name} waits for ${waitsFor.join(', ')}`)}`,
    ),
  ]
}

/** What is left was just told, so that its number is enough. */
function shortVerdict(after: Examination): string {
  const named = after.sound ? '' : 'meridian doctor django names them.\n'
  return `${verdictInWords(after).split('\n')[0]}\n${named}`
}

function wayBack({ run: id }: LegacyRepair): string {
  return id === null ? '' : `\nTo take it back: meridian repair django undo ${id} <url>\n`
}

function undoInWords(id: string, undone: LegacyUndo): string {
  switch (undone.outcome) {
    case 'undone':
      return `${undone.rows} ${undone.rows === 1 ? 'row is' : 'rows are'} as they were before the repair, and its constraints are gone. The doctor finds again what it found then.`
    case 'no-such-run':
      return `There is no repair ${id} of this database.`
    case 'undone-before':
      return `The repair ${id} has been taken back before.`
    case 'changed-since':
      return `Nothing was taken back: of ${undone.relation} these have been changed since, or are gone (${undone.count}).\n${undone.keys.map((key) => `  ${undone.relation} ${key}`).join('\n')}`
    case 'in-the-way':
      return `Nothing was taken back: something that came to be since is in the way.\n  ${undone.words}`
  }
}

function line(count: number | string, text: string): string {
  return `${String(count).padStart(8)}  ${text}\n`
}

function note(text: string): string {
  return `          ${text}\n`
}

function decidable(text: string, before: Decidable[]): Decidable[] {
  const finding = DECIDABLE.find((each) => each === text)
  if (!finding) throw new InvalidArgumentError(`There is a rule for ${DECIDABLE.join(', ')}.`)
  return [...before, finding]
}

function userId(text: string, before: number[]): number[] {
  if (!/^\d{1,18}$/.test(text)) throw new InvalidArgumentError('It is the id of a user, a whole number.')
  return [...before, Number(text)]
}
