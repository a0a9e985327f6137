import { Command, Option } from 'commander'
import { auditEvents } from '../audit/events.ts'
import { ENTRIES_A_PAGE, readAudit, readAuditFilter } from '../audit/reader.ts'
import { auditSentence } from '../audit/words.ts'
import type { Config } from '../config.ts'
import { withDatabase } from './with-database.ts'

/** The most that is read at once; for more there is SQL. */
const MOST = 10_000

interface Asked extends Record<string, string | boolean | undefined> {
  before?: string
  most?: string
  json?: boolean
}

export function auditCommand(config: () => Config): Command {
  return new Command('audit')
    .description('The record of what happened, the newest first.')
    .addOption(new Option('--event <event>', 'only this event').choices(auditEvents))
    .option('--person <id>', 'only what happened to this account')
    .option('--actor <id>', 'only what this member of the staff did to others')
    .option('--from <day>', 'from this day on, as 2026-01-31, UTC')
    .option('--until <day>', 'up to this day')
    .option('--before <id>', 'only what is older than the event of this id')
    .option('--most <number>', 'how many', String(ENTRIES_A_PAGE))
    .option('--json', 'print them as JSON, with all that is recorded')
    .action(({ json, before, most, ...wanted }: Asked) =>
      withDatabase(config(), async (database) => {
        const filter = readAuditFilter(wanted as Record<string, string>)
        const unread = Object.entries(filter).filter(([name, value]) => wanted[name] !== undefined && value === null)
        if (unread.length > 0) {
          process.stderr.write(`This cannot be read: ${unread.map(([name]) => `--${name}`).join(', ')}.\n`)
          process.exitCode = 1
          return
        }
        const count = Math.min(Math.max(Number(most) || ENTRIES_A_PAGE, 1), MOST)
        const start = /^\d{1,18}$/.test(before ?? '') ? (before as string) : null
        const page = await readAudit(database, filter, start, count)
        if (json) process.stdout.write(`${JSON.stringify(page, null, 2)}\n`)
        else process.stdout.write(page.entries.map(lineOf).join('') || 'Nothing is recorded that fits.\n')
      }),
    )
}

function lineOf(entry: Awaited<ReturnType<typeof readAudit>>['entries'][number]): string {
  const { id, occurred_at, event, details, account_id, actor_id, actor_name } = entry
  const by = actor_id !== null && actor_id !== account_id ? actor_name || actor_id : null
  return `${id}  ${occurred_at.toISOString()}  ${account_id ?? '-'}  ${auditSentence(event, { details, by })}\n`
}
