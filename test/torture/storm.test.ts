import { randomInt } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { Database } from '../../src/database/database.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { MINUTE, SECOND } from '../../src/lib/time.ts'
import { check } from '../../src/torture/checker.ts'
import { readFinalState } from '../../src/torture/final-state.ts'
import { HistoryFile, readHistory, type Blow } from '../../src/torture/history.ts'
import { report } from '../../src/torture/report.tsx'
import { Storm } from '../../src/torture/storm.ts'
import { summarise } from '../../src/torture/summary.ts'
import { remember } from '../support/canary.ts'
import { linkIn, Mailbox } from '../support/mailbox.ts'
import { faults, type Fault, type Field } from './faults.ts'
import { StormNode } from './node.ts'
import { ReplicatedPair } from './pair.ts'

/** The short storm, of half a minute. `npm run torture` asks for the long one. */
const WANTED = {
  nodeKills: wanted('NODE_KILLS', 3),
  wireCuts: wanted('WIRE_CUTS', 1),
  nodeTroubles: wanted('NODE_TROUBLES', 0),
  postgresKills: wanted('POSTGRES_KILLS', 2),
  failovers: wanted('FAILOVERS', 1),
  databaseTroubles: wanted('DATABASE_TROUBLES', 0),
} satisfies Partial<Record<keyof typeof faults, number>>

/** What the report says of itself. */
const ABOUT =
  'Two nodes on PostgreSQL 18 with a synchronous standby, on one machine of two cores, and a mail server; password hashes ' +
  'at a cheap setting, everything else as in production. The history was kept by another process than those that failed, and ' +
  'the verdicts come from it and from the final database alone.'

const ACTS = wanted('ACTS', 200)
const PEOPLE = wanted('PEOPLE', 12)
const DOMAIN = 'storm.example'
const KEPT_IN = join(projectRoot, 'test-results', 'torture')

/** Between two blows to the database, at most, so that people get something done. */
const CALM = 2 * SECOND

/** The storm ends when there were as many blows of each kind and as many acts as were wanted. No later, whatever was reached. */
const NO_LONGER_THAN = wanted('MINUTES', 60) * MINUTE

/** What was on its way when the last answer was given up has ended by then: every server is well, and nobody storms. */
const DRAIN = 2 * SECOND

const pair = await ReplicatedPair.open()
const mailbox = await Mailbox.open()
const settings = { ...mailbox.settings, LETTER_CLAIM_SECONDS: '5', LOG_LEVEL: 'info' }
const publicUrl = 'http://localhost:3000'
const nodes = [
  await StormNode.open('one', pair, publicUrl, settings),
  await StormNode.open('two', pair, publicUrl, settings),
]
pair.onFence(async ({ name }, fenced) => {
  for (const { wires } of nodes) await (fenced ? wires[name].close() : wires[name].open())
})

test('P1 to P7 hold in a storm of people, kills, cuts and failovers, by a history kept outside of it all', async () => {
  rmSync(KEPT_IN, { recursive: true, force: true })
  mkdirSync(KEPT_IN, { recursive: true })
  const history = new HistoryFile(join(KEPT_IN, 'history.jsonl'))
  const storm = new Storm({
    sites: nodes.map(({ url }) => url),
    domain: DOMAIN,
    people: PEOPLE,
    history,
    recoveryLink,
    onSecret: remember,
  })
  const field = { pair, nodes, storm, mailbox }
  const deadline = Date.now() + NO_LONGER_THAN
  const running = storm.run()
  await sleep(SECOND)
  await Promise.all([
    strike(field, history, deadline, ['nodeKills', 'wireCuts', 'nodeTroubles']),
    strike(field, history, deadline, ['postgresKills', 'failovers', 'databaseTroubles']),
  ])
  storm.end()
  await running
  await sleep(DRAIN)
  await everyLetterSent()
  history.close()

  const letters = mailbox.received.map(({ recipient, messageId, subject, at }) => ({
    recipient,
    messageId,
    subject,
    at,
  }))
  const read = readHistory(history.path, letters)
  const verdicts = await check(read, await finalState(), verifier())
  const summary = summarise(read, verdicts)
  writeFileSync(join(KEPT_IN, 'summary.json'), JSON.stringify(summary, null, 2))
  writeFileSync(join(KEPT_IN, 'report.html'), report(summary, ABOUT))
  process.stdout.write(`${JSON.stringify({ acts: storm.progress, blows: read.blows.length })}\n`)

  expect(verdicts.flatMap(({ invariant, breaches }) => breaches.map((breach) => `${invariant}: ${breach}`))).toEqual([])
  expect(verdicts.filter(({ holds, looked }) => holds !== true || looked === 0)).toEqual([])
  for (const node of nodes) expect(node.written()).not.toMatch(/unhandled|uncaught|already sent/i)
  expect(nodes.flatMap(({ endedByItself }) => endedByItself)).toEqual([])
  expect(storm.progress.done).toBeGreaterThanOrEqual(ACTS)
  expect(countOf(read.blows, faults.nodeKills)).toBeGreaterThanOrEqual(WANTED.nodeKills)
  expect(countOf(read.blows, faults.postgresKills)).toBeGreaterThanOrEqual(WANTED.postgresKills)
  expect(countOf(read.blows, faults.failovers)).toBeGreaterThanOrEqual(WANTED.failovers)
}, 3_600_000)

