import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { Connection, type Transactional } from '../../src/database/connection.ts'
import type { Queryable } from '../../src/database/database.ts'
import { sql } from '../../src/database/sql.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { SECOND } from '../../src/lib/time.ts'
import { planLegacyRepair, repairLegacy, type LegacyRepair } from '../../src/operations/doctor/django/repair.ts'
import { onLegacy } from '../../src/operations/doctor/django/open.ts'
import { undoLegacyRepair } from '../../src/operations/doctor/django/undo.ts'
import { DECIDABLE, type Decisions } from '../../src/operations/doctor/django/mending.ts'
import { connectionTo, emptyDatabase, type TestDatabase } from '../support/database.ts'
import { inLegacy, legacyChecksum } from '../support/legacy.ts'
import { generateLegacyPeople } from '../support/legacy-people.ts'

const USERS = 300
/** Of the statements of a repair every sixth is its last. */
const EVERY = 6
const everything: Decisions = { rules: new Set(DECIDABLE), keepers: [] }

describe('a repair of a legacy database whose site goes on', () => {
  test('killed before one statement or another, it is as if it had not been started', async () => {
    const legacy = await legacyPeople()
    const before = await legacyChecksum(legacy)
    const watcher = await connectionTo(legacy.superuserUrl)
    let died = 0
    let done: LegacyRepair | null = null
    while (done === null) {
      const connection = await Connection.open(legacy.superuserUrl, 'a test')
      try {
        done = await repairLegacy(dyingAt(connection, 1 + died * EVERY), everything)
      } catch (error) {
        expect((error as Error).message).toMatch(/terminat|connection/i)
        const { rows } = await watcher.query(`select from pg_namespace where nspname = 'meridian_archive'`)
        expect(rows, `killed before statement ${1 + died * EVERY}`).toEqual([])
        died += 1
      } finally {
        await connection.close().catch(() => {})
      }
      if (done === null && died % 5 === 0) expect(await legacyChecksum(legacy)).toBe(before)
    }
    expect(died).toBeGreaterThan(7)
    expect(done.rows).toBeGreaterThan(10)
    expect(await undone(legacy, done.run as string)).toEqual({ outcome: 'undone', rows: done.rows })
    expect(await legacyChecksum(legacy)).toBe(before)
  })

  test('that loses its connection says so in words, and what to do now', async () => {
    const legacy = await legacyPeople()
    const lost = onLegacy(legacy.superuserUrl, 'a test', (connection) =>
      repairLegacy(dyingAt(connection, 20), everything),
    )
    await expect(lost).rejects.toMatchObject({
      code: 'legacy-lost',
      details: expect.stringMatching(/terminat|queryable/),
    })
  })

  test('makes its requests wait and ends none of them, and no double creation gets in between', async () => {
    const legacy = await legacyPeople()
    const site = Array.from({ length: 6 }, (_, n) => siteThatCreatesTwice(legacy, n))
    const [clients, stopped] = [await Promise.all(site.map(({ begun }) => begun)), site.map(({ ended }) => ended)]
    const done = await repaired(legacy)
    for (const { stop } of site) stop()
    const errors = (await Promise.all(stopped)).flat()
    expect(clients).toHaveLength(6)
    expect(done.refused).toEqual([])
    expect(new Set(errors)).toEqual(new Set(['23505']))
    const twice = await inLegacy(legacy, `select from accounts_customerprofile group by user_id having count(*) > 1`)
    expect(twice).toEqual([])
    const [made] = await inLegacy<{ count: number }>(
      legacy,
      `select count(*)::int from auth_user u join accounts_customerprofile p on p.user_id = u.id where username like 'live.%'`,
    )
    expect(made?.count, 'who registered meanwhile is there, with one profile').toBeGreaterThan(site.length)
  })

  test('where the site never lets go of a table, nothing is begun, and it says so', async () => {
    const legacy = await legacyPeople()
    const holder = await connectionTo(legacy.superuserUrl)
    await holder.query(
      'begin; select from accounts_customerprofile limit 1; update auth_user set last_login = last_login where id = 1',
    )
    const before = await legacyChecksum(legacy)
    const waiting = repaired(legacy, { tryFor: SECOND })
    // Somebody who holds the one table and waits for the other: of the two the repair gives way, whoever came first.
    await holder.query('insert into accounts_customerprofile select * from accounts_customerprofile where false')
    await expect(waiting).rejects.toMatchObject({ code: 'legacy-busy' })
    await holder.query('rollback')
    expect(await legacyChecksum(legacy)).toBe(before)
  })

  test('what a trigger of the site’s own forbids is left, told by its key, and does not hold up the rest', async () => {
    const legacy = await legacyPeople()
    await inLegacy(
      legacy,
      `create function keep() returns trigger language plpgsql as $$ begin raise exception 'this one is under audit'; end $$;
       create trigger kept before delete on accounts_customerprofile for each row when (old.user_id = 125) execute function keep()`,
    )
    const planned = await onConnection(legacy, (connection) => planLegacyRepair(connection, everything))
    const done = await repaired(legacy)
    expect(done.failures).toEqual([{ finding: 'several-profiles', keys: ['125'], words: 'this one is under audit' }])
    expect(done.refused).toMatchObject([{ name: 'accounts_customerprofile_user_id_key' }])
    const several = (deeds: LegacyRepair['deeds']) => deeds.find(({ finding }) => finding === 'several-profiles')?.count
    expect(planned.outcome === 'planned' && several(planned.deeds)).toBe(3)
    expect(several(done.deeds)).toBe(2)
  })

  test('who is to keep an address that nobody else has is no decision, and is named', async () => {
    const legacy = await legacyPeople()
    const decisions = { ...everything, keepers: [1, 114] }
    expect(await onConnection(legacy, (connection) => planLegacyRepair(connection, decisions))).toEqual({
      outcome: 'nothing-to-keep',
      users: [1],
    })
  })

  test('a column that has to be given, and that nobody here knows a value for, leaves to a person who has no profile', async () => {
    const legacy = await legacyPeople()
    await inLegacy(
      legacy,
      `alter table accounts_customerprofile add tier integer not null default 1; alter table accounts_customerprofile alter tier drop default`,
    )
    const done = await repaired(legacy)
    expect(done.waiting).toMatchObject([
      { finding: 'profile-missing', count: 6, why: expect.stringContaining('tier') },
      { finding: 'username-shared' },
      { finding: 'username-of-another' },
    ])
  })
})

