// Runs a measurement of the folder bench: node scripts/launch.mjs scripts/bench.mjs enumeration
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startVitest } from 'vitest/node'
import { root } from './runtime.mjs'

const [name = ''] = process.argv.slice(2)

if (existsSync(join(root, 'bench', `${name}.ts`))) {
  const vitest = await startVitest('test', [], {
    include: [`bench/${name}.ts`],
    reporters: ['default'],
    watch: false,
  })
  await vitest.close()
} else {
  const names = readdirSync(join(root, 'bench')).filter((file) => file !== 'statistics.ts')
  process.stderr.write(`Name a measurement: ${names.map((file) => file.replace(/\.ts$/, '')).join(', ')}\n`)
  process.exitCode = 1
}
