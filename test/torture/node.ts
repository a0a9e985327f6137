import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, inject } from 'vitest'
import { freePort } from '../../src/lib/free-port.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { CHEAP_HASHES, TEST_SECRET } from '../support/site.ts'
import type { ReplicatedPair, Server } from './pair.ts'

/** A node with a wire of its own to each server, killed and started again at the same address. */
export class StormNode {
  readonly name: string
  readonly url: string
  readonly wires: Record<Server['name'], PostgresProxy>
  readonly #environment: NodeJS.ProcessEnv
  readonly #logFile: string
  #process: ChildProcess | undefined
  /** When it was up and ended without having been told to: no fault may do that. */
  readonly endedByItself: string[] = []

  private constructor(name: string, port: number, wires: StormNode['wires'], environment: NodeJS.ProcessEnv) {
    this.name = name
    this.url = `http://localhost:${port}`
    this.wires = wires
    this.#environment = environment
    this.#logFile = join(inject('logs'), `storm-${name}.log`)
  }

  static async open(name: string, pair: ReplicatedPair, publicUrl: string, settings: NodeJS.ProcessEnv) {
    const port = await freePort()
    const [a, b] = await Promise.all(
      pair.servers.map(({ cluster }) => PostgresProxy.before(cluster.url('meridian_app', 'meridian'))),
    )
    const wires = { a: a as PostgresProxy, b: b as PostgresProxy }
    const direct = pair.servers[0].cluster.url('meridian_app', 'meridian')
    const hosts = [wires.a, wires.b].map((wire) => new URL(wire.url(direct)).host).join(',')
    const node = new StormNode(name, port, wires, {
      NODE_ENV: 'production',
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATABASE_URL: direct.replace(/@[^/]+\//, `@${hosts}/`),
      SECRET: TEST_SECRET,
      TRUST_PROXY: 'loopback',
      DATA_DIR: join(projectRoot, 'test-results', 'data'),
      ...CHEAP_HASHES,
      ...settings,
    })
    afterAll(() => void node.kill())
    await node.start()
    return node
  }

  /** Starts it, again and again if the database is not there yet, and waits until it can serve. */
  async start(environment: NodeJS.ProcessEnv = {}): Promise<void> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(100)) {
      if (this.#process?.exitCode !== null || this.#process.signalCode !== null) this.#spawn(environment)
      if (await this.#isReady()) return this.#watch()
    }
    throw new Error(`node ${this.name} did not get ready`)
  }

  /** As if the power went: nothing is closed in order. */
  async kill(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((exit) => child.once('exit', exit))
    child.kill('SIGKILL')
    await gone
  }

  /** All that it has logged in all its lives. */
  written(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal)
  }

  /** Only from now on: a node that cannot start says so by ending. */
  #watch(): void {
    const child = this.#process as ChildProcess
    const note = (code: number | null, signal: NodeJS.Signals | null) => {
      if (signal !== 'SIGKILL') this.endedByItself.push(`node ${this.name}, with ${signal ?? code}`)
    }
    if (child.exitCode === null && child.signalCode === null) child.once('exit', note)
    else note(child.exitCode, child.signalCode)
  }

  #spawn(environment: NodeJS.ProcessEnv): void {
    const log = openSync(this.#logFile, 'a')
    this.#process = spawn(process.execPath, [join(projectRoot, 'dist/main.mjs')], {
      env: { ...process.env, ...this.#environment, ...environment },
      stdio: ['ignore', log, 'ignore'],
    })
    closeSync(log)
  }

  #isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).then(
      ({ ok }) => ok,
      () => false,
    )
  }
}
