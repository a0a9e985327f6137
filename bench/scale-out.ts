import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Passwords } from '../src/accounts/passwords/passwords.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { fillSite, PASSWORD } from './growth/fill.ts'
import { registrationScript, replay, sessionScript, type Script } from './scale-out/replay.ts'
import { oursAt } from './speed/errands.ts'
import { inWords, ratioOf, spreadOf, type Spread } from './speed/figures.ts'
import { closedLoad, type Ask } from './speed/load.ts'
import { between, processorTime, residentMiB, type Parties } from './speed/parties.ts'
import { COST, OwnPostgres, startOurs, type Server, type Setting } from './speed/servers.ts'
import { median } from './statistics.ts'

/**
 * One, two and four nodes on one PostgreSQL, in turns, and what that PostgreSQL takes by itself when pgbench replays the statements. Nodes,
 * PostgreSQL and load share this machine's cores, so that more nodes cannot do more here: what a node and what PostgreSQL spend on one
 * operation is the figure to reckon with. Writes scale-out.json to OUT.
 *
 *     npm run bench -- scale-out
 *
 * ROUNDS and SCALE (of the number of requests) make it longer or shorter; PGBENCH names the program where it is not on the PATH.
 */
const NODES = [1, 2, 4]
const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const SCALE = Number(process.env['SCALE'] ?? 1)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')
const AT_ONCE = 32
const PEOPLE = 20_000

const LOADS = { registrations: 192, 'sign-ins': 192, 'session checks': 4000 }

/** How many connections replay at once, and for how many seconds. */
const REPLAYED_AT_ONCE = [1, 8, 32]
const REPLAYED_FOR = 5

export interface ScaleOut extends Setting {
  rounds: number
  /** By errand, then by number of nodes. */
  nodes: Record<
    string,
    Record<number, { perSecond: Spread; ofOneNode: Spread; processor: Parties; residentMiB: number }>
  >
  /** PostgreSQL alone: by errand, then by how many at once. Null where there was no pgbench. */
  alone: Record<string, Record<number, { perSecond: Spread; databaseMs: number }>> | null
}

const say = (words: string) => process.stdout.write(`${words}\n`)

const postgres = await OwnPostgres.start(undefined, ['shared_buffers=1GB'])
const nodes: Server[] = []
try {
  await measure()
} finally {
  await Promise.all(nodes.map((node) => node.stop()))
  await postgres.stop()
}

async function measure(): Promise<void> {
  const url = await postgres.prepared('people')
  const passwords = new Passwords({ memoryKib: Number(COST.MEMORY_KIB), passes: Number(COST.PASSES) })
  const passwordHash = await passwords.hash(PASSWORD, null)
  await fillSite(postgres.ownerUrl('people'), PEOPLE, passwordHash)
  const figures: ScaleOut = {
    ...(await postgres.setting()),
    rounds: ROUNDS,
    nodes: {},
    alone: null,
  }
  for (let node = 0; node < Math.max(...NODES); node += 1)
    nodes.push(await startOurs(url, { LOG_LEVEL: 'warn', DATABASE_CONNECTIONS: '10' }))
  for (const [errand, count] of Object.entries(LOADS))
    figures.nodes[errand] = await byNodes(errand as keyof typeof LOADS, Math.round(count * SCALE))
  await Promise.all(nodes.splice(0).map((node) => node.stop()))

  if (spawnSync(process.env['PGBENCH'] ?? 'pgbench', ['--version']).status === 0) {
    figures.alone = {
      registrations: await alone(url, 'registrations', await registrationScript(passwordHash)),
      'session checks': await alone(url, 'session checks', await sessionScript(PEOPLE)),
    }
  } else say('There is no pgbench here: what PostgreSQL takes by itself is left out.')
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'scale-out.json'), `${JSON.stringify(figures, null, 2)}\n`)
  say(join(OUT, 'scale-out.json'))
}