describe('an undoing of it', () => {
  test('keeps what people have done since with the rest of their row', async () => {
    const legacy = await legacyPeople()
    const before = await legacyChecksum(legacy)
    const { run, rows } = await repaired(legacy)
    const [lost] = await inLegacy<{ id: number }>(legacy, `select id from auth_user where email = '' and id % 100 = 13`)
    const touch = (login: string, password: string) =>
      inLegacy(legacy, `update auth_user set last_login = ${login}, password = ${password} where id = ${lost?.id}`)
    const [was] = await inLegacy<{ last_login: string | null; password: string }>(
      legacy,
      `select last_login::text, password from auth_user where id = ${lost?.id}`,
    )
    await touch('now()', `'argon2$new'`)
    expect(await undone(legacy, run as string)).toEqual({ outcome: 'undone', rows })
    expect(
      await inLegacy(legacy, `select password, email <> '' as back from auth_user where id = ${lost?.id}`),
    ).toEqual([{ password: 'argon2$new', back: true }])
    await touch(was?.last_login === null ? 'null' : `'${was?.last_login}'`, `'${was?.password}'`)
    expect(await legacyChecksum(legacy)).toBe(before)
  })

  test('takes nothing back where somebody has changed the very same since, and says which row', async () => {
    const legacy = await legacyPeople()
    const { run } = await repaired(legacy)
    await inLegacy(legacy, `update auth_user set email = 'new@example.com' where id = 113`)
    const after = await legacyChecksum(legacy)
    expect(await undone(legacy, run as string)).toEqual({
      outcome: 'changed-since',
      relation: 'auth_user',
      count: 1,
      keys: ['113'],
    })
    expect(await legacyChecksum(legacy)).toBe(after)
  })

  test('nor where a row has come to refer to what it made, or a column is gone that it would put back', async () => {
    const legacy = await legacyPeople()
    const { run } = await repaired(legacy)
    await inLegacy(
      legacy,
      `create table orders (id serial primary key, profile_id bigint references accounts_customerprofile (id));
       insert into orders (profile_id) select id from accounts_customerprofile where user_id = 126`,
    )
    expect(await undone(legacy, run as string)).toMatchObject({
      outcome: 'in-the-way',
      words: expect.stringContaining('orders'),
    })
    await inLegacy(legacy, 'drop table orders; alter table accounts_customerprofile drop city')
    expect(await undone(legacy, run as string)).toEqual({
      outcome: 'in-the-way',
      words: 'The table accounts_customerprofile has lost its column city.',
    })
  })
})

