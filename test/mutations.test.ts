import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { flawOf, mutations } from '../scripts/mutations.mjs'
import { projectRoot } from '../src/lib/project-root.ts'

test('every safeguard that scripts/mutations.mjs takes away is still there to be taken', () => {
  expect(mutations.map(flawOf).filter((flaw) => flaw !== null)).toEqual([])
  expect(mutations.map(({ file }) => file).filter((file) => !existsSync(join(projectRoot, file)))).toEqual([])
})

test('docs/mutations.md has every mutation and none else, with the tests that notice it', () => {
  const paper = readFileSync(join(projectRoot, 'docs/mutations.md'), 'utf8')
  const rows = [...paper.matchAll(/^\| (.+?) \| (constraint|code) \| `(.+?)`(?:: (.+?))? \|$/gm)]
  expect(rows.map(([, name, kind, file, names]) => [name, kind, file, names])).toEqual(
    mutations.map(({ name, kind, file, names }) => [name, kind, file, names?.replaceAll('|', ' or ')]),
  )
})

test('the command of docs/mutations.md makes mutations: it says how many, and fails where there are none', () => {
  const command = ['scripts/launch.mjs', 'scripts/mutations.mjs', 'a mutation that there is not']
  const { status, stdout } = spawnSync(process.execPath, command, { cwd: projectRoot, encoding: 'utf8' })
  expect([stdout, status]).toEqual(['0 of 0 mutations were noticed\n', 1])
})
