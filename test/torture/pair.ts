import { chmodSync, rmSync } from 'node:fs'
import { appendFile, chmod, chown, copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll } from 'vitest'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { migrate } from '../../src/database/migrations.ts'
import { ownFolder } from '../support/folder.ts'

export interface Server {
  name: 'a' | 'b'
  cluster: EmbeddedCluster
}

const STANDBYS = 'ANY 1 (a, b)'

const WRITABLE_WITHIN = 60_000

type Signal = 'SIGINT' | 'SIGQUIT' | 'SIGKILL'

/** What a standby makes for itself, and what belongs to the process that was copied. */
const NOT_COPIED = new Set(['postmaster.pid', 'postmaster.opts', 'pg_replslot', 'pg_stat_tmp', 'pgsql_tmp'])

const OPTIONS = [
  'wal_keep_size=512MB',
  'wal_receiver_status_interval=1s',
  'max_connections=100',
  'wal_retrieve_retry_interval=200ms',
]

/**
 * Two PostgreSQL servers as docs/operations.md wants them: one primary that acknowledges nothing which its standby has not
 * on its disk. Either can be stopped in any manner, and after a failover the former primary becomes the standby.
 */
export class ReplicatedPair {
  readonly servers: readonly [Server, Server]
  primary: Server
  #onFence: (server: Server, fenced: boolean) => Promise<void> = async () => {}

  private constructor(servers: [Server, Server]) {
    this.servers = servers
    this.primary = servers[0]
  }

  static async open(): Promise<ReplicatedPair> {
    const [here, there] = [newFolder(), newFolder()]
    const a = await EmbeddedCluster.open({ dataDir: here, options: OPTIONS })
    await a.prepare('meridian')
    await migrate({ ownerUrl: a.url('meridian_owner', 'meridian'), appUrl: a.url('meridian_app', 'meridian') })
    await asSuperuser(a, async (client) => {
      await client.query('create table if not exists probes (at timestamptz not null)')
      // Written now, so that the copy has it for when it is promoted; in force once there is a standby to wait for.
      await client.query(`alter system set synchronous_standby_names = '${STANDBYS}'`)
    })
    await seed(a, join(there, 'postgres'), 'b')
    const b = await EmbeddedCluster.open({ dataDir: there, options: OPTIONS })
    const pair = new ReplicatedPair([
      { name: 'a', cluster: a },
      { name: 'b', cluster: b },
    ])
    afterAll(async () => {
      await Promise.all([a.stop('SIGKILL'), b.stop('SIGKILL')])
      for (const path of [a.place, b.place]) rmSync(path, { recursive: true, force: true })
    })
    await asSuperuser(a, async (client) => {
      await client.query('select pg_reload_conf()')
    })
    await pair.untilWritable()
    return pair
  }

  get standby(): Server {
    return this.servers.find((server) => server !== this.primary) as Server
  }

  /** Told when a server is to be reachable for nobody any more, and when for everybody again. */
  onFence(act: (server: Server, fenced: boolean) => Promise<void>): void {
    this.#onFence = act
  }

  /** Stops the primary and starts it again. Returns when it takes writes, in milliseconds since 1970. */
  async restartPrimary(signal: Signal): Promise<number> {
    await this.primary.cluster.stop(signal)
    await this.startAgain(this.primary)
    return this.untilWritable()
  }

  /**
   * Fences the primary, promotes the standby, and makes the former primary its standby. Returns when the new one takes
   * writes. What the old one had committed and not replicated is thrown away with its files.
   */
  async failOver(signal: Signal, { fencedAlive = 0, onceStopped = () => {} } = {}): Promise<number> {
    const [former, next] = [this.primary, this.standby]
    await this.#onFence(former, true)
    if (fencedAlive === 0) await former.cluster.stop(signal)
    onceStopped()
    await asSuperuser(next.cluster, (client) => client.query('select pg_promote(true, 30)'))
    this.primary = next
    if (fencedAlive > 0) {
      await sleep(fencedAlive)
      await former.cluster.stop(signal)
    }
    await rm(former.cluster.place, { recursive: true, force: true })
    await seed(next.cluster, former.cluster.place, former.name)
    await this.startAgain(former)
    await this.#onFence(former, false)
    return this.untilWritable()
  }

