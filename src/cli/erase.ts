import { Command } from 'commander'
import type { Config } from '../config.ts'
import { eraseDue } from '../operations/erasure/erasure.ts'
import { withDatabase } from './with-database.ts'

export function eraseCommand(config: () => Config): Command {
  return new Command('erase')
    .description('Erase the closed accounts whose fourteen days are over, as every running node does by itself.')
    .option('--json', 'print their ids as JSON')
    .action(({ json }: { json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const erased = await eraseDue(database)
        process.stdout.write(json ? `${JSON.stringify({ erased })}\n` : wordsFor(erased.length))
      }),
    )
}

function wordsFor(count: number): string {
  if (count === 0) return 'No closed account is due.\n'
  return `${count} closed ${count === 1 ? 'account was' : 'accounts were'} erased.\n`
}
