import { Command } from 'commander'
import type { Config } from '../config.ts'
import { Database } from '../database/database.ts'
import { findStore } from '../database/store.ts'
import { eraseDue } from '../operations/erasure/erasure.ts'

export function eraseCommand(config: () => Config): Command {
  return new Command('erase')
    .description('Erase the closed accounts whose fourteen days are over, as every running node does by itself.')
    .option('--json', 'print their ids as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const store = await findStore(config())
      const database = new Database({ url: store.appUrl, connections: 1, onIdleError: () => {} })
      try {
        const erased = await eraseDue(database)
        process.stdout.write(json ? `${JSON.stringify({ erased })}\n` : wordsFor(erased.length))
      } finally {
        await database.close()
        await store.leave()
      }
    })
}

function wordsFor(count: number): string {
  if (count === 0) return 'No closed account is due.\n'
  return `${count} closed ${count === 1 ? 'account was' : 'accounts were'} erased.\n`
}