describe('the commands', () => {
  test('show, mend, end with what there is to do, and take back; their options are not those of the commands above them', async () => {
    const legacy = await legacyPeople()
    const url = legacy.superuserUrl
    expect(await run('doctor', 'django', url, '--json')).toMatchObject({ code: 1, json: { sound: false } })
    const plan = await run('repair', 'django', url, '--decide', 'address-shared', '--decide', 'role-unknown')
    expect(plan.code).toBe(1)
    expect(plan.out).toMatch(
      /Nothing has been changed\.[^]*Several profiles of one user are merged[^]*Left for a person to decide/,
    )
    expect(await run('repair', 'django', url, '--decide', 'username-shared')).toMatchObject({ code: 1, out: '' })
    const applied = await run('repair', 'django', url, '--apply', '--json', '--keep-address', '114')
    expect(applied.json).toMatchObject({ run: expect.any(String), failures: [], after: { sound: false } })
    const undone = await run('repair', 'django', 'undo', String(applied.json?.run), url)
    expect(undone).toMatchObject({ code: 0, out: expect.stringContaining('as they were before') })
  })

  test('a user who may read and not repair is told so, before anything', async () => {
    const legacy = await legacyPeople()
    await inLegacy(legacy, 'grant select on all tables in schema public to meridian_app')
    const reader = await run('repair', 'django', legacy.appUrl, '--apply')
    expect(reader).toMatchObject({ code: 1, err: expect.stringContaining('legacy-not-owned') })
  })
})

async function legacyPeople(): Promise<TestDatabase> {
  const legacy = await emptyDatabase()
  const client = new Client({ connectionString: legacy.superuserUrl })
  await client.connect()
  await generateLegacyPeople(client, USERS)
  await client.query(`select setval('auth_user_id_seq', 500000)`)
  await client.end()
  return legacy
}

async function onConnection<Result>(legacy: TestDatabase, work: (of: Connection) => Promise<Result>): Promise<Result> {
  const connection = await Connection.open(legacy.superuserUrl, 'a test')
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}

function repaired(legacy: TestDatabase, settings: { tryFor?: number } = {}): Promise<LegacyRepair> {
  return onConnection(legacy, (connection) => repairLegacy(connection, everything, settings))
}

function undone(legacy: TestDatabase, run: string) {
  return onConnection(legacy, (connection) => undoLegacyRepair(connection, run))
}

/** A connection whose server is gone just before the nth statement of a transaction. */
function dyingAt(connection: Connection, nth: number): Transactional {
  return {
    transaction: (work) =>
      connection.transaction((within) => {
        let sent = 0
        const rows: Queryable['rows'] = async (statement) => {
          sent += 1
          if (sent === nth) await within.rows(sql`select pg_terminate_backend(pg_backend_pid())`)
          return within.rows(statement)
        }
        return work({
          rows,
          row: async <Row>(statement: Parameters<typeof rows>[0]) => (await rows<Row>(statement))[0] ?? null,
        })
      }),
  }
}

/** The legacy registration, again and again: user, the signal's profile, the form's profile, each a commit of its own. */
function siteThatCreatesTwice(legacy: TestDatabase, site: number) {
  const stopping = new AbortController()
  let begin = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const ended = (async () => {
    const errors: string[] = []
    const client = new Client({ connectionString: legacy.superuserUrl })
    await client.connect()
    for (let n = 0; !stopping.signal.aborted || n < 3; n += 1) {
      const { rows } = await client.query<{ id: number }>(
        `insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
         values ('!', false, $1, 'Ann', 'Archer', $2, false, true, now()) returning id`,
        [`live.${site}.${n}`, `live.${site}.${n}@example.com`],
      )
      for (const _ of ['signal', 'form']) {
        await client
          .query(
            `insert into accounts_customerprofile (is_active_customer, created_at, updated_at, user_id) values (true, now(), now(), $1)`,
            [rows[0]?.id],
          )
          .catch((error: { code: string }) => errors.push(error.code))
      }
      if (n === 2) begin()
    }
    await client.end()
    return errors
  })()
  return { begun, ended, stop: () => stopping.abort() }
}

function run(
  ...args: string[]
): Promise<{ code: number; out: string; err: string; json: Record<string, unknown> | null }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(projectRoot, 'dist/main.mjs'), ...args], (error, out, err) => {
      const json = out.startsWith('{') ? (JSON.parse(out) as Record<string, unknown>) : null
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err, json })
    })
  })
}
