import { execFileSync, spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'
import { Fault } from '../../answers/fault.ts'
import { newId, newSecret } from '../../lib/random.ts'
import { freePort } from '../../lib/free-port.ts'
import { SECOND } from '../../lib/time.ts'
import { binariesFor, linkUnlessThere, SHARED_PLACE } from './binaries.ts'
import { isPostmasterOf, postmasterOf, readPidFile, removeStalePidFile } from './postmaster-file.ts'
import { mayReach, unprivilegedUser, type Unprivileged } from './unprivileged.ts'

export type Role = 'postgres' | 'meridian_owner' | 'meridian_app'

export interface ClusterSettings {
  /** The folder under which the cluster, its log and its passwords live. */
  dataDir: string
  /** Further server settings, such as `fsync=off` in tests. */
  options?: readonly string[]
}

const START_WITHIN = 30 * SECOND
const HOLD_AGAIN_AFTER = SECOND
const LOOKS_FOR_OTHERS = 10

/** What a process that keeps the server calls its connection. */
const HOLDING = 'meridian holds'

/**
 * A PostgreSQL of our own for machines that have none: the real server, on loopback, every role with a password that is
 * generated once. It is a process of its own and outlives a crash of ours; whoever comes next finds it by its pid file.
 */
export class EmbeddedCluster {
  readonly place: string
  readonly #user: Unprivileged | null
  readonly #bin: string
  readonly #options: readonly string[]
  readonly #logFile: string
  #port = 0
  #holding: Client | null = null

  private constructor(settings: ClusterSettings) {
    this.#user = unprivilegedUser()
    this.#bin = binariesFor(this.#user)
    this.#options = settings.options ?? []
    mkdirSync(settings.dataDir, { recursive: true })
    this.#logFile = join(settings.dataDir, 'postgres.log')
    this.place = placeFor(settings.dataDir, this.#user)
  }

  /** Creates the cluster if need be, and starts it or joins the one that already runs. */
  static async open(settings: ClusterSettings): Promise<EmbeddedCluster> {
    const cluster = new EmbeddedCluster(settings)
    if (!existsSync(join(cluster.place, 'PG_VERSION'))) cluster.#create()
    await cluster.#start()
    return cluster
  }

  url(role: Role, database: string): string {
    return `postgres://${role}:${this.#passwords()[role]}@127.0.0.1:${this.#port}/${database}`
  }

  /** The roles and the database that the application uses; does nothing where they exist. */
  async prepare(database: string): Promise<void> {
    await this.#asSuperuser(async (client) => {
      await client.query('select pg_advisory_lock(1)')
      const passwords = this.#passwords()
      for (const role of ['meridian_owner', 'meridian_app'] as const) {
        const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
        if (rowCount === 0) await client.query(`create role ${role} login password '${passwords[role]}'`)
      }
      const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
      if (rowCount === 0) await client.query(`create database ${escapeIdentifier(database)} owner meridian_owner`)
    })
  }

  /**
   * Keeps the server for as long as this process runs: others see by the connection that it is in use, and when it is
   * lost with the server, the server is started again.
   */
  async hold(): Promise<void> {
    const holding = new Client({ connectionString: this.url('postgres', 'postgres'), application_name: HOLDING })
    holding.on('error', () => {})
    holding.once('end', () => {
      if (this.#holding === holding) setTimeout(() => void this.#holdAgain(), HOLD_AGAIN_AFTER)
    })
    await holding.connect()
    this.#holding = holding
  }

  async #holdAgain(): Promise<void> {
    try {
      await this.#start()
      await this.hold()
    } catch {
      // Whoever needs the database finds out for themselves, in words; here there is only the next attempt.
      setTimeout(() => void this.#holdAgain(), HOLD_AGAIN_AFTER)
    }
  }

  /** Stops the server unless another process of ours still uses it. */
  async leave(): Promise<void> {
    const holding = this.#holding
    this.#holding = null
    await holding?.end()
    if (this.#runningPid() === null) return
    if (await this.#isLast()) await this.stop()
  }

  /** Whether nobody else is connected; looked at several times, for connections take a moment to be gone. */
  async #isLast(): Promise<boolean> {
    return this.#asSuperuser(async (client) => {
      for (let look = 0; look < LOOKS_FOR_OTHERS; look += 1) {
        const { rows } = await client.query<{ others: boolean }>(
          `select count(*) > 0 as others from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
        )
        if (!rows[0]?.others) return true
        await sleep(50)
      }
      return false
    })
  }

  /** Ends the server: `SIGINT` is PostgreSQL's fast shutdown, `SIGQUIT` its immediate one, `SIGKILL` a crash. */
  async stop(signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const pid = this.#runningPid()
    if (pid === null) return
    process.kill(pid, signal)
    await until(() => !isPostmasterOf(this.place, pid), 10 * SECOND)
  }

  /** Starts a server that was stopped, at the port that it had. */
  async restart(): Promise<void> {
    await this.#start()
  }

  #create(): void {
    const unfinished = `${this.place}.${newId()}`
    const passwords = { postgres: newSecret(), meridian_owner: newSecret(), meridian_app: newSecret() }
    mkdirSync(unfinished, { mode: 0o700 })
    this.#hand(unfinished)
    const passwordFile = `${unfinished}.password`
    writeFileSync(passwordFile, passwords.postgres, { mode: 0o600 })
    this.#hand(passwordFile)
    try {
      this.#run('initdb', [
        '-D',
        unfinished,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        '--pwfile',
        passwordFile,
        '-E',
        'UTF8',
        ...this.#locale(),
      ])
    } finally {
      rmSync(passwordFile)
    }
    writeFileSync(join(unfinished, 'meridian.json'), JSON.stringify(passwords), { mode: 0o600 })
    this.#hand(join(unfinished, 'meridian.json'))
    this.#putInPlace(unfinished)
  }

  /** Of two processes that create at once, the first to rename wins and the other uses what it finds. */
  #putInPlace(unfinished: string): void {
    try {
      renameSync(unfinished, this.place)
    } catch (error) {
      rmSync(unfinished, { recursive: true })
      if (!existsSync(join(this.place, 'PG_VERSION'))) throw error
    }
  }

  #locale(): string[] {
    const builtin = Number(/ (\d+)/.exec(this.#run('postgres', ['--version']))?.[1]) >= 17
    return builtin ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'] : ['--locale=C.UTF-8']
  }

  async #start(): Promise<void> {
    const ended = this.#runningPid() === null ? await this.#spawn() : () => false
    // Ours may have ended because another process was faster: then that one's server runs, and is waited for.
    await until(() => this.#readyPort() !== null || (ended() && this.#runningPid() === null), START_WITHIN)
    const port = this.#readyPort()
    if (port === null) throw new Fault('embedded-database-failed', { details: `Its log: ${this.#logFile}.` })
    this.#port = port
  }

  /** Starts the server, and returns what tells whether it has ended. */
  async #spawn(): Promise<() => boolean> {
    removeStalePidFile(this.place)
    this.#port ||= await freePort()
    const options = [
      'listen_addresses=127.0.0.1',
      `port=${this.#port}`,
      'unix_socket_directories=',
      'shared_buffers=64MB',
      // Terse leaves out DETAIL, which quotes the rows of people.
      'log_error_verbosity=terse',
      ...this.#options,
    ]
    const args = ['-D', this.place, ...options.flatMap((option) => ['-c', option])]
    const log = openSync(this.#logFile, 'a', 0o600)
    // A session of its own: a Ctrl-C in the terminal is for us, who then close in the right order.
    const child = spawn(join(this.#bin, 'postgres'), args, {
      ...this.#identity(),
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    let ended = false
    for (const event of ['exit', 'error']) child.once(event, () => (ended = true))
    child.unref()
    return () => ended
  }

  #runningPid(): number | null {
    return postmasterOf(this.place)
  }

  #readyPort(): number | null {
    const lines = readPidFile(this.place)
    return lines?.[7] === 'ready' && this.#runningPid() !== null ? Number(lines[3]) : null
  }

  #passwords(): Record<Role, string> {
    return JSON.parse(readFileSync(join(this.place, 'meridian.json'), 'utf8'))
  }

  async #asSuperuser<Result>(use: (client: Client) => Promise<Result>): Promise<Result> {
    const client = new Client({ connectionString: this.url('postgres', 'postgres') })
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }

  #run(program: string, args: readonly string[]): string {
    try {
      return execFileSync(join(this.#bin, program), args, {
        ...this.#identity(),
        cwd: '/',
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    } catch (error) {
      const words = (error as { stderr?: string }).stderr || String(error)
      throw new Fault('embedded-database-failed', { cause: error, details: `${program}: ${words.trim()}` })
    }
  }

  #identity(): Partial<Unprivileged> {
    return this.#user ?? {}
  }

  #hand(path: string): void {
    if (this.#user) chownSync(path, this.#user.uid, this.#user.gid)
  }
}

/**
 * `<dataDir>/postgres`, or, where root runs this in a folder that the unprivileged user cannot reach, a place of its own
 * that `<dataDir>/postgres` then links to.
 */
function placeFor(dataDir: string, user: Unprivileged | null): string {
  const here = resolve(dataDir, 'postgres')
  const there = lstatSync(here, { throwIfNoEntry: false })
  if (there?.isSymbolicLink()) return readlinkSync(here)
  if (there || !user || mayReach(dataDir, user)) return here
  const elsewhere = join(SHARED_PLACE, newId())
  mkdirSync(SHARED_PLACE, { recursive: true, mode: 0o755 })
  linkUnlessThere(elsewhere, here)
  return readlinkSync(here)
}

async function until(holds: () => boolean, within: number): Promise<boolean> {
  const deadline = Date.now() + within
  while (!holds()) {
    if (Date.now() > deadline) return false
    await sleep(10)
  }
  return true
}
