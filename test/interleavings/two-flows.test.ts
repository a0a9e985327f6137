import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, asyncProperty, scheduler as anyOrder } from 'fast-check'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { freshDatabase } from '../support/database.ts'
import { pairsOn } from './pairs.ts'
import { Explorer, type Failure } from './support/explorer.ts'
import { openStage, withInvariants } from './support/stage.ts'

/** With INTERLEAVINGS=all the pairs below run in every order too, which takes minutes. */
const ALL = process.env['INTERLEAVINGS'] === 'all'

/** Pairs with more orders than this are too many for every run of the tests: so many of theirs are sampled, others each time. */
const MOST = 60
const SAMPLES = 6

/** By pair, as docs/interleavings.md has it. */
const paper = readFileSync(join(projectRoot, 'docs/interleavings.md'), 'utf8')
const rows = [...paper.matchAll(/^\| ([^|]+?) \| (\d+) \|/gm)]
const LARGE = new Set(rows.filter(([, , orders]) => Number(orders) > MOST).map(([, name]) => name as string))

const db = await freshDatabase()
const server = new Client({ connectionString: db.superuserUrl })
await server.connect()
afterAll(() => server.end())

const stages = [await openStage(db), await openStage(db)] as const
const linked = await openStage(db, { REGISTRATION_MODE: 'verify-first' })
const explorer = new Explorer(server)
const pairs = pairsOn(db, stages, linked)
const counts: Record<string, number> = {}

afterAll(() => {
  mkdirSync(join(projectRoot, 'test-results'), { recursive: true })
  writeFileSync(join(projectRoot, 'test-results', 'interleavings.json'), `${JSON.stringify(counts, null, 2)}\n`)
  const lines = Object.entries(counts).map(([name, orders]) => `${String(orders).padStart(6)} orders  ${name}\n`)
  process.stdout.write(lines.join(''))
})

test.each(Object.entries(pairs).filter(([name]) => ALL || !LARGE.has(name)))(
  '%s: in every order',
  async (name, prepare) => {
    const { orders, failures } = await explorer.everyOrder(withInvariants(db, prepare))
    counts[name] = orders
    const first = failures[0]
    const words = first ? `${failures.length} of ${orders} orders fail, the first:\n${inWords(first)}` : 'none fails'
    expect(words).toBe('none fails')
    expect(orders).toBeGreaterThan(1)
  },
  600_000,
)

test.each(Object.entries(pairs).filter(([name]) => !ALL && LARGE.has(name)))(
  '%s: in sampled orders',
  async (_, prepare) => {
    const property = asyncProperty(anyOrder(), (scheduler) => explorer.sampled(scheduler, withInvariants(db, prepare)))
    await assert(property, { numRuns: SAMPLES })
  },
)

test('docs/interleavings.md has every pair and none else', () => {
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(pairs))
})

function inWords({ story, error }: Failure): string {
  return [...story, error instanceof Error ? error.message : String(error)].join('\n')
}
