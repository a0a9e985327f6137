import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/lib/project-root.ts'
import { urls } from '../src/urls.ts'
import { oursAt, type OurErrands } from './speed/errands.ts'
import { quantile } from './statistics.ts'
import { closedLoad, openLoad, type Ask } from './speed/load.ts'
import { residentMiB } from './speed/parties.ts'
import { OwnPostgres, startOurs, type Server } from './speed/servers.ts'
import type { Flood, Flooded } from './overload/flood.ts'

/**
 * A flood of registrations at TIMES the capacity of one node for SECONDS, from a process of its own, beside people who
 * are signed in, who sign out, and who register from elsewhere. Writes overload.json to OUT and the same in words.
 */
const TIMES = Number(process.env['TIMES'] ?? 20)
const SECONDS = Number(process.env['SECONDS'] ?? 60)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')

/** Session checks a second, alone and beside the flood. */
const CHECKS = 20

const postgres = await OwnPostgres.start()
try {
  const server = await startOurs(await postgres.prepared('overload'), { LOG_LEVEL: 'warn' })
  try {
    await measure(server)
  } finally {
    await server.stop()
  }
} finally {
  await postgres.stop()
}

async function measure(server: Server): Promise<void> {
  const watched: { stop: () => Promise<number> }[] = []
  try {
    await inTurn(server, watched)
  } finally {
    for (const one of watched) await one.stop()
  }
}

async function inTurn(server: Server, watched: { stop: () => Promise<number> }[]): Promise<void> {
  const people = await oursAt(server.url)
  await closedLoad(server.url, await people.registrations(100), 8)

  const alone = await closedLoad(server.url, await people.registrations(60), 1)
  const checksAlone = await checks(server, people, 15)
  const peak = peakMemory(server)
  watched.push(peak)
  const capacity = (await closedLoad(server.url, await people.registrations(600), 16)).rate
  const normalPeak = await peak.stop()

  const [form] = await people.registrations(1)
  const flooding = flood({ server, form: form as Ask, perSecond: Math.round(capacity * TIMES) })
  const during = peakMemory(server)
  watched.push(during)
  await sleep(2000)
  const checksBeside = await checks(server, people, SECONDS - 4)
  const flooded = await flooding
  const floodPeak = await during.stop()
  const after = await closedLoad(server.url, await people.registrations(30), 1)

  const figures = {
    made: new Date().toISOString(),
    machine: `${cpus().length} cores, ${cpus()[0]?.model}`,
    capacity: { perSecond: round(capacity) },
    flood: { times: TIMES, seconds: SECONDS, sent: flooded.sent, byStatus: flooded.byStatus, errors: flooded.errors },
    sessionChecks: {
      alone: { p50: at(checksAlone, 0.5), p99: at(checksAlone, 0.99) },
      beside: { p50: at(checksBeside, 0.5), p99: at(checksBeside, 0.99) },
      ratioOfP99: round(quantile(checksBeside, 0.99) / quantile(checksAlone, 0.99)),
    },
    refusals: {
      p50: at(flooded.refusals, 0.5),
      p99: at(flooded.refusals, 0.99),
      withoutRetryAfter: flooded.withoutRetryAfter,
      registrationAlone: at(alone.latencies, 0.5),
    },
    memory: { normalPeakMiB: round(normalPeak), floodPeakMiB: round(floodPeak), ratio: round(floodPeak / normalPeak) },
    after: { registrationP50: at(after.latencies, 0.5), unexpected: after.unexpected },
  }
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'overload.json'), `${JSON.stringify(figures, null, 2)}\n`)
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}

async function checks(server: Server, people: OurErrands, seconds: number): Promise<number[]> {
  const { latencies, unexpected } = await openLoad(server.url, await people['session checks'](CHECKS * seconds), CHECKS)
  if (Object.keys(unexpected).length > 0) throw new Error(`session checks answered ${JSON.stringify(unexpected)}`)
  return latencies
}

async function flood({ server, form, perSecond }: { server: Server; form: Ask; perSecond: number }): Promise<Flooded> {
  const child = fork(join(import.meta.dirname, 'overload/flood.ts'), { serialization: 'advanced' })
  const told: Flood = {
    url: server.url,
    path: urls.customerRegistration,
    cookie: form.headers?.['cookie'] ?? '',
    token: new URLSearchParams(form.body).get('submission') ?? '',
    perSecond,
    seconds: SECONDS,
  }
  child.send(told)
  const [flooded] = (await once(child, 'message')) as [Flooded]
  return flooded
}

/** The most that a process held while it was watched. */
function peakMemory({ pid }: Server): { stop: () => Promise<number> } {
  const stopping = new AbortController()
  const watched = (async () => {
    let most = 0
    while (!stopping.signal.aborted) {
      most = Math.max(most, residentMiB(pid))
      await sleep(100)
    }
    return most
  })()
  return {
    stop: () => {
      stopping.abort()
      return watched
    },
  }
}

function at(values: readonly number[], share: number): number {
  return round(quantile(values, share))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
