import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/lib/project-root.ts'
import { urls } from '../src/urls.ts'
import { oursAt, type OurErrands } from './speed/errands.ts'
import { quantile } from './statistics.ts'
import { closedLoad, openLoad, sameAsk, type Ask } from './speed/load.ts'
import { between, machineTime, processorTime, residentMiB } from './speed/parties.ts'
import { OwnPostgres, startBounds, startOurs, type Server } from './speed/servers.ts'
import type { Flood, Flooded } from './overload/flood.ts'

/**
 * A flood of registrations at TIMES the capacity of one node for SECONDS, from a process of its own: over connections that
 * are kept, over a new one for each, and from one network alone. Beside it people check their sessions, sign out, and
 * register from elsewhere; the moment that the last of the flood is sent, somebody registers. Writes overload.json to OUT
 * and the same to the terminal.
 *
 * All of it shares one machine. What the load takes of it is told, and so is by how much it was late itself; and as often as the
 * sessions, a bystander is asked: Fastify with one query, in a process of its own that the flood does not come to. What it is slower
 * beside the flood is the machine's doing.
 */
const TIMES = Number(process.env['TIMES'] ?? 20)
const SECONDS = Number(process.env['SECONDS'] ?? 60)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')
/** Node's options for the server and for the flood, as to profile them. */
const { SERVER_OPTIONS = '', FLOOD_OPTIONS = '' } = process.env

/** A second, alone and beside the flood. */
const CHECKS = 20
const SIGN_OUTS = 1
const OTHERS = 2

const KINDS: Readonly<Record<string, Pick<Flood, 'fresh' | 'network'>>> = {
  'connections kept': { fresh: false, network: null },
  'a connection each': { fresh: true, network: null },
  'one network': { fresh: false, network: '198.51.100.7' },
}
/** Milliseconds that a registration after the flood is tried for. */
const RECOVERY_WITHIN = 10_000
const ONLY = process.env['ONLY']

const postgres = await OwnPostgres.start()
try {
  const appUrl = await postgres.prepared('overload')
  const server = await startOurs(appUrl, { LOG_LEVEL: 'warn', NODE_OPTIONS: SERVER_OPTIONS })
  const bystander = await startBounds(appUrl, '')
  try {
    await measure(server, bystander)
  } finally {
    await Promise.all([server.stop(), bystander.stop()])
  }
} finally {
  await postgres.stop()
}

async function measure(server: Server, bystander: Server): Promise<void> {
  const people = await oursAt(server.url)
  await closedLoad(server.url, await people.registrations(100), 8)

  const alone = await closedLoad(server.url, await people.registrations(60), 1)
  // For as long as beside a flood: the 99th percentile of a few checks is hardly more than chance.
  const [checksAlone, bystanderAlone] = await Promise.all([
    checks(server, people, SECONDS - 2),
    questions(bystander, SECONDS - 2),
  ])
  // As long as a flood takes at this capacity: memory grows with what was done, until the next great collection.
  const busy = await people.registrations(Math.round((1000 * SECONDS) / quantile(alone.latencies, 0.5)))
  const { result, most: normalPeak } = await watched(server, () => closedLoad(server.url, busy, 16))
  const unloaded = {
    registration: alone.latencies,
    checks: checksAlone,
    bystander: bystanderAlone,
    capacity: result.rate,
    normalPeak,
  }

  const floods: Record<string, object> = {}
  for (const [name, kind] of Object.entries(KINDS)) {
    if (ONLY === undefined || ONLY === name) floods[name] = await flooded({ server, bystander }, people, kind, unloaded)
  }
  const figures = {
    made: new Date().toISOString(),
    machine: `${cpus().length} cores, ${cpus()[0]?.model}`,
    flood: { times: TIMES, seconds: SECONDS },
    unloaded: {
      capacityPerSecond: round(result.rate),
      registration: spread(alone.latencies),
      sessionChecks: spread(checksAlone),
      bystander: spread(bystanderAlone),
      peakMiB: round(normalPeak),
    },
    floods,
  }
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'overload.json'), `${JSON.stringify(figures, null, 2)}\n`)
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}

interface Unloaded {
  registration: number[]
  checks: number[]
  bystander: number[]
  capacity: number
  normalPeak: number
}

