import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/lib/project-root.ts'
import { betterAuthAt, FORM, oursAt, type Errands, type OurErrands } from './speed/errands.ts'
import { BOUNDS, inWords, ratioOf, spreadOf, type Spread } from './speed/figures.ts'
import { closedLoad, endlessLoad, openLoad, sameAsk, type Answers, type Ask } from './speed/load.ts'
import { drawPage } from './speed/page.ts'
import { between, processorTime, residentMiB, type Parties } from './speed/parties.ts'
import { quantile } from './statistics.ts'
import { OwnPostgres, startBetterAuth, startBounds, startOurs, type Server, type Setting } from './speed/servers.ts'

/**
 * Ours, the bounds and Better Auth on one PostgreSQL, in turns, several rounds: what is compared ran one right after the
 * other. Writes figures.json and figures.html to OUT. ROUNDS and SCALE (of the number of requests) make it longer or shorter;
 * ONLY names the parts to measure and AT how many at once, where that is not everything:
 *
 *     ONLY=registrations,sign-ins,open AT=32 ROUNDS=3 npm run bench
 */
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SCALE = Number(process.env['SCALE'] ?? 1)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')
const ONLY = process.env['ONLY']?.split(',')

export interface Measured {
  rates: number[]
  p50: number
  p99: number
  p999: number
  /** Milliseconds of processor time for one operation, of each party. */
  processor: Parties
}

/** How long answers took to people who came at a fixed rate, in milliseconds. */
export interface Arrived {
  perSecond: number
  p50: number
  p99: number
  p999: number
  refused: number
}

export interface Figures extends Setting {
  rounds: number
  /** By errand, then by how many at once, then by party. */
  closed: Record<string, Record<number, Record<string, Measured>>>
  ratios: Record<string, Spread>
  /** By errand, then by party; both at the same rate. */
  open: Record<string, Record<string, Arrived>>
  beside: Record<string, { alone: number; beside: number }>
  costs: Record<string, { wal: number; fsyncs: number; commits: number }>
  idle: Record<string, { startedIn: Spread; residentMiB: number }>
}

const AT_ONCE = (process.env['AT'] ?? '1,8,32,256').split(',').map(Number)
/** A backend that was just busy tells what it counted after ten seconds of idleness; in milliseconds. */
const COUNTS_ARE_TOLD_WITHIN = 11_000

const NEEDS_A_HASH = new Set(['registrations', 'sign-ins'])

if (!existsSync(join(projectRoot, 'bench/peers/node_modules'))) {
  say('Installing what we are measured beside (once) ...')
  spawnSync('npm', ['ci', '--prefix', join(projectRoot, 'bench/peers')], { stdio: 'inherit' })
}

const postgres = await OwnPostgres.start()
try {
  await measure()
} finally {
  await postgres.stop()
}

