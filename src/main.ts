import { existsSync } from 'node:fs'
import { answer } from './answers/catalogue.ts'
import { codeOf, Fault } from './answers/fault.ts'
import { readConfig } from './config.ts'

/** Exit codes: 0 done, 1 a mistake in how it was called or set up, 2 something is out of reach and may be tried again. */
const MISTAKE = 1
const OUT_OF_REACH = 2

if (existsSync('.env')) process.loadEnvFile('.env')

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`\n${wordsFor(error)}\n`)
  process.exit(answer(codeOf(error)).status === 503 ? OUT_OF_REACH : MISTAKE)
}

/** Each way reads only what it needs: a node that serves has no use for the import, and a command none for the pages. */
async function run([command = 'serve', ...more]: readonly string[]): Promise<void> {
  if (command === 'serve' && more.length === 0) return serveSite()
  const { program } = await import('./cli/program.ts')
  await program({ config: () => readConfig(process.env), serve: serveSite }).parseAsync()
}

async function serveSite(): Promise<void> {
  const { serve } = await import('./serve.ts')
  await serve(readConfig(process.env), process.stderr)
}

function wordsFor(error: unknown): string {
  if (!(error instanceof Fault)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const { words, whatNow } = answer(error.code)
  return [words, error.details, whatNow, `(${error.code})`].filter(Boolean).join('\n')
}
