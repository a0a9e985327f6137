import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, inject } from 'vitest'
import { buildApp, openDelivery } from '../../src/app.ts'
import { readConfig, type Config } from '../../src/config.ts'
import { Database } from '../../src/database/database.ts'
import type { PoolSettings } from '../../src/database/primary-pool.ts'
import { freePort } from '../../src/lib/free-port.ts'
import { logOptions, type Log } from '../../src/lib/log.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import type { TestDatabase } from './database.ts'

export interface Site {
  url: string
}

/** Cheap hashes, so that a test of ten thousand registrations takes seconds. Everything else is as in production. */
export const CHEAP_HASHES = { ARGON2_MEMORY_KIB: '1024', ARGON2_PASSES: '1' }

export const TEST_SECRET = 'a secret of the tests that is long enough to be one'

function settingsFor(
  { appUrl }: Pick<TestDatabase, 'appUrl'>,
  port: number,
  settings: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  return {
    PORT: String(port),
    PUBLIC_URL: `http://localhost:${port}`,
    DATABASE_URL: appUrl,
    SECRET: TEST_SECRET,
    TRUST_PROXY: 'loopback',
    LOG_LEVEL: 'debug',
    DATA_DIR: join(projectRoot, 'test-results', 'data'),
    ...(settings['PUBLIC_URL']?.startsWith('https:') ? {} : CHEAP_HASHES),
    ...settings,
  }
}

/** The whole site in this process, on a port of its own, its log kept for the search after the run. */
export async function openSite(
  of: Pick<TestDatabase, 'appUrl'>,
  settings: NodeJS.ProcessEnv = {},
): Promise<Site & { app: FastifyInstance; log: Log }> {
  const { config, log, ...site } = await openSiteOn(of, (pool) => new Database({ ...pool, connections: 10 }), settings)
  const delivery = await openDelivery(config, site.database, log)
  afterAll(() => delivery.stop())
  return { ...site, log }
}

/** The pages alone, on a way to the database that a test has made for itself; nothing runs but what is asked for. */
export async function openSiteOn<Way extends Database>(
  of: Pick<TestDatabase, 'appUrl'>,
  open: (pool: Pick<PoolSettings, 'url' | 'onIdleError'>) => Way,
  settings: NodeJS.ProcessEnv = {},
): Promise<Site & { app: FastifyInstance; database: Way; config: Config; log: Log }> {
  const port = await freePort()
  const config = readConfig(settingsFor(of, port, settings))
  const log = pino({ ...logOptions, level: 'debug' }, createWriteStream(logFile('site')))
  const database = open({ url: config.DATABASE_URL as string, onIdleError: (error) => log.warn({ err: error }) })
  const app = await buildApp(config, database, log)
  await app.listen({ host: '127.0.0.1', port })
  afterAll(async () => {
    await app.close()
    await database.close()
  })
  return { url: config.PUBLIC_URL, app, database, config, log }
}

export interface Node extends Site {
  process: ChildProcess
  /** All that the node has written so far. */
  written: () => string
}

/** A node as it is run in production: the bundle, in a process of its own, on the database of this test. */
export async function startNode(
  of: Pick<TestDatabase, 'appUrl'>,
  settings: NodeJS.ProcessEnv = {},
  port?: number,
): Promise<Node> {
  const at = port ?? (await freePort())
  return startProcess(at, { NODE_ENV: 'production', ...settingsFor(of, at, settings) })
}

/** A node as a newcomer runs it: on the embedded database under `dataDir`. */
export async function startEmbeddedNode(dataDir: string): Promise<Node> {
  const port = await freePort()
  return startProcess(port, { PORT: String(port), DATA_DIR: dataDir, ...CHEAP_HASHES })
}

async function startProcess(port: number, settings: NodeJS.ProcessEnv): Promise<Node> {
  const path = logFile('node')
  const log = openSync(path, 'a')
  const env = { ...process.env, ...settings }
  const child = spawn(process.execPath, [join(projectRoot, 'dist/main.mjs')], { env, stdio: ['ignore', log, 'ignore'] })
  afterAll(() => {
    child.kill('SIGKILL')
  })
  const url = `http://localhost:${port}`
  await untilReady(url, child)
  return { url, process: child, written: () => readFileSync(path, 'utf8') }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`)
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await sleep(50)
  }
  throw new Error('the node did not get ready')
}

function logFile(kind: string): string {
  return join(inject('logs'), `${kind}-${randomBytes(4).toString('hex')}.log`)
}