async function byNodes(errand: keyof typeof LOADS, count: number): Promise<ScaleOut['nodes'][string]> {
  const errands = await Promise.all(nodes.map((node) => oursAt(node.url)))
  const rounds = new Map<number, { rate: number; processor: Parties }[]>(NODES.map((number) => [number, []]))
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const number of round % 2 === 0 ? NODES : NODES.toReversed()) {
      const asks = await Promise.all(
        errands.slice(0, number).map((of) => of[errand](Math.max(1, Math.round(count / number)))),
      )
      const done = await atAll(nodes.slice(0, number), asks)
      // The round before the first one is for connections and caches.
      if (round >= 0) rounds.get(number)?.push(done)
    }
  }
  const rates = (number: number) => rounds.get(number)?.map(({ rate }) => rate) ?? []
  const entries = NODES.map((number) => {
    const middle = (of: (parties: Parties) => number) =>
      median(rounds.get(number)?.map(({ processor }) => of(processor)) ?? [])
    const figures = {
      perSecond: spreadOf(rates(number)),
      ofOneNode: ratioOf(rates(number), rates(NODES[0] as number)),
      processor: {
        server: middle(({ server }) => server),
        database: middle(({ database }) => database),
        load: middle(({ load }) => load),
      },
      residentMiB: Math.max(...nodes.slice(0, number).map(({ pid }) => residentMiB(pid))),
    }
    const { server, database, load } = figures.processor
    say(
      `${errand}, ${number} node${number === 1 ? '' : 's'}: ${inWords(figures.perSecond, 0)}/s; CPU ms each: nodes ${server.toFixed(2)}, PostgreSQL ${database.toFixed(2)}, load ${load.toFixed(2)}`,
    )
    return [number, figures] as const
  })
  return Object.fromEntries(entries)
}

async function atAll(
  servers: readonly Server[],
  asks: readonly Ask[][],
): Promise<{ rate: number; processor: Parties }> {
  const count = asks.flat().length
  const pids = servers.map(({ pid }) => pid)
  const before = processorTime(pids, postgres.postmasterPid)
  const began = performance.now()
  const answers = await Promise.all(
    servers.map((server, at) => closedLoad(server.url, asks[at] ?? [], AT_ONCE / servers.length)),
  )
  const seconds = (performance.now() - began) / 1000
  const spent = between(before, processorTime(pids, postgres.postmasterPid))
  const refused = answers.reduce((sum, { unexpected }) => sum + (unexpected[503] ?? 0), 0)
  const others = answers.flatMap(({ unexpected }) => Object.keys(unexpected)).filter((status) => status !== '503')
  if (others.length > 0) throw new Error(`${asks[0]?.[0]?.path} was answered ${others.join(', ')}`)
  const each = (of: number) => (of / (count - refused)) * 1000
  return {
    rate: (count - refused) / seconds,
    processor: { server: each(spent.server), database: each(spent.database), load: each(spent.load) },
  }
}

async function alone(url: string, errand: string, script: Script): Promise<NonNullable<ScaleOut['alone']>[string]> {
  const figures: NonNullable<ScaleOut['alone']>[string] = {}
  for (const atOnce of REPLAYED_AT_ONCE) {
    const rates: number[] = []
    const costs: number[] = []
    for (let round = 0; round < Math.min(ROUNDS, 3); round += 1) {
      const before = processorTime([], postgres.postmasterPid)
      const { perSecond } = await replay(url, script, atOnce, REPLAYED_FOR)
      const spent = between(before, processorTime([], postgres.postmasterPid))
      rates.push(perSecond)
      costs.push((spent.database / (perSecond * REPLAYED_FOR)) * 1000)
    }
    figures[atOnce] = { perSecond: spreadOf(rates), databaseMs: median(costs) }
    say(
      `${errand} by PostgreSQL alone, ${atOnce} at once: ${inWords(spreadOf(rates), 0)}/s; CPU ms each: ${median(costs).toFixed(3)}`,
    )
  }
  return figures
}
