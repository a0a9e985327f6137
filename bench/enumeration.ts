import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshDatabase } from '../test/support/database.ts'
import { errands, knownPeople, MODE } from '../test/support/enumeration.ts'
import { Mailbox } from '../test/support/mailbox.ts'
import { startNode, type Site } from '../test/support/site.ts'
import { mannWhitney, median } from './statistics.ts'

/**
 * Whether the time of an answer tells who has an account: sign-in, recovery and sign-up (verify-first), known and unknown
 * people in turns, one request at a time, with SMTP up and down. Hashes are cheap and nothing waits for the disk, so that
 * there is less noise to hide a difference in than in production.
 */
const EACH = Number(process.env['EACH'] ?? 1000)

/** Requests before the first that counts, while the program and the database warm up. */
const WARM_UP = 100

/** Below it two distributions count as told apart. */
const TOLD_APART = 0.01

const DOWN = { SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'accounts@meridian.example' }

type Who = 'known' | 'unknown'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const sites = {
  up: await startNode(db, { ...MODE, ...mailbox.settings, LOG_LEVEL: 'warn' }),
  down: await startNode(db, { ...MODE, ...DOWN, LOG_LEVEL: 'silent' }),
}

test.each(
  Object.keys(errands).flatMap((errand) =>
    (['up', 'down'] as const).map((smtp) => [errand as keyof typeof errands, smtp] as const),
  ),
)(
  '%s, SMTP %s',
  async (errand, smtp) => {
    const people = await knownPeople(db, EACH + WARM_UP)
    for (const person of people.splice(0, WARM_UP)) await inTurns(sites[smtp], errand, person)
    const times: Record<Who, number[]> = { known: [], unknown: [] }
    for (const person of people) {
      for (const [who, milliseconds] of await inTurns(sites[smtp], errand, person)) times[who].push(milliseconds)
    }
    const p = mannWhitney(times.known, times.unknown)
    const [known, unknown] = [median(times.known), median(times.unknown)].map((time) => time.toFixed(3))
    process.stdout.write(
      `${errand.padEnd(8)} SMTP ${smtp.padEnd(4)} ${EACH} each: known ${known} ms, unknown ${unknown} ms, p = ${p.toFixed(4)}\n`,
    )
    expect(p).toBeGreaterThanOrEqual(TOLD_APART)
  },
  1_800_000,
)

/** One known and one unknown person, in an order that chance decides: who comes second may find a cache warmer. */
async function inTurns(site: Site, errand: keyof typeof errands, person: string): Promise<[Who, number][]> {
  const { prepare, identifierOf } = errands[errand]
  const order: Who[] = randomInt(2) === 0 ? ['known', 'unknown'] : ['unknown', 'known']
  const times: [Who, number][] = []
  for (const who of order) {
    const ask = await prepare(site, identifierOf(person, who))
    const began = performance.now()
    await ask.send()
    times.push([who, performance.now() - began])
  }
  return times
}
