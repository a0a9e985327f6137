// Everything that has to hold, in order, each step by its name. `npm test -- test/promises` runs that part of the tests
// alone.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './runtime.mjs'
import { searchForCanaries } from './canaries.mjs'

const only = process.argv.slice(2)
const results = join(root, 'test-results')

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })

if (only.length === 0) {
  step('types', 'tsc', '-p', 'tsconfig.json')
  step('lint', 'oxlint', '--type-aware', '--deny-warnings')
  step('format', 'oxfmt', '--check', 'src', 'test', 'scripts', 'vitest.config.ts')
}
step('tests', 'vitest', 'run', ...only)
named('no secret was written', searchForCanaries)
summarise()

function step(name, program, ...args) {
  named(name, () => {
    const command = join(root, 'node_modules', '.bin', program)
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
    return status === 0 ? null : `${program} ended with ${status}`
  })
}

function named(name, run) {
  const began = Date.now()
  process.stdout.write(`\n── ${name}\n`)
  const problem = run()
  if (problem) {
    process.stdout.write(`\n✗ ${name}: ${problem}\n`)
    summarise()
    process.exit(1)
  }
  process.stdout.write(`✓ ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)\n`)
}

function summarise() {
  const report = join(results, 'vitest.json')
  if (!existsSync(report)) return
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`)
}
