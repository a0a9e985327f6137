import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { projectRoot } from '../../src/lib/project-root.ts'
import { HOUR } from '../../src/lib/time.ts'
import type { Storm } from '../../src/torture/storm.ts'
import type { Mailbox } from '../support/mailbox.ts'
import type { Moment } from '../support/postgres-proxy.ts'
import type { StormNode } from './node.ts'
import type { ReplicatedPair } from './pair.ts'

export interface Field {
  pair: ReplicatedPair
  nodes: readonly StormNode[]
  storm: Storm
  mailbox: Mailbox
}

/** What a fault was done to, and when PostgreSQL took writes again where it had not. */
export interface Done {
  target: string
  writable?: number
}

export interface Fault {
  name: string
  /** Does it, and returns when its cause is gone. */
  strike: (field: Field) => Promise<Done>
}

/** Statements at which a node is killed and a wire cut: those that change something, and what they ask before. */
const GATES = [
  'registration',
  'sessions-find',
  'sign-in-credential',
  'sign-in',
  'password-change',
  'sessions-end',
  'recovery-request',
  'recovery-spend',
  'recovery-take-over',
] as const

const MOMENTS: readonly Moment[] = ['before', 'during', 'after']

/** How long a gate is waited at until somebody comes by. */
const PASSES_WITHIN = 2500

const everyGate = GATES.flatMap((gate) => MOMENTS.map((moment) => ({ gate, moment })))

/** Kills of a node, each at another gate, and every fifth at no gate at all or with the clock wrong afterwards. */
const nodeKills: readonly Fault[] = everyGate.flatMap(({ gate, moment }, index) => [
  { name: 'node killed at a gate', strike: killAt(gate, moment) },
  ...(index % 3 === 0 ? [{ name: 'node killed', strike: killSometime }] : []),
  ...(index % 6 === 1
    ? [{ name: 'node killed, clock moved', strike: killAndMoveClock(index % 12 === 1 ? HOUR : -HOUR) }]
    : []),
])

const wireCuts: readonly Fault[] = everyGate.map(({ gate, moment }) => ({
  name: 'connection cut',
  strike: cutAt(gate, moment),
}))

const nodeTroubles: readonly Fault[] = [
  { name: 'mail server refuses', strike: mailServer('refuses for now') },
  { name: 'node stalled', strike: stallNode },
  { name: 'registrations flooded', strike: flood },
  { name: 'mail server dies after taking', strike: mailServer('dies after taking') },
  { name: 'mail server hangs', strike: mailServer('hangs') },
]

const postgresKills: readonly Fault[] = [
  { name: 'postmaster killed', strike: restart('SIGKILL') },
  { name: 'backend killed', strike: killBackend },
  { name: 'immediate shutdown', strike: restart('SIGQUIT') },
  { name: 'WAL write refused', strike: refuseWrites },
]

const failovers: readonly Fault[] = [
  { name: 'failover, primary killed', strike: failOver('SIGKILL') },
  { name: 'failover, standby had stalled', strike: stallStandbyThenFailOver },
  { name: 'failover, primary fenced alive', strike: fenceAliveThenFailOver },
  { name: 'failover, primary shut down', strike: failOver('SIGQUIT') },
]

const databaseTroubles: readonly Fault[] = [
  { name: 'table locked', strike: lockTable },
  { name: 'server stalled', strike: stallServer },
  { name: 'connections exhausted', strike: exhaustConnections },
]

/** Each kind in the order in which a storm takes them. */
export const faults = { nodeKills, wireCuts, nodeTroubles, postgresKills, failovers, databaseTroubles }

function oneOf<Thing>(things: readonly Thing[]): Thing {
  return things[randomInt(things.length)] as Thing
}

async function killSometime({ nodes }: Field): Promise<Done> {
  const node = oneOf(nodes)
  await sleep(randomInt(400))
  await node.kill()
  await node.start()
  return { target: `node ${node.name}` }
}

function killAndMoveClock(offset: number) {
  return async ({ nodes }: Field): Promise<Done> => {
    const node = oneOf(nodes)
    await node.kill()
    const clock = join(projectRoot, 'test/torture/moved-clock.mjs')
    await node.start({ NODE_OPTIONS: `--import=${clock}`, CLOCK_MOVED_BY: String(offset) })
    return { target: `node ${node.name}, by ${offset / HOUR} h` }
  }
}

function killAt(gate: string, moment: Moment) {
  return async ({ nodes }: Field): Promise<Done> => {
    const node = oneOf(nodes)
    const passed = await atGate(node, gate, moment, () => node.signal('SIGKILL'))
    await node.kill()
    await node.start()
    return { target: `node ${node.name}, ${passed ? `${moment} ${gate}` : `nobody came to ${gate}`}` }
  }
}

function cutAt(gate: string, moment: Moment) {
  return async ({ nodes }: Field): Promise<Done> => {
    const node = oneOf(nodes)
    const passed = await atGate(node, gate, moment, () => {})
    return { target: `node ${node.name}, ${passed ? `${moment} ${gate}` : `nobody came to ${gate}`}` }
  }
}

