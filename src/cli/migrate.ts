import { Command } from 'commander'
import type { Config } from '../config.ts'
import { Database } from '../database/database.ts'
import { migrate } from '../database/migrations.ts'
import { dumpSchema } from '../database/schema-dump.ts'
import { withStore } from './with-database.ts'

export function migrateCommand(config: () => Config): Command {
  return new Command('migrate')
    .description('Bring the schema up to date. Safe to run twice, and by several nodes at once.')
    .option('--json', 'print the result as JSON')
    .option('--dump', 'print the schema, as migrations/schema.sql holds it')
    .action(({ json, dump }: { json?: boolean; dump?: boolean }) =>
      withStore(config(), async (store) => {
        const applied = await migrate(store)
        if (dump) return void process.stdout.write(await dumpOf(store.ownerUrl))
        process.stdout.write(json ? `${JSON.stringify({ applied })}\n` : wordsFor(applied))
      }),
    )
}

function wordsFor(applied: readonly string[]): string {
  return applied.length === 0
    ? 'The schema is up to date.\n'
    : `Applied:\n${applied.map((name) => `  ${name}\n`).join('')}`
}

async function dumpOf(url: string): Promise<string> {
  const database = new Database({ url, connections: 1, onIdleError: () => {} })
  try {
    return await dumpSchema(database)
  } finally {
    await database.close()
  }
}