/** One flood and what was seen beside it. */
async function flooded(
  { server, bystander }: { server: Server; bystander: Server },
  people: OurErrands,
  kind: Pick<Flood, 'fresh' | 'network'>,
  unloaded: Unloaded,
): Promise<object> {
  const [form] = await people.registrations(1)
  const seconds = SECONDS - 2
  const signOuts = await people['sign-outs'](SIGN_OUTS * seconds)
  const others = await people.registrations(OTHERS * seconds)
  const later = await people.registrations(30)
  const before = processorTime(server.pid, postgres.postmasterPid)
  const machineBefore = machineTime()

  const flood = startFlood(server, form as Ask, { ...kind, perSecond: Math.round(unloaded.capacity * TIMES) })
  const { result, most } = await watched(server, async () => {
    const [checked, asked, signedOut, elsewhere] = await Promise.all([
      checks(server, people, seconds),
      questions(bystander, seconds),
      openLoad(server.url, signOuts, SIGN_OUTS),
      openLoad(server.url, others, OTHERS),
      flood.sent,
    ])
    return {
      checked,
      asked,
      signedOut,
      elsewhere,
      processor: between(before, processorTime(server.pid, postgres.postmasterPid)),
      machine: machineTime() - machineBefore,
    }
  })
  const recovered = await recovery(server, later)
  const { refusals, lateness, processor, ...seen } = await flood.over
  const { checked, asked, signedOut, elsewhere } = result
  return {
    ...seen,
    lateByItself: spread(lateness),
    ofACore: {
      server: round(result.processor.server / SECONDS),
      postgres: round(result.processor.database / SECONDS),
      flood: round(processor / SECONDS),
      people: round(result.processor.load / SECONDS),
      // What other programs took meanwhile: a run beside much of that says little.
      stranger: round(
        (result.machine - processor - result.processor.server - result.processor.database - result.processor.load) /
          SECONDS,
      ),
    },
    sessionChecks: {
      ...spread(checked),
      ratioOfP99: round(quantile(checked, 0.99) / quantile(unloaded.checks, 0.99)),
    },
    bystander: { ...spread(asked), ratioOfP99: round(quantile(asked, 0.99) / quantile(unloaded.bystander, 0.99)) },
    signOuts: { ...spread(signedOut.latencies), unexpected: signedOut.unexpected },
    registrationsFromElsewhere: { ...spread(elsewhere.latencies), unexpected: elsewhere.unexpected },
    refusals: {
      ...spread(refusals),
      ratioToRegistration: round(quantile(refusals, 0.5) / quantile(unloaded.registration, 0.5)),
    },
    memory: { peakMiB: round(most), ratio: round(most / unloaded.normalPeak) },
    afterIt: recovered,
  }
}

async function checks(server: Server, people: OurErrands, seconds: number): Promise<number[]> {
  return steadily(server, await people['session checks'](CHECKS * seconds))
}

/** What the bystander is asked: one row by its key, of which there is none. */
async function questions(bystander: Server, seconds: number): Promise<number[]> {
  return steadily(
    bystander,
    sameAsk(CHECKS * seconds, { method: 'GET', path: `/query/${'00'.repeat(32)}`, expected: 200 }),
  )
}

/** Milliseconds of each answer, all of which have to be the expected ones. */
async function steadily(server: Server, asks: readonly Ask[]): Promise<number[]> {
  const { latencies, unexpected } = await openLoad(server.url, asks, CHECKS)
  if (Object.keys(unexpected).length > 0) throw new Error(`${asks[0]?.path} was answered ${JSON.stringify(unexpected)}`)
  return latencies
}

/** Registers one after the other, trying the first again: milliseconds until it got through, and what each took from then on. */
async function recovery(server: Server, [first, ...others]: Ask[]): Promise<object> {
  const began = performance.now()
  let isThrough = await registers(server, first as Ask)
  while (!isThrough && performance.now() - began < RECOVERY_WITHIN) {
    await sleep(50)
    isThrough = await registers(server, first as Ask)
  }
  const firstRegistered = isThrough ? round(performance.now() - began) : null
  const { latencies, unexpected } = await closedLoad(server.url, others, 1)
  return { firstRegistered, registrations: spread(latencies), unexpected }
}

async function registers(server: Server, ask: Ask): Promise<boolean> {
  const { unexpected } = await closedLoad(server.url, [ask], 1)
  return Object.keys(unexpected).length === 0
}

/** `sent` when the last request is, `over` when the last answer is there. */
function startFlood(
  server: Server,
  form: Ask,
  kind: Pick<Flood, 'fresh' | 'network' | 'perSecond'>,
): { sent: Promise<void>; over: Promise<Flooded> } {
  const child = fork(join(import.meta.dirname, 'overload/flood.ts'), {
    serialization: 'advanced',
    execArgv: FLOOD_OPTIONS.split(' ').filter(Boolean),
  })
  const told: Flood = {
    url: server.url,
    path: urls.customerRegistration,
    cookie: form.headers?.['cookie'] ?? '',
    token: new URLSearchParams(form.body).get('submission') ?? '',
    seconds: SECONDS,
    ...kind,
  }
  child.send(told)
  const { promise: sent, resolve: allSent } = Promise.withResolvers<void>()
  const { promise: over, resolve, reject } = Promise.withResolvers<Flooded>()
  child.on('message', (message) => (message === 'all sent' ? allSent() : resolve(message as Flooded)))
  child.on('exit', (code) => code && reject(new Error(`the flood ended with ${code}`)))
  return { sent, over }
}

/** Does something, and tells the most memory that the server held meanwhile. */
async function watched<Result>({ pid }: Server, act: () => Promise<Result>): Promise<{ result: Result; most: number }> {
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, residentMiB(pid))), 100)
  try {
    return { result: await act(), most }
  } finally {
    clearInterval(watch)
  }
}

/** Milliseconds. */
function spread(values: readonly number[]): { p50: number; p99: number } {
  return { p50: round(quantile(values, 0.5)), p99: round(quantile(values, 0.99)) }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
