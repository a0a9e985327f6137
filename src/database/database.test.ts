import { expect, test } from 'vitest'
import { connectionTo, freshDatabase } from '../../test/support/database.ts'
import { PostgresProxy } from '../../test/support/postgres-proxy.ts'
import { Database } from './database.ts'
import { named, sql } from './sql.ts'

const db = await freshDatabase()
const first = await PostgresProxy.before(db.appUrl)
const second = await PostgresProxy.before(db.appUrl)

test('of several hosts the first that answers is used, and the next one when it is gone', async () => {
  const hosts = [first, second].map((proxy) => new URL(proxy.url(db.appUrl)).host).join(',')
  const database = new Database({
    url: db.appUrl.replace(/@[^/]+\//, `@${hosts}/`),
    connections: 2,
    onIdleError: () => {},
  })
  const answers = () => database.row<{ one: number }>(sql`select 1 as one`)
  expect(await answers()).toEqual({ one: 1 })
  expect([first.roundTrips > 0, second.roundTrips]).toEqual([true, 0])

  await first.close()
  await expect(answers()).rejects.toMatchObject({ code: 'database-unavailable' })
  expect(await answers()).toEqual({ one: 1 })
  expect(second.roundTrips).toBeGreaterThan(0)
  await database.close()
})

test('a server that takes no writes is no primary: nothing is read from it either', async () => {
  const owner = await connectionTo(db.superuserUrl)
  await owner.query(`alter database ${db.name} set default_transaction_read_only = on`)
  const twice = new URL(second.url(db.appUrl)).host
  const database = new Database({
    url: db.appUrl.replace(/@[^/]+\//, `@${twice},${twice}/`),
    connections: 2,
    onIdleError: () => {},
  })
  await expect(database.row(sql`select 1`)).rejects.toMatchObject({ code: 'database-unavailable' })
  await owner.query(`alter database ${db.name} reset default_transaction_read_only`)
  expect(await database.row(sql`select 1 as one`)).toEqual({ one: 1 })
  await database.close()
})

test('a statement whose connection dies is a fault, and the process lives on', async () => {
  const superuser = await connectionTo(db.superuserUrl)
  const waiting = db.database.rows(sql`select pg_sleep(30)`)
  const gone = expect(waiting).rejects.toMatchObject({ code: 'database-unavailable' })
  await expect
    .poll(async () => {
      const { rowCount } = await superuser.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`,
      )
      return rowCount
    })
    .toBeGreaterThan(0)
  await gone
  expect(await db.database.row(sql`select 1 as one`)).toEqual({ one: 1 })
})

test('who waits for a connection when one is lost gets the next', async () => {
  const database = new Database({ url: db.appUrl, connections: 1, onIdleError: () => {} })
  const pid = (await database.row<{ pid: number }>(sql`select pg_backend_pid() as pid`))?.pid
  const lost = expect(database.rows(sql`select pg_sleep(30)`)).rejects.toMatchObject({ code: 'database-unavailable' })
  const waiting = [1, 2, 3].map((number) => database.row<{ number: number }>(sql`select ${number}::int as number`))
  const superuser = await connectionTo(db.superuserUrl)
  await superuser.query('select pg_terminate_backend($1)', [pid])
  await lost
  expect(await Promise.all(waiting)).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }])
  await database.close()
})

test('what two statements did in a transaction that failed is undone', async () => {
  const failing = db.database.transaction(async (within) => {
    await within.rows(sql`insert into limits (key, taken, window_ends_at) values ('kept', 1, now())`)
    throw new Error('after the first statement')
  })
  await expect(failing).rejects.toThrow('after the first statement')
  expect(await db.count(`limits where key = 'kept'`)).toBe(0)
})

test('a statement that was prepared before the schema changed is prepared anew', async () => {
  const own = new Database({ url: db.appUrl, connections: 1, onIdleError: () => {} })
  const owner = await connectionTo(db.ownerUrl)
  await owner.query('create table changing (value int); grant select on changing to meridian_app')
  const read = () => own.rows(named('changing', sql`select * from changing`))
  await read()
  await owner.query('alter table changing alter value type text')
  expect(await read()).toEqual([])
  await own.close()
})

test('a transaction that goes on after an error is not taken for committed', async () => {
  const careless = db.database.transaction(async (within) => {
    await within.rows(sql`select 1 / 0`).catch(() => {})
    return 'done'
  })
  await expect(careless).rejects.toThrow('was undone')
})
