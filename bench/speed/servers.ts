import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { migrate } from '../../src/database/migrations.ts'
import { freePort } from '../../src/lib/free-port.ts'
import { projectRoot } from '../../src/lib/project-root.ts'

/** What every server here hashes at: our default. */
export const COST = { MEMORY_KIB: '19456', PASSES: '2' }

export interface Server {
  url: string
  pid: number
  /** Milliseconds from the start of the process to its first good answer. */
  startedIn: number
  stop: () => Promise<void>
}

/** When and on what something was measured. */
export interface Setting {
  made: string
  machine: string
  node: string
  postgres: string
}

/** A PostgreSQL of this run's own, which waits for its disk as one in production does. */
export class OwnPostgres {
  readonly #cluster: EmbeddedCluster
  readonly #folder: string
  readonly #isKept: boolean

  private constructor(cluster: EmbeddedCluster, folder: string, isKept: boolean) {
    this.#cluster = cluster
    this.#folder = folder
    this.#isKept = isKept
  }

  /** In `keep`, a folder that stays when it stops, or in one of its own; `options` come after the usual ones. */
  static async start(keep?: string, options: readonly string[] = []): Promise<OwnPostgres> {
    const folder = keep ?? mkdtempSync(join(tmpdir(), 'meridian-bench-'))
    const usual = ['max_wal_size=4GB', 'shared_buffers=512MB', 'track_wal_io_timing=on']
    const cluster = await EmbeddedCluster.open({ dataDir: folder, options: [...usual, ...options] })
    return new OwnPostgres(cluster, folder, keep !== undefined)
  }

  get postmasterPid(): number {
    return Number(readFileSync(join(this.#cluster.place, 'postmaster.pid'), 'utf8').split('\n')[0])
  }

  /** Our schema in a database of this name; returns the application's connection string. */
  async prepared(name: string): Promise<string> {
    await this.#cluster.prepare(name)
    const [ownerUrl, appUrl] = [this.ownerUrl(name), this.appUrl(name)]
    await migrate({ ownerUrl, appUrl })
    return appUrl
  }

  /** An empty database of this name, for its owner. */
  async empty(name: string): Promise<string> {
    await this.#cluster.prepare(name)
    return this.ownerUrl(name)
  }

  appUrl(name: string): string {
    return this.#cluster.url('meridian_app', name)
  }

  ownerUrl(name: string): string {
    return this.#cluster.url('meridian_owner', name)
  }

  superuserUrl(name: string): string {
    return this.#cluster.url('postgres', name)
  }

  /** One statement as superuser. */
  async ask<Row extends object>(name: string, text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.superuserUrl(name) })
    await client.connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } finally {
      await client.end()
    }
  }

  /** What is measured now is measured on this. */
  async setting(): Promise<Setting> {
    const [row] = await this.ask<{ server_version: string }>('postgres', 'show server_version')
    return {
      made: new Date().toISOString(),
      machine: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
      node: process.version,
      postgres: row?.server_version ?? '',
    }
  }

  /** Whether the first change to a page after a checkpoint writes all of it to the log. A crash is safe only if so. */
  async writePageImages(are: boolean): Promise<void> {
    await this.ask('postgres', `alter system set full_page_writes = ${are ? 'on' : 'off'}`)
    await this.ask('postgres', 'select pg_reload_conf()')
  }

  async stop(): Promise<void> {
    await this.#cluster.stop()
    if (this.#isKept) return
    rmSync(this.#cluster.place, { recursive: true, force: true })
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** One of our nodes, as in production. */
export async function startOurs(appUrl: string, settings: NodeJS.ProcessEnv = {}): Promise<Server> {
  const port = await freePort()
  const env = {
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATABASE_URL: appUrl,
    SECRET: 'a secret of the benches that is long enough to be one',
    TRUST_PROXY: 'loopback',
    NODE_ENV: 'production',
    ARGON2_MEMORY_KIB: COST.MEMORY_KIB,
    ARGON2_PASSES: COST.PASSES,
    ...settings,
  }
  return start('dist/main.mjs', port, env, '/readyz')
}

export async function startBetterAuth(url: string): Promise<Server> {
  const port = await freePort()
  return start('bench/peers/better-auth.mjs', port, { PORT: String(port), DATABASE_URL: url, ...COST }, '/api/auth/ok')
}

export async function startBounds(appUrl: string, constant: string): Promise<Server> {
  const port = await freePort()
  const env = { PORT: String(port), DATABASE_URL: appUrl, CONSTANT: constant, ...COST }
  return start('bench/speed/bounds.ts', port, env, '/constant')
}

async function start(script: string, port: number, env: NodeJS.ProcessEnv, first: string): Promise<Server> {
  const began = performance.now()
  const child = spawn(process.execPath, [join(projectRoot, script)], {
    env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '4', ...env },
    cwd: projectRoot,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await untilAnswered(`${url}${first}`, child, script)
  return {
    url,
    pid: child.pid as number,
    startedIn: performance.now() - began,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function untilAnswered(url: string, child: ChildProcess, script: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(5)) {
    if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode}`)
    const good = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    )
    if (good) return
  }
  child.kill('SIGKILL')
  throw new Error(`${script} did not answer ${url}`)
}
