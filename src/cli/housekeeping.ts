import { Command } from 'commander'
import type { Config } from '../config.ts'
import { keepHouse, type HouseReport } from '../operations/housekeeping/housekeeping.ts'
import { retentions } from '../operations/housekeeping/retention.ts'
import { withDatabase } from './with-database.ts'

export function housekeepingCommand(config: () => Config): Command {
  return new Command('housekeeping')
    .description(
      'Remove what is outdated now, as every node does by itself every ten minutes. docs/housekeeping.md lists it.',
    )
    .option('--json', 'print the counts as JSON')
    .action(({ json }: { json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const report = await keepHouse(database)
        process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : wordsFor(report))
      }),
    )
}

function wordsFor({ complete, removed }: HouseReport): string {
  const lines = retentions.map(({ name, keeps }) => {
    const count = String(removed[name]).padStart(8)
    return `${count}  ${name.padEnd(22)}  (kept: ${keeps})\n`
  })
  const total = Object.values(removed).reduce((sum, count) => sum + count, 0)
  const rest = complete ? '' : 'Another node is at it at this moment, and does the rest.\n'
  return `Removed ${total} ${total === 1 ? 'row' : 'rows'}:\n${lines.join('')}${rest}`
}
