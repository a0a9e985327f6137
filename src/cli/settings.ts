import { Command } from 'commander'
import { settingsTable } from '../config.ts'

export function settingsCommand(): Command {
  return new Command('settings')
    .description('List every setting: its name, its default, and what it does.')
    .option('--json', 'print them as JSON')
    .action(({ json }: { json?: boolean }) => {
      const table = settingsTable()
      process.stdout.write(
        json
          ? `${JSON.stringify(table, null, 2)}\n`
          : table.map(({ name, fallback, sentence }) => `${name}  (${fallback})\n    ${sentence}\n`).join(''),
      )
    })
}