  /** After a crash the server's own processes may take a moment to be gone, and until then it does not start. */
  async startAgain({ cluster }: Server): Promise<void> {
    for (let left = 20; ; left -= 1) {
      try {
        return await cluster.restart()
      } catch (error) {
        if (left === 0) throw error
        await sleep(200)
      }
    }
  }

  /** The process ids of the primary's or the standby's own processes of that kind. */
  async processesOf({ cluster }: Server, backendType: string, application = '%'): Promise<number[]> {
    const rows = await asSuperuser(cluster, (client) =>
      client.query<{ pid: number }>(
        `select pid from pg_stat_activity where backend_type = $1 and application_name like $2 and pid <> pg_backend_pid()`,
        [backendType, application],
      ),
    )
    return rows.rows.map(({ pid }) => pid)
  }

  /** One statement on the primary, past everything that stands before it. */
  asSuperuser<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    return asSuperuser(this.primary.cluster, work, 'meridian')
  }

  /**
   * Waits until a commit comes back, which it does only when the standby has it too: a primary that waits for nobody, as
   * for an instant after its start, is asked again.
   */
  async untilWritable(): Promise<number> {
    let names = ''
    for (const deadline = Date.now() + WRITABLE_WITHIN; Date.now() < deadline; await sleep(20)) {
      try {
        names = await asSuperuser(this.primary.cluster, async (client) => {
          const { rows } = await client.query<{ names: string }>(
            `insert into probes values (now()) returning current_setting('synchronous_standby_names') as names`,
          )
          return rows[0]?.names ?? ''
        })
        if (names === STANDBYS) return Date.now()
      } catch {
        // Not there yet.
      }
    }
    throw new Error(`PostgreSQL takes no writes, or waits for "${names}" with them`)
  }
}

function newFolder(): string {
  const folder = ownFolder()
  chmodSync(folder, 0o755)
  return folder
}

/** A base backup through SQL and files, which needs no program that the embedded server does not bring. */
async function seed(from: EmbeddedCluster, place: string, name: Server['name']): Promise<void> {
  const label = await asSuperuser(from, async (client) => {
    await client.query(`select pg_backup_start('torture', true)`)
    await copyTree(from.place, place)
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    return rows[0]?.labelfile ?? ''
  })
  const { hostname, port, username, password } = new URL(from.url('postgres', 'postgres'))
  const source = `host=${hostname} port=${port} user=${username} password=${password} application_name=${name}`
  await writeFile(join(place, 'backup_label'), label)
  await writeFile(join(place, 'standby.signal'), '')
  await appendFile(join(place, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`)
  const { uid, gid } = await stat(from.place)
  for (const file of ['backup_label', 'standby.signal']) await chown(join(place, file), uid, gid)
}

/** Files come and go while the server runs; what the backup needs of them stays. */
async function copyTree(from: string, to: string): Promise<void> {
  const { uid, gid, mode } = await stat(from)
  await mkdir(to, { recursive: true })
  await chown(to, uid, gid)
  await chmod(to, mode)
  const inWal = from.endsWith('pg_wal')
  const entries = (await readdir(from, { withFileTypes: true })).filter(({ name }) => !NOT_COPIED.has(name))
  await Promise.all(
    entries.map(async (entry) => {
      const [source, target] = [join(from, entry.name), join(to, entry.name)]
      if (entry.isDirectory()) return copyTree(source, target)
      if (inWal) return
      try {
        await copyFile(source, target)
        await chown(target, uid, gid)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
    }),
  )
  if (from.endsWith('global'))
    await mkdir(join(to, '..', 'pg_replslot'), { recursive: true }).then(() =>
      chown(join(to, '..', 'pg_replslot'), uid, gid),
    )
}

async function asSuperuser<Result>(
  cluster: EmbeddedCluster,
  work: (client: Client) => Promise<Result>,
  database = 'postgres',
): Promise<Result> {
  const client = new Client({ connectionString: cluster.url('postgres', database), connectionTimeoutMillis: 3000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
