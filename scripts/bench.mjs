// Runs a measurement of the folder bench: `npm run bench` the one of speed, `npm run bench -- enumeration` another.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import { buildAll } from './build.mjs'
import { root } from './runtime.mjs'

/** Programs of their own; the others are run by Vitest, whose fixtures they share with the tests. */
const PROGRAMS = new Set(['speed', 'people', 'import', 'overload', 'growth', 'writes', 'scale-out', 'figures'])

const [name = 'speed'] = process.argv.slice(2)

if (!existsSync(join(root, 'bench', `${name}.ts`))) {
  const names = readdirSync(join(root, 'bench'))
    .filter((file) => file.endsWith('.ts') && file !== 'statistics.ts')
    .map((file) => file.replace(/\.ts$/, ''))
  process.stderr.write(`Name a measurement: ${names.join(', ')}\n`)
  process.exitCode = 1
} else if (PROGRAMS.has(name)) {
  await buildAll()
  process.argv.splice(2, 1)
  await import(join(root, 'bench', `${name}.ts`))
} else {
  const vitest = await startVitest('test', [], { include: [`bench/${name}.ts`], reporters: ['default'], watch: false })
  await vitest.close()
}
