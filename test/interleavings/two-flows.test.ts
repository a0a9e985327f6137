import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { assert, asyncProperty, scheduler as anyOrder } from 'fast-check'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { emptyDatabase, freshDatabase, type TestDatabase } from '../support/database.ts'
import { inLegacy, SOUND_LEGACY } from '../support/legacy.ts'
import { gateOfImport, operatorPairsOn } from './operator-pairs.ts'
import { pairsOn, type Prepare } from './pairs.ts'
import { Explorer, type Failure } from './support/explorer.ts'
import { GatedDatabase } from './support/gated-database.ts'
import { GatedWire } from './support/gated-wire.ts'
import { openStage, withInvariants } from './support/stage.ts'

/** With INTERLEAVINGS=all the pairs below run in every order too, which takes minutes. */
const ALL = process.env['INTERLEAVINGS'] === 'all'

/** Pairs with more orders than this are too many for every run of the tests: so many of theirs are sampled, others each time. */
const MOST = 60
const SAMPLES = 6

/** A whole command takes longer, and so does asking the doctor after it. */
const SAMPLES_OF_COMMANDS = 2

/** By pair, as docs/interleavings.md has it. */
const paper = readFileSync(join(projectRoot, 'docs/interleavings.md'), 'utf8')
const ordersInPaper = new Map(
  [...paper.matchAll(/^\| ([^|]+?) \| (\d+) \|/gm)].map(([, name, orders]) => [name as string, Number(orders)]),
)

const db = await freshDatabase()
const server = new Client({ connectionString: db.superuserUrl })
await server.connect()
afterAll(() => server.end())

const stages = [await openStage(db), await openStage(db)] as const
const linked = await openStage(db, { REGISTRATION_MODE: 'verify-first' })
const explorer = new Explorer(server)
const pairs = withInvariantsOf(db, pairsOn(db, stages, linked))

const operated = await freshDatabase()
const commands = {
  legacy: await emptyDatabase(),
  wire: await GatedWire.before(operated.appUrl, gateOfImport),
  owner: new GatedDatabase({ url: operated.ownerUrl, onIdleError: () => {} }),
}
afterAll(() => commands.owner.close())
await inLegacy(commands.legacy, SOUND_LEGACY)
const withOperators = withInvariantsOf(operated, operatorPairsOn(operated, await openStage(operated), commands))
Object.assign(pairs, withOperators)

const counts: Record<string, number> = {}

afterAll(() => {
  mkdirSync(join(projectRoot, 'test-results'), { recursive: true })
  writeFileSync(join(projectRoot, 'test-results', 'interleavings.json'), `${JSON.stringify(counts, null, 2)}\n`)
  const lines = Object.entries(counts).map(([name, orders]) => `${String(orders).padStart(6)} orders  ${name}\n`)
  process.stdout.write(lines.join(''))
})

test.each(Object.entries(pairs).filter(([name]) => ALL || !isSampled(name)))(
  '%s: in every order',
  async (name, prepare) => {
    const { orders, failures } = await explorer.everyOrder(prepare)
    counts[name] = orders
    const first = failures[0]
    const words = first ? `${failures.length} of ${orders} orders fail, the first:\n${inWords(first)}` : 'none fails'
    expect(words).toBe('none fails')
    expect(orders).toBeGreaterThan(1)
  },
  600_000,
)

test.each(Object.entries(pairs).filter(([name]) => !ALL && isSampled(name)))(
  '%s: in sampled orders',
  async (name, prepare) => {
    const property = asyncProperty(anyOrder(), (scheduler) => explorer.sampled(scheduler, prepare))
    await assert(property, { numRuns: name in withOperators ? SAMPLES_OF_COMMANDS : SAMPLES })
  },
)

/** Orders that failed once, by what was wrong: the flows' names as they went, until only one of them was left. */
const failedOnce: Record<string, [pair: string, order: string[]]> = {
  'the legacy rows of whom a registration outran are archived': [
    'registration × import batch, address and username',
    ['batch', 'registration', 'registration', 'registration'],
  ],
}

test.each(Object.entries(failedOnce))('%s', async (_, [pair, order]) => {
  const failure = await explorer.inOrder(order, pairs[pair] as Prepare)
  expect(failure && inWords(failure)).toBeNull()
})

test('docs/interleavings.md has every pair and none else', () => {
  expect([...ordersInPaper.keys()]).toEqual(Object.keys(pairs))
})

test('and as many orders of each as there were', () => {
  const inPaper = Object.keys(counts).map((name) => [name, ordersInPaper.get(name)])
  expect(counts).toEqual(Object.fromEntries(inPaper))
})

function isSampled(name: string): boolean {
  return (ordersInPaper.get(name) ?? 0) > MOST || name in withOperators
}

function withInvariantsOf(of: TestDatabase, pairs: Record<string, Prepare>): Record<string, Prepare> {
  return Object.fromEntries(Object.entries(pairs).map(([name, prepare]) => [name, withInvariants(of, prepare)]))
}

function inWords({ story, error }: Failure): string {
  return [...story, error instanceof Error ? error.message : String(error)].join('\n')
}
