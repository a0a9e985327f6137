import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshDatabase } from '../test/support/database.ts'
import { errands, importedPeople, knownPeople, MODE } from '../test/support/enumeration.ts'
import { Mailbox } from '../test/support/mailbox.ts'
import { startNode, type Site } from '../test/support/site.ts'
import { mannWhitney, median } from './statistics.ts'

/**
 * Whether the time of an answer tells who has an account: sign-in, recovery and sign-up (verify-first), known and unknown
 * people in turns, one request at a time, with SMTP up and down; and, after an import, sign-in and recovery of people who
 * registered here, who were imported with the password that Django hashed, and who are unknown. Hashes are cheap and
 * nothing waits for the disk, so that there is less noise to hide a difference in than in production.
 */
const EACH = Number(process.env['EACH'] ?? 1000)

/** Requests before the first that counts, while the program and the database warm up. */
const WARM_UP = 100

/** Below it two distributions count as told apart. */
const TOLD_APART = 0.01

const DOWN = { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'accounts@meridian.example' }

/** Of the imported hashes: fewer than a legacy site has, so that the bench ends, and still many times a cheap hash of ours. */
const ITERATIONS = 20_000

const db = await freshDatabase()
const afterImport = await freshDatabase()
const mailbox = await Mailbox.open()
const sites = {
  up: await startNode(db, { ...MODE, ...mailbox.settings, LOG_LEVEL: 'warn' }),
  down: await startNode(db, { ...MODE, ...DOWN, LOG_LEVEL: 'silent' }),
  afterImport: await startNode(afterImport, { ...MODE, ...mailbox.settings, LOG_LEVEL: 'warn' }),
}

type ErrandName = keyof typeof errands

test.each(
  Object.keys(errands).flatMap((errand) =>
    (['up', 'down'] as const).map((smtp) => [errand as ErrandName, smtp] as const),
  ),
)(
  '%s, SMTP %s',
  async (errand, smtp) => {
    const known = await knownPeople(db, EACH + WARM_UP)
    const { identifierOf } = errands[errand]
    await expectAlike(`${errand}, SMTP ${smtp}`, sites[smtp], errand, {
      known: known.map((person) => identifierOf(person, 'known')),
      unknown: known.map((person) => identifierOf(person, 'unknown')),
    })
  },
  1_800_000,
)

test.each(['sign-in', 'recovery'] as const)(
  '%s, after an import',
  async (errand) => {
    const registered = await knownPeople(afterImport, EACH + WARM_UP)
    const { identifierOf } = errands[errand]
    await expectAlike(`${errand}, after an import`, sites.afterImport, errand, {
      registered,
      imported: await importedPeople(afterImport, EACH + WARM_UP, ITERATIONS),
      unknown: registered.map((person) => identifierOf(person, 'unknown')),
    })
  },
  1_800_000,
)

/** Times one request of each party in turns, and compares every two parties. */
async function expectAlike(title: string, site: Site, errand: ErrandName, parties: Record<string, string[]>) {
  const times = new Map(Object.keys(parties).map((party) => [party, [] as number[]]))
  for (let turn = 0; turn < EACH + WARM_UP; turn += 1) {
    for (const [party, identifiers] of shuffled(Object.entries(parties))) {
      const milliseconds = await timeOf(site, errand, identifiers[turn] as string)
      if (turn >= WARM_UP) times.get(party)?.push(milliseconds)
    }
  }
  const medians = [...times].map(([party, all]) => `${party} ${median(all).toFixed(3)} ms`)
  const compared = pairsOf([...times]).map(([[one, ofOne], [other, ofOther]]) => ({
    pair: `${one} and ${other}`,
    p: mannWhitney(ofOne, ofOther),
  }))
  process.stdout.write(
    `${title}, ${EACH} each: ${medians.join(', ')}; ${compared.map(({ pair, p }) => `${pair}: p = ${p.toFixed(4)}`).join(', ')}\n`,
  )
  expect(compared.filter(({ p }) => p < TOLD_APART)).toEqual([])
}

async function timeOf(site: Site, errand: ErrandName, identifier: string): Promise<number> {
  const ask = await errands[errand].prepare(site, identifier)
  const began = performance.now()
  await ask.send()
  return performance.now() - began
}

/** In an order that chance decides: who comes second may find a cache warmer. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: randomInt(2 ** 32) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item)
}

function pairsOf<Item>(items: readonly Item[]): [Item, Item][] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other): [Item, Item] => [one, other]))
}
