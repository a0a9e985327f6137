import { Command, Option } from 'commander'
import { NO_REQUEST } from '../audit/events.ts'
import type { Config } from '../config.ts'
import type { Connection } from '../database/connection.ts'
import {
  choices,
  mergeAccounts,
  previewMerge,
  undoMerge,
  type Choice,
  type MergePreview,
  type MergeRefusal,
  type MergeUndo,
} from '../flows/merging/merge.ts'
import { withConnection, withStore } from './with-database.ts'

/** Exit code for what was refused. */
const REFUSED = 1

const refusals: Record<MergeRefusal, string> = {
  'same-account': 'That is one account, named twice.',
  'no-such-account': 'There is no such account. Accounts are named by their id.',
  'not-customers': 'Only customers can be merged; one of the two is of the staff.',
  'without-a-name': 'Neither an address nor a username would be left to sign in with.',
  closing: 'One of the two is being closed. It is erased on its day, or kept by its owner.',
}

interface Options {
  take?: Choice[]
  reason?: string
  apply?: boolean
  json?: boolean
}

export function mergeCommand(config: () => Config): Command {
  const command = new Command('merge')
    .description(
      'Make one account of two of the same customer. Shows everything that hangs on them; does it with --apply.',
    )
    .argument('[kept]', 'the account that stays, by its id')
    .argument('[other]', 'the account that goes, by its id')
    .addOption(
      new Option('--take <fields...>', 'what is taken from the account that goes').choices(Object.keys(choices)),
    )
    .option('--reason <words>', 'why; kept in the record')
    .option('--apply', 'do it')
    .option('--json', 'print preview or outcome as JSON')
    .action((kept: string | undefined, other: string | undefined, options: Options) => {
      if (kept === undefined || other === undefined) return command.help({ error: true })
      return onConnection(config(), (connection) => merge(connection, kept, other, options))
    })

  command
    .command('undo <run>')
    .description('Take a merge back, within thirty days.')
    .action((run: string) =>
      onConnection(config(), async (connection) => {
        const undone = await undoMerge(connection, run, null, NO_REQUEST)
        process.stdout.write(`${undoInWords(undone)}\n`)
        if (undone.outcome !== 'undone') process.exitCode = REFUSED
      }),
    )

  return command
}

async function merge(connection: Connection, keptId: string, otherId: string, options: Options): Promise<void> {
  const { take, reason = 'at the command line', apply, json } = options
  const preview = await previewMerge(connection, keptId, otherId)
  if ('refused' in preview) return refuse(preview.refused)
  const taken = take ?? preview.fields.filter(({ suggested }) => suggested === 'other').map(({ choice }) => choice)
  if (!apply)
    return void process.stdout.write(json ? `${JSON.stringify(preview, null, 2)}\n` : previewInWords(preview, taken))
  const merged = await mergeAccounts(connection, {
    keptId,
    otherId,
    take: taken,
    actorId: null,
    reason,
    origin: NO_REQUEST,
  })
  if (merged.outcome !== 'merged') return refuse(merged.outcome)
  process.stdout.write(
    json
      ? `${JSON.stringify(merged)}\n`
      : `Merged; ${merged.rows} rows were moved, changed or archived. A letter to each address says so.\nTo take it back within thirty days: meridian merge undo ${merged.run}\n`,
  )
}

function refuse(refusal: MergeRefusal): void {
  process.stderr.write(`${refusals[refusal]}\n`)
  process.exitCode = REFUSED
}

function previewInWords({ kept, other, fields }: MergePreview, taken: readonly Choice[]): string {
  const show = (values: Record<string, string | null>) => Object.values(values).filter(Boolean).join(', ') || '–'
  const lines = fields.map(({ choice, kept: ours, other: theirs, same }) => {
    const mark = same ? '  both  ' : taken.includes(choice) ? '  other ' : '  kept  '
    return `${mark}${choice.padEnd(14)} ${show(ours)}${same ? '' : `  |  ${show(theirs)}`}\n`
  })
  const hanging = (side: MergePreview['kept']) =>
    side.hanging.map(({ name, count }) => `  ${String(count).padStart(6)}  ${name}\n`).join('')
  return `Nothing has been changed. With --apply, ${kept.id} stays and ${other.id} goes.\n\n${lines.join('')}\nOn the account that stays hang:\n${hanging(kept)}On the account that goes hang:\n${hanging(other)}`
}

function undoInWords(undone: MergeUndo): string {
  switch (undone.outcome) {
    case 'undone':
      return `Taken back: ${undone.rows} rows are as they were. Its person signs in anew: sessions and links stay ended.`
    case 'no-such-run':
      return 'There is no such merge.'
    case 'undone-before':
      return 'That merge has been taken back before.'
    case 'too-late':
      return 'That merge is older than thirty days.'
    case 'changed-since':
      return `Nothing was taken back: ${undone.changed.relation} of ${undone.changed.accounts.join(', ')} has been changed since.`
    case 'in-the-way':
      return `Nothing was taken back: something that came to be since is in the way.\n  ${undone.words}`
  }
}

function onConnection(settings: Config, work: (connection: Connection) => Promise<void>): Promise<void> {
  return withStore(settings, ({ appUrl }) => withConnection(appUrl, 'meridian merge', work))
}
