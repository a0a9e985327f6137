import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/lib/project-root.ts'
import { errandsAt, type GrowthErrands } from './growth/errands.ts'
import { plansOf, type Plans } from './growth/hot.ts'
import { nameOf, sitesOf } from './growth/sites.ts'
import { sizesOf, type Sizes } from './growth/sizes.ts'
import { inWords, ratioOf, spreadOf, type Spread } from './speed/figures.ts'
import { closedLoad } from './speed/load.ts'
import { between, processorTime } from './speed/parties.ts'
import { startOurs, type OwnPostgres, type Server, type Setting } from './speed/servers.ts'
import { median, quantile } from './statistics.ts'

/**
 * Whether a site slows down as it fills: one PostgreSQL with a database for each of SIZES, a node at each, and the same errands at all of
 * them in turns, the order turned round in every other round. Writes growth.json to OUT.
 *
 *     npm run bench -- growth
 *     KEEP=/somewhere/with/50/GB ONLY=make npm run bench -- growth
 *
 * KEEP names a folder outside of the project for the PostgreSQL, so that the next run finds it filled; ONLY=make ends when it is. ROUNDS and SCALE
 * (of the number of requests) make it longer or shorter.
 */
const SIZES = (process.env['SIZES'] ?? '10000,1000000,10000000').split(',').map(Number)
const ROUNDS = Number(process.env['ROUNDS'] ?? 9)
const SCALE = Number(process.env['SCALE'] ?? 1)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')

/** The errands, and how many of each are sent in a round, by how many at once. */
const LOADS = {
  registrations: { 1: 40, 32: 128 },
  'sign-ins': { 1: 40, 32: 128 },
  'session checks': { 1: 600, 32: 1500 },
  searches: { 1: 40 },
} satisfies Record<keyof GrowthErrands, Record<number, number>>

export interface Growth extends Setting {
  rounds: number
  sizes: Record<number, Sizes>
  plans: Record<number, Plans>
  /** By errand, then by how many at once. */
  errands: Record<string, Record<number, Compared>>
}

export interface Compared {
  /** By number of accounts. */
  sites: Record<number, { perSecond: Spread; p50: number; p99: number; databaseMs: number }>
  /** How many times as long one takes as on the smallest site, by number of accounts. */
  times: Record<number, Spread>
}

/** Milliseconds: how long nothing may be going on in PostgreSQL before something is measured, and how long that is waited for. */
const QUIET_FOR = 5_000
const QUIET_WITHIN = 180_000

const say = (words: string) => process.stdout.write(`${words}\n`)

const postgres = await sitesOf(SIZES, process.env['KEEP'], say)
try {
  if (process.env['ONLY'] !== 'make') await measure(postgres)
} finally {
  await postgres.stop()
}

interface Site {
  people: number
  node: Server
  errands: GrowthErrands
}

async function measure(of: OwnPostgres): Promise<void> {
  const growth: Growth = {
    ...(await of.setting()),
    rounds: ROUNDS,
    sizes: {},
    plans: {},
    errands: {},
  }
  for (const people of SIZES) {
    growth.sizes[people] = await sizesOf(of, nameOf(people))
    growth.plans[people] = await plansOf(await of.prepared(nameOf(people)), of.superuserUrl(nameOf(people)))
    say(`${people} accounts: ${((growth.sizes[people]?.bytes ?? 0) / people).toFixed(0)} bytes each`)
  }

  const sites: Site[] = []
  try {
    for (const people of SIZES) {
      const node = await startOurs(await of.prepared(nameOf(people)), { LOG_LEVEL: 'warn' })
      sites.push({ people, node, errands: await errandsAt(node.url, of.superuserUrl(nameOf(people)), people) })
    }
    await untilQuiet(of)
    for (const [errand, loads] of Object.entries(LOADS)) {
      growth.errands[errand] = {}
      for (const [atOnce, count] of Object.entries(loads))
        growth.errands[errand][Number(atOnce)] = await compare(
          sites,
          errand as keyof GrowthErrands,
          Number(atOnce),
          Math.max(Number(atOnce), Math.round(count * SCALE)),
        )
    }
  } finally {
    await Promise.all(sites.map(({ node }) => node.stop()))
  }
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'growth.json'), `${JSON.stringify(growth, null, 2)}\n`)
  say(join(OUT, 'growth.json'))
}

/** Each round has all of the sites, one right after the other. */
async function compare(
  sites: readonly Site[],
  errand: keyof GrowthErrands,
  atOnce: number,
  count: number,
): Promise<Compared> {
  const rates = new Map<Site, number[]>(sites.map((site) => [site, []]))
  const latencies = new Map<Site, number[]>(sites.map((site) => [site, []]))
  const database = new Map<Site, number[]>(sites.map((site) => [site, []]))
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const site of round % 2 === 0 ? sites : sites.toReversed()) {
      const asks = await site.errands[errand](count)
      const before = processorTime(site.node.pid, postgres.postmasterPid)
      const answers = await closedLoad(site.node.url, asks, atOnce)
      const spent = between(before, processorTime(site.node.pid, postgres.postmasterPid))
      const { 503: refused = 0, ...others } = answers.unexpected
      if (Object.keys(others).length > 0) throw new Error(`${errand} were answered ${JSON.stringify(others)}`)
      // The round before the first one is for connections and caches.
      if (round < 0) continue
      rates.get(site)?.push((answers.rate * (count - refused)) / count)
      latencies.get(site)?.push(...answers.latencies)
      database.get(site)?.push((spent.database / (count - refused)) * 1000)
    }
  }
  const [smallest] = sites as [Site, ...Site[]]
  const compared: Compared = { sites: {}, times: {} }
  for (const site of sites) {
    const all = latencies.get(site) ?? []
    compared.sites[site.people] = {
      perSecond: spreadOf(rates.get(site) ?? []),
      p50: quantile(all, 0.5),
      p99: quantile(all, 0.99),
      databaseMs: median(database.get(site) ?? []),
    }
    compared.times[site.people] = ratioOf(rates.get(smallest) ?? [], rates.get(site) ?? [])
    say(
      `${errand}, ${atOnce} at once, ${site.people} accounts: ${inWords(spreadOf(rates.get(site) ?? []), 1)}/s, p50 ${quantile(all, 0.5).toFixed(1)} ms, ` +
        `${inWords(compared.times[site.people] as Spread)} times as long as with ${smallest.people}`,
    )
  }
  return compared
}

/** Until nodes that have just started have looked through everything, and nothing is vacuumed. */
async function untilQuiet(of: OwnPostgres): Promise<void> {
  let since = performance.now()
  for (const began = since; performance.now() - since < QUIET_FOR; await sleep(250)) {
    const busy = await of.ask(
      'postgres',
      `select from pg_stat_activity where pid <> pg_backend_pid() and state = 'active' and backend_type in ('client backend', 'autovacuum worker')`,
    )
    if (busy.length > 0) since = performance.now()
    if (performance.now() - began > QUIET_WITHIN) {
      say('It is measured although the database is still busy with itself.')
      return
    }
  }
}
