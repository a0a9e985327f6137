import { Command } from 'commander'
import type { Config } from '../config.ts'
import { Keys } from '../lib/keys.ts'
import { letterWriter } from '../operations/delivery/letter-writer.ts'
import { findLetter, newestLetters, retryLetters, type LetterOnFile } from '../mail/outbox-reader.ts'
import { codePaths } from '../urls.ts'
import { withDatabase } from './with-database.ts'

/** Exit code for a letter that does not exist. */
const NO_SUCH_LETTER = 1

export function mailCommand(config: () => Config): Command {
  const mail = new Command('mail').description('Look into the outbox: what waits, what was sent, what was given up.')

  mail
    .command('list')
    .description('The newest letters, with their state.')
    .option('--waiting', 'only those that have neither been sent nor given up')
    .option('--json', 'print them as JSON')
    .action(({ waiting = false, json }: { waiting?: boolean; json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const letters = await newestLetters(database, waiting)
        process.stdout.write(
          json ? `${JSON.stringify(letters, null, 2)}\n` : letters.map(lineOf).join('') || 'No letters.\n',
        )
      }),
    )

  mail
    .command('show <id>')
    .description('One letter as its reader sees it, link and all.')
    .action((id: string) =>
      withDatabase(config(), async (database, { BRAND_NAME, PUBLIC_URL, SECRETS }) => {
        const letter = await findLetter(database, id)
        if (!letter) return missing(id)
        const write = letterWriter({
          brand: BRAND_NAME,
          publicUrl: PUBLIC_URL,
          keys: new Keys(SECRETS),
          paths: codePaths,
        })
        const { subject, text } = write(letter)
        process.stdout.write(`To: ${letter.recipient}\nSubject: ${subject}\n\n${text}`)
      }),
    )

  mail
    .command('retry [id]')
    .description('Let a letter that waits or was given up be due now; without an id, all of them.')
    .action((id: string | undefined) =>
      withDatabase(config(), async (database) => {
        const count = await retryLetters(database, id ?? null)
        process.stdout.write(`${count} ${count === 1 ? 'letter is' : 'letters are'} due now.\n`)
        if (id !== undefined && count === 0) missing(id)
      }),
    )

  return mail
}

function lineOf({ id, kind, recipient, state, attempts, last_error, created_at }: LetterOnFile): string {
  const error = last_error === null ? '' : `  ${last_error}`
  return `${id}  ${created_at.toISOString()}  ${state.padEnd(8)}  ${String(attempts).padStart(2)}×  ${kind.padEnd(17)}  ${recipient}${error}\n`
}

function missing(id: string): void {
  process.stderr.write(`There is no letter ${id} that this could be done with.\n`)
  process.exitCode = NO_SUCH_LETTER
}