/** Whether somebody came by: the statement that this gate is named for, prepared by our own name for it. */
async function atGate(node: StormNode, gate: string, moment: Moment, act: () => void): Promise<boolean> {
  const statement = new RegExp(`\\b${gate}-[0-9a-f]{8}\\0`)
  const passing = { done: false }
  for (const wire of Object.values(node.wires)) {
    wire.cutAt(
      moment,
      (sent) => statement.test(sent),
      () => {
        passing.done = true
        act()
      },
    )
  }
  for (const deadline = Date.now() + PASSES_WITHIN; !passing.done && Date.now() < deadline;) await sleep(5)
  for (const wire of Object.values(node.wires)) wire.disarm()
  return passing.done
}

async function stallNode({ nodes }: Field): Promise<Done> {
  const node = oneOf(nodes)
  node.signal('SIGSTOP')
  await sleep(2000)
  node.signal('SIGCONT')
  return { target: `node ${node.name}` }
}

async function flood({ storm }: Field): Promise<Done> {
  await storm.flood(80)
  return { target: 'every node' }
}

function mailServer(manner: Mailbox['manner']) {
  return async ({ mailbox }: Field): Promise<Done> => {
    mailbox.manner = manner
    await sleep(2000)
    mailbox.manner = 'takes'
    return { target: 'mail server' }
  }
}

function restart(how: 'SIGKILL' | 'SIGQUIT') {
  return async ({ pair }: Field): Promise<Done> => {
    const { name } = pair.primary
    return { target: `server ${name}`, writable: await pair.restartPrimary(how) }
  }
}

async function killBackend({ pair }: Field): Promise<Done> {
  const [backend] = await pair.processesOf(pair.primary, 'client backend', 'meridian')
  if (backend === undefined) return restart('SIGKILL')({ pair } as Field)
  signal(backend, 'SIGKILL')
  // The postmaster notices, ends everybody else, and recovers.
  await sleep(150)
  return { target: `server ${pair.primary.name}`, writable: await pair.untilWritable() }
}

/** The disk takes nothing more from the processes that serve us: the first to write its commit brings the server down. */
async function refuseWrites({ pair }: Field): Promise<Done> {
  const backends = await pair.processesOf(pair.primary, 'client backend', 'meridian')
  for (const pid of backends) limitFiles(pid)
  await sleep(600)
  await pair
    .asSuperuser((client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1)`, [backends]),
    )
    .catch(() => {})
  return { target: `server ${pair.primary.name}`, writable: await pair.untilWritable() }
}

function limitFiles(pid: number): void {
  try {
    execFileSync('prlimit', ['--pid', String(pid), '--fsize=8192'], { stdio: 'ignore' })
  } catch {
    // Gone meanwhile, or a system without prlimit: then it is killed, which comes to the same for everybody else.
    signal(pid, 'SIGKILL')
  }
}

/** Connections come and go: a process that has ended meanwhile is none to be signalled. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function failOver(how: 'SIGKILL' | 'SIGQUIT') {
  return async ({ pair }: Field): Promise<Done> => {
    const words = `from ${pair.primary.name} to ${pair.standby.name}`
    return { target: words, writable: await pair.failOver(how) }
  }
}

async function fenceAliveThenFailOver({ pair }: Field): Promise<Done> {
  const words = `from ${pair.primary.name} to ${pair.standby.name}`
  return { target: words, writable: await pair.failOver('SIGKILL', { fencedAlive: 500 }) }
}

/**
 * The unreplicated acknowledgement: commits wait for a standby that does not answer, clients give up and send again, the
 * primary is restarted with all that it had committed alone, clients send again, and then only the standby is left.
 */
async function stallStandbyThenFailOver({ pair }: Field): Promise<Done> {
  const words = `from ${pair.primary.name} to ${pair.standby.name}`
  const receivers = await pair.processesOf(pair.standby, 'walreceiver')
  for (const pid of receivers) signal(pid, 'SIGSTOP')
  await sleep(1500)
  await pair.primary.cluster.stop('SIGQUIT')
  await pair.startAgain(pair.primary)
  await sleep(1500)
  const onceStopped = () => {
    for (const pid of receivers) signal(pid, 'SIGCONT')
  }
  return { target: words, writable: await pair.failOver('SIGKILL', { onceStopped }) }
}

async function lockTable({ pair }: Field): Promise<Done> {
  await pair.asSuperuser(async (client) => {
    await client.query('begin')
    await client.query('lock table accounts in access exclusive mode')
    await sleep(2500)
    await client.query('rollback')
  })
  return { target: 'accounts', writable: await pair.untilWritable() }
}

async function stallServer({ pair }: Field): Promise<Done> {
  const backends = await pair.processesOf(pair.primary, 'client backend', 'meridian')
  for (const pid of backends) signal(pid, 'SIGSTOP')
  await sleep(1500)
  for (const pid of backends) signal(pid, 'SIGCONT')
  return { target: `server ${pair.primary.name}`, writable: await pair.untilWritable() }
}

/** Somebody else has every connection, and ours are ended. */
async function exhaustConnections({ pair }: Field): Promise<Done> {
  const url = pair.primary.cluster.url('meridian_app', 'meridian')
  const held: Client[] = []
  const fill = async () => {
    for (;;) {
      const client = new Client({ connectionString: url, application_name: 'somebody else' })
      client.on('error', () => {})
      try {
        await client.connect()
      } catch {
        return
      }
      held.push(client)
    }
  }
  await fill()
  await pair.asSuperuser((client) =>
    client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'meridian'`),
  )
  await fill()
  await sleep(1500)
  await Promise.all(held.map((client) => client.end().catch(() => {})))
  return { target: `server ${pair.primary.name}`, writable: await pair.untilWritable() }
}