async function measure(): Promise<void> {
  const appUrl = await postgres.prepared('ours')
  const peerUrl = await postgres.empty('better_auth')
  const ours = await startOurs(appUrl)
  const page = await (await fetch(`${ours.url}/accounts/customer/register/`)).text()
  const constant = join(mkdtempSync(join(tmpdir(), 'meridian-page-')), 'page.html')
  writeFileSync(constant, page)
  const bounds = await startBounds(appUrl, constant)
  const peer = await startBetterAuth(peerUrl)

  const figures: Figures = {
    ...(await postgres.setting()),
    rounds: ROUNDS,
    closed: {},
    ratios: {},
    open: {},
    beside: {},
    costs: {},
    idle: {},
  }

  const ourErrands = await oursAt(ours.url)
  const peerErrands = await betterAuthAt(peer.url)
  await closedRounds(figures, { ours, peer, bounds }, ourErrands, peerErrands)
  if (isWanted('costs')) await costs(figures, { ours, peer }, ourErrands, peerErrands)
  if (isWanted('open')) await openRounds(figures, { ours, bounds }, ourErrands)
  if (isWanted('beside')) await besideRounds(figures, { ours, peer }, ourErrands, peerErrands)
  await Promise.all([ours.stop(), peer.stop(), bounds.stop()])

  if (isWanted('start')) await starts(figures, appUrl, peerUrl)

  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`)
  writeFileSync(join(OUT, 'figures.html'), drawPage(figures))
  say('')
  for (const [what, ratio] of Object.entries(figures.ratios)) say(`${what.padEnd(70)} ${inWords(ratio)}`)
  say(`\n${join(OUT, 'figures.html')}`)
}

function isWanted(part: string): boolean {
  return ONLY === undefined || ONLY.includes(part)
}

/**
 * Every errand at every number at once: each round has ours, the bound and the peer, one right after the other. A round before
 * the first is not counted: what a party compiles as it meets an errand is none of its cost.
 */
async function closedRounds(
  figures: Figures,
  servers: { ours: Server; peer: Server; bounds: Server },
  ourErrands: OurErrands,
  peerErrands: Errands,
): Promise<void> {
  const { ours, peer, bounds } = servers
  const query = queryFor(ourErrands)
  const constant: Ask = { method: 'GET', path: '/constant', expected: 200 }

  for (const errand of ['registrations', 'sign-ins', 'session checks', 'registration page', 'profile edits'] as const) {
    if (!isWanted(errand)) continue
    figures.closed[errand] = {}
    for (const atOnce of AT_ONCE) {
      const count = countFor(errand, atOnce)
      const rounds: Record<string, Round[]> = {}
      for (let round = 0; round <= ROUNDS; round += 1) {
        const note = (party: string, done: Round) => {
          if (round > 0) (rounds[party] ??= []).push(done)
        }
        const run = async (party: string, server: Server, asks: Ask[]) =>
          note(party, await oneRound(server, asks, atOnce))
        await run('ours', ours, await ourErrands[errand](count))
        if (NEEDS_A_HASH.has(errand)) {
          const answer = await fetch(`${bounds.url}/hashes?count=${count}&at-once=${Math.min(atOnce, cpus().length)}`)
          const { milliseconds } = (await answer.json()) as { milliseconds: number }
          note(BOUNDS.hash, rateAlone((count / milliseconds) * 1000))
          await run(BOUNDS.least, bounds, await leastOf(bounds, errand, count))
        }
        if (errand === 'session checks') await run(BOUNDS.query, bounds, sameAsk(count, query))
        if (errand === 'registration page') await run(BOUNDS.constant, bounds, sameAsk(count, constant))
        if (errand in peerErrands) await run('Better Auth', peer, await peerErrands[errand as keyof Errands](count))
      }
      figures.closed[errand][atOnce] = Object.fromEntries(
        Object.entries(rounds).map(([party, of]) => [party, measuredOf(of)]),
      )
      const rates = (party: string) => rounds[party]?.map(({ answers }) => answers.rate) ?? []
      for (const party of Object.keys(rounds).filter((name) => name !== 'ours')) {
        const ratio = ratioOf(rates('ours'), rates(party))
        figures.ratios[`${errand}, ${atOnce} at once, ours : ${party}`] = ratio
        say(`${errand}, ${atOnce} at once: ${inWords(spreadOf(rates('ours')), 0)}/s, ${inWords(ratio)} of ${party}`)
      }
      if (NEEDS_A_HASH.has(errand)) {
        const most = ratioOf(rates(BOUNDS.least), rates(BOUNDS.hash))
        figures.ratios[`${errand}, ${atOnce} at once, ${BOUNDS.least} : ${BOUNDS.hash}`] = most
        say(`${errand}, ${atOnce} at once: ${BOUNDS.least} reach ${inWords(most)} of ${BOUNDS.hash}`)
      }
    }
  }
}

/** What the bound with one query is asked: the session of the same person. */
function queryFor({ session: { cookie } }: OurErrands): Ask {
  const token = /meridian-session=([^;]+)/.exec(cookie)?.[1] ?? ''
  return { method: 'GET', path: `/query/${createHash('sha256').update(token).digest('hex')}`, expected: 200 }
}

/** As many as are asked for, made ready at the bound beforehand. */
async function leastOf(bounds: Server, errand: string, count: number): Promise<Ask[]> {
  const { ok } = await fetch(`${bounds.url}/least/${errand}?count=${count}`)
  if (!ok) throw new Error(`the bound could not make ${errand} ready`)
  return sameAsk(count, { method: 'POST', path: '/least', headers: { 'content-type': FORM }, body: '', expected: 303 })
}

interface Round {
  answers: Answers
  processor: Parties
}

async function oneRound(server: Server, asks: Ask[], atOnce: number): Promise<Round> {
  const before = processorTime(server.pid, postgres.postmasterPid)
  const answers = await closedLoad(server.url, asks, atOnce)
  const spent = between(before, processorTime(server.pid, postgres.postmasterPid))
  const { 503: refused = 0, ...others } = answers.unexpected
  if (Object.keys(others).length > 0) throw new Error(`${asks[0]?.path} was answered ${JSON.stringify(others)}`)
  const done = asks.length - refused
  const each = (seconds: number) => (seconds / done) * 1000
  return {
    answers: { ...answers, rate: (answers.rate * done) / asks.length },
    processor: { server: each(spent.server), database: each(spent.database), load: each(spent.load) },
  }
}

function rateAlone(rate: number): Round {
  return { answers: { rate, latencies: [], unexpected: {} }, processor: { server: 0, database: 0, load: 0 } }
}

function measuredOf(rounds: readonly Round[]): Measured {
  const latencies = rounds.flatMap(({ answers }) => answers.latencies)
  const middle = (of: (parties: Parties) => number) =>
    quantile(
      rounds.map(({ processor }) => of(processor)),
      0.5,
    )
  return {
    rates: rounds.map(({ answers }) => answers.rate),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    p999: quantile(latencies, 0.999),
    processor: {
      server: middle(({ server }) => server),
      database: middle(({ database }) => database),
      load: middle(({ load }) => load),
    },
  }
}

/** Many times as many as at once: a run's beginning and end, when fewer are under way, are to be little of it. */
function countFor(errand: string, atOnce: number): number {
  const count = NEEDS_A_HASH.has(errand) ? (atOnce > 8 ? 320 : 128) : errand === 'profile edits' ? 1000 : 3000
  return Math.max(atOnce, Math.round(count * SCALE * (atOnce === 1 ? 0.5 : 1)))
}

/**
 * What one operation at a time writes and waits for. Without the images of whole pages: how many of these there are depends on how
 * long ago the last checkpoint was, and on nothing that an operation does.
 */
async function costs(
  figures: Figures,
  { ours, peer }: { ours: Server; peer: Server },
  ourErrands: Errands,
  peerErrands: Errands,
): Promise<void> {
  const parties = { ours: [ours, ourErrands, 'ours'], 'Better Auth': [peer, peerErrands, 'better_auth'] } as const
  await postgres.writePageImages(false)
  for (const errand of ['registrations', 'sign-ins', 'session checks'] as const) {
    for (const [party, [server, errands, database]] of Object.entries(parties)) {
      const asks = await errands[errand](50)
      await sleep(COUNTS_ARE_TOLD_WITHIN)
      const before = await written(database)
      await closedLoad(server.url, asks, 1)
      await sleep(COUNTS_ARE_TOLD_WITHIN)
      const after = await written(database)
      const each = (of: (at: Written) => number) => (of(after) - of(before)) / asks.length
      figures.costs[`${errand}, ${party}`] = {
        wal: each(({ wal }) => wal),
        fsyncs: each(({ fsyncs }) => fsyncs),
        commits: each(({ commits }) => commits),
      }
      say(`${errand}, ${party}: ${JSON.stringify(figures.costs[`${errand}, ${party}`])}`)
    }
  }
  await postgres.writePageImages(true)
}

interface Written {
  wal: number
  fsyncs: number
  commits: number
}

async function written(database: string): Promise<Written> {
  const [row] = await postgres.ask<Written>(
    database,
    `select (pg_current_wal_insert_lsn() - '0/0')::float as wal,
       (select sum(fsyncs) from pg_stat_io where object = 'wal')::float as fsyncs,
       (select xact_commit from pg_stat_database where datname = current_database())::float as commits`,
  )
  if (!row) throw new Error('PostgreSQL told nothing of itself')
  return row
}

/** Arrivals at 70 % of what is measured as most right before; nobody waits unmeasured. The bound gets as many at the same rate. */
async function openRounds(
  figures: Figures,
  { ours, bounds }: { ours: Server; bounds: Server },
  errands: OurErrands,
): Promise<void> {
  for (const errand of ['registrations', 'sign-ins', 'session checks'] as const) {
    const most = await closedLoad(ours.url, await errands[errand](countFor(errand, 32)), 32)
    const perSecond = most.rate * 0.7
    const count = Math.round(perSecond * 20 * SCALE)
    const bound = NEEDS_A_HASH.has(errand)
      ? { party: BOUNDS.least, asks: await leastOf(bounds, errand, count) }
      : { party: BOUNDS.query, asks: sameAsk(count, queryFor(errands)) }
    const arriving = [
      { party: 'ours', url: ours.url, asks: await errands[errand](count) },
      { ...bound, url: bounds.url },
    ]
    const arrived: Record<string, Arrived> = {}
    figures.open[errand] = arrived
    for (const { party, url, asks } of arriving) {
      const { latencies, unexpected } = await openLoad(url, asks, perSecond)
      const of = (share: number) => quantile(latencies, share)
      const refused = Object.values(unexpected).reduce((total, many) => total + many, 0)
      arrived[party] = { perSecond, p50: of(0.5), p99: of(0.99), p999: of(0.999), refused }
      say(`${errand} arriving at 70 %, ${party}: ${JSON.stringify(arrived[party])}`)
    }
  }
}

/** Session checks, one at a time, alone and beside 32 registrations at once. */
async function besideRounds(
  figures: Figures,
  { ours, peer }: { ours: Server; peer: Server },
  ourErrands: Errands,
  peerErrands: Errands,
): Promise<void> {
  for (const [party, server, errands] of [
    ['ours', ours, ourErrands],
    ['Better Auth', peer, peerErrands],
  ] as const) {
    const alone = await closedLoad(server.url, await errands['session checks'](300), 1)
    const flood = endlessLoad(server.url, (await errands.registrations(700)).values(), 32)
    await sleep(500)
    const beside = await closedLoad(server.url, await errands['session checks'](party === 'ours' ? 300 : 30), 1)
    await flood.stop()
    figures.beside[party] = { alone: quantile(alone.latencies, 0.5), beside: quantile(beside.latencies, 0.5) }
    say(`session checks beside 32 registrations, ${party}: ${JSON.stringify(figures.beside[party])}`)
  }
}

/** From the start of a process to its first good answer, and what it holds when nobody asks it anything. */
async function starts(figures: Figures, appUrl: string, peerUrl: string): Promise<void> {
  const ours = { party: 'ours', start: () => startOurs(appUrl), took: [] as number[] }
  const peer = { party: 'Better Auth', start: () => startBetterAuth(peerUrl), took: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { party, start, took } of [ours, peer]) {
      const server = await start()
      took.push(server.startedIn)
      if (round === ROUNDS - 1) {
        await sleep(3000)
        figures.idle[party] = { startedIn: spreadOf(took), residentMiB: residentMiB(server.pid) }
      }
      await server.stop()
    }
  }
  figures.ratios['start-up, ours : Better Auth'] = ratioOf(ours.took, peer.took)
}

function say(words: string): void {
  process.stdout.write(`${words}\n`)
}
