import { Command } from 'commander'
import type { Config } from '../config.ts'
import { migrate } from '../database/migrations.ts'
import { findStore } from '../database/store.ts'

export function migrateCommand(config: () => Config): Command {
  return new Command('migrate')
    .description('Bring the schema up to date. Safe to run twice, and by several nodes at once.')
    .option('--json', 'print the result as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await findStore(config())
      try {
        const applied = await migrate(store)
        process.stdout.write(json ? `${JSON.stringify({ applied })}\n` : wordsFor(applied))
      } finally {
        await store.leave()
      }
    })
}

function wordsFor(applied: readonly string[]): string {
  return applied.length === 0
    ? 'The schema is up to date.\n'
    : `Applied:\n${applied.map((name) => `  ${name}\n`).join('')}`
}
