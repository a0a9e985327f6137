// P9: passwords, session tokens and whole addresses that the tests used, searched for in everything that the servers
// wrote while they ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './runtime.mjs'

const results = join(root, 'test-results')

/** Null when all is well, else what was found and where. Fewer than this many secrets would prove nothing. */
const FEWEST = 10

export function searchForCanaries() {
  const list = join(results, 'canaries.txt')
  if (!existsSync(list)) return null
  const canaries = [...new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean))]
  const files = readdirSync(join(results, 'logs'))
  const words = byBeginning(
    canaries.flatMap((canary) => [canary, encodeURIComponent(canary), canary.replaceAll(' ', '+')]),
  )
  let lines = 0
  for (const file of files) {
    const text = readFileSync(join(results, 'logs', file), 'utf8')
    lines += text.split('\n').length
    const found = firstIn(text, words)
    if (found) return `${file} contains ${found.slice(0, 6)}…`
  }
  process.stdout.write(`${canaries.length} secrets searched for in ${lines} lines of ${files.length} logs\n`)
  return canaries.length >= FEWEST || process.argv.length > 2 ? null : 'too few secrets to prove anything'
}

/** Long enough to be rare in a log, and no longer than the shortest secret. */
const BEGINNING = 12

/** Tens of thousands of secrets against megabytes of log: looked up by how they begin, in one pass over the text. */
function byBeginning(words) {
  const short = words.find((word) => word.length < BEGINNING)
  if (short !== undefined) throw new Error('a secret is too short to be searched for')
  return Map.groupBy(new Set(words), (word) => word.slice(0, BEGINNING))
}

function firstIn(text, words) {
  for (let at = 0; at <= text.length - BEGINNING; at += 1) {
    const found = words.get(text.slice(at, at + BEGINNING))?.find((word) => text.startsWith(word, at))
    if (found) return found
  }
  return undefined
}