/**
 * Of several kinds, again and again the one that is furthest behind, until there were so many of each, and so many acts:
 * spread over these, so that most of what people do is done between two blows and not after the last.
 */
async function strike(
  field: Field,
  history: HistoryFile,
  deadline: number,
  kinds: readonly (keyof typeof WANTED)[],
): Promise<void> {
  const struck = new Map(kinds.map((kind) => [kind, 0]))
  const share = (kind: keyof typeof WANTED) => (struck.get(kind) ?? 0) / WANTED[kind]
  for (;;) {
    const [kind] = kinds.filter((kind) => WANTED[kind] > 0).toSorted((a, b) => share(a) - share(b))
    const acts = field.storm.progress.done / ACTS
    if (kind === undefined || (share(kind) >= 1 && acts >= 1) || Date.now() > deadline) return
    if (share(kind) > acts) {
      await sleep(50)
      continue
    }
    const turn = struck.get(kind) ?? 0
    const { name, strike } = faults[kind][turn % faults[kind].length] as Fault
    struck.set(kind, turn + 1)
    const began = Date.now()
    const { target, writable = null } = await strike(field)
    history.blow({ fault: name, target, began, over: Date.now(), writable })
    if (writable !== null) {
      await untilServedAgain(field.storm)
      await sleep(randomInt(CALM))
    }
    await sleep(randomInt(CALM / 4))
  }
}

/** So that how long it takes can be measured before the next blow. */
async function untilServedAgain({ progress }: Storm): Promise<void> {
  const before = progress.done
  for (const deadline = Date.now() + 4 * SECOND; progress.done === before && Date.now() < deadline;) await sleep(20)
}

/** A copy of a letter that they have read before, which a sender that was killed may send, is no answer to what they asked. */
function recoveryLink(address: string, since: number): string | null {
  const theirs = mailbox.received.filter(({ recipient }) => recipient.toLowerCase() === address.toLowerCase())
  const known = new Set(theirs.filter(({ at }) => at <= since).map(({ messageId }) => messageId))
  const letter = theirs.findLast(
    ({ subject, at, messageId }) => at > since && !known.has(messageId) && /password/i.test(subject),
  )
  return letter && /\?code=/.test(letter.text) ? linkIn(letter) : null
}

/** Letters that were refused wait for longer than a test does; they are made due now. */
async function everyLetterSent(): Promise<void> {
  for (const deadline = Date.now() + 60 * SECOND; Date.now() < deadline; await sleep(500)) {
    const { rowCount } = await pair.asSuperuser((client) =>
      client.query(`update letters set due_at = least(due_at, now()) where sent_at is null and given_up_at is null`),
    )
    if (rowCount === 0) return
  }
}

async function finalState() {
  const url = pair.primary.cluster.url('meridian_app', 'meridian')
  const database = new Database({ url, connections: 1, onIdleError: () => {} })
  try {
    return await readFinalState(database, DOMAIN)
  } finally {
    await database.close()
  }
}

function verifier() {
  const passwords = new Passwords({ memoryKib: 1024, passes: 1 })
  return (hash: string, password: string) => passwords.verify(hash, password, null)
}

function countOf(blows: readonly Blow[], kind: readonly Fault[]): number {
  const names = new Set(kind.map(({ name }) => name))
  return blows.filter(({ fault }) => names.has(fault)).length
}

function wanted(name: string, fallback: number): number {
  return Number(process.env[`TORTURE_${name}`] ?? fallback)
}
