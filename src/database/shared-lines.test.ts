import { expect, onTestFinished, test, vi } from 'vitest'
import { connectionTo, freshDatabase } from '../../test/support/database.ts'
import { PostgresProxy } from '../../test/support/postgres-proxy.ts'
import { Database } from './database.ts'
import { named, sql } from './sql.ts'

const db = await freshDatabase()

/** One connection of its own, beside the shared lines. */
function narrow(url = db.appUrl): Database {
  return new Database({ url, connections: 1, onIdleError: () => {} })
}

function question(number: number) {
  return named('a-question', sql`select ${number}::int as number, pg_backend_pid() as pid`)
}

async function terminate(...pids: (number | undefined)[]): Promise<void> {
  const superuser = await connectionTo(db.superuserUrl)
  await superuser.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [pids])
}

/** So many at once that there are four lines, whose processes these are. */
async function fourLines(database: Database): Promise<(number | undefined)[]> {
  const answers = await Promise.all(Array.from({ length: 64 }, (_, number) => answerTo(database, number)))
  const pids = [...new Set(answers.map((answer) => answer?.pid))]
  expect(pids.length).toBe(4)
  return pids
}

async function answerTo(database: Database, number: number) {
  return database.found<{ number: number; pid: number }>(question(number))
}

test('everybody gets the answer to their own question, however many share a line', async () => {
  const database = narrow()
  const numbers = Array.from({ length: 500 }, (_, index) => index)
  const answers = await Promise.all(numbers.map((number) => answerTo(database, number)))
  expect(answers.map((answer) => answer?.number)).toEqual(numbers)
  expect(new Set(answers.map((answer) => answer?.pid)).size).toBeLessThanOrEqual(4)
  await database.close()
})

test('one after the other, they all go over one line', async () => {
  const database = narrow()
  const pids = new Set<number | undefined>()
  for (let number = 0; number < 20; number += 1) pids.add((await answerTo(database, number))?.pid)
  expect(pids.size).toBe(1)
  await database.close()
})

test('nobody who asks waits for the connections that writing holds', async () => {
  const database = narrow()
  const writing = database.rows(sql`select pg_sleep(0.6)`)
  let isWriting = true
  const written = writing.then(() => (isWriting = false))
  expect((await answerTo(database, 7))?.number).toBe(7)
  expect(isWriting).toBe(true)
  await written
  await database.close()
})

test('a question that fails is its own: those before it and behind it are answered', async () => {
  const database = narrow()
  const dividedBy = (number: number) => named('a-division', sql`select 12 / ${number}::int as number`)
  const answers = await Promise.allSettled([1, 0, 2, 0, 3].map((number) => database.found(dividedBy(number))))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
  expect((await answerTo(database, 1))?.number).toBe(1)
  await database.close()
})

test('a line that is lost while many are asking is replaced, and all of them are answered', async () => {
  const database = narrow()
  const pid = (await answerTo(database, 0))?.pid
  const asleep = (number: number) => named('asleep', sql`select ${number}::int as number from pg_sleep(0.3)`)
  const asked = Promise.all([1, 2, 3].map((number) => database.found<{ number: number }>(asleep(number))))
  await terminate(pid)
  expect((await asked).map((answer) => answer?.number)).toEqual([1, 2, 3])
  expect((await answerTo(database, 4))?.pid, 'another line').not.toBe(pid)
  await database.close()
})

test('a line that is lost while nobody asks is nothing that the next one notices', async () => {
  const database = narrow()
  const pid = (await answerTo(database, 0))?.pid
  await terminate(pid)
  expect((await answerTo(database, 1))?.number).toBe(1)
  await database.close()
})

test('four lines that are lost together are replaced, and everybody is answered', async () => {
  const database = narrow()
  const pids = await fourLines(database)
  const asleep = (number: number) => named('asleep', sql`select ${number}::int as number from pg_sleep(0.05)`)
  const asked = Array.from({ length: 64 }, (_, number) => database.found<{ number: number }>(asleep(number)))
  await terminate(...pids)
  expect((await Promise.all(asked)).map((answer) => answer?.number)).toEqual(asked.map((_, number) => number))
  await database.close()
})

test('what a connection that writes tells of its host holds for the lines too', async () => {
  const database = narrow()
  const line = (await answerTo(database, 0))?.pid
  const writer = (await database.row<{ pid: number }>(sql`select pg_backend_pid() as pid`))?.pid
  const writing = expect(database.rows(sql`select pg_sleep(5)`)).rejects.toMatchObject({ code: 'database-unavailable' })
  await terminate(writer)
  await writing
  expect((await answerTo(database, 1))?.pid).not.toBe(line)
  await database.close()
})

test('however often lines are left that still answer, everybody is answered', async () => {
  const database = narrow()
  const asleep = (number: number) => named('asleep-briefly', sql`select ${number}::int as number from pg_sleep(0.06)`)
  const asked: Promise<{ number: number } | null>[] = []
  for (let round = 0; round < 5; round += 1) {
    asked.push(...Array.from({ length: 64 }, (_, number) => database.found<{ number: number }>(asleep(number))))
    const writer = (await database.row<{ pid: number }>(sql`select pg_backend_pid() as pid`))?.pid
    const writing = expect(database.rows(sql`select pg_sleep(5)`)).rejects.toMatchObject({
      code: 'database-unavailable',
    })
    await terminate(writer)
    await writing
  }
  expect((await Promise.all(asked)).map((answer) => answer?.number)).toEqual(asked.map((_, index) => index % 64))
  await database.close()
})

test('behind a firewall that forgot four lines, the next who asks is answered at once', async () => {
  const proxy = await PostgresProxy.before(db.appUrl)
  const database = narrow(proxy.url(db.appUrl))
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  await fourLines(database)
  proxy.forget()
  vi.advanceTimersByTime(61_000)
  const answers = await Promise.all([1, 2, 3].map((number) => answerTo(database, number)))
  expect(answers.map((answer) => answer?.number)).toEqual([1, 2, 3])
})

test('a line that does not answer is broken off: who waited longest is told so, and those behind are answered elsewhere', async () => {
  const proxy = await PostgresProxy.before(db.appUrl)
  const database = narrow(proxy.url(db.appUrl))
  await answerTo(database, 0)
  proxy.forget()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const late = expect(answerTo(database, 1)).rejects.toMatchObject({ code: 'database-busy' })
  await new Promise((turn) => setImmediate(turn))
  vi.advanceTimersByTime(11_000)
  const behind = [2, 3, 4].map((number) => answerTo(database, number))
  await new Promise((turn) => setImmediate(turn))
  vi.advanceTimersByTime(1_000)
  vi.useRealTimers()
  await late
  expect((await Promise.all(behind)).map((answer) => answer?.number)).toEqual([2, 3, 4])
  await database.close()
})

test('a line that nobody used for a minute is not trusted any more', async () => {
  const database = narrow()
  const pid = (await answerTo(database, 0))?.pid
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  vi.advanceTimersByTime(59_000)
  expect((await answerTo(database, 1))?.pid).toBe(pid)
  vi.advanceTimersByTime(61_000)
  const next = await answerTo(database, 2)
  expect([next?.number, next?.pid === pid]).toEqual([2, false])
  await database.close()
})

test('without a server there is a fault, and an answer as soon as there is one again', async () => {
  const proxy = await PostgresProxy.before(db.appUrl)
  const database = narrow(proxy.url(db.appUrl))
  expect((await answerTo(database, 1))?.number).toBe(1)
  await proxy.close()
  await expect(answerTo(database, 2)).rejects.toMatchObject({ code: 'database-unavailable' })
  await proxy.open()
  expect((await answerTo(database, 3))?.number).toBe(3)
  await database.close()
})

test('a question that was prepared before the schema changed is prepared anew', async () => {
  const database = narrow()
  const owner = await connectionTo(db.ownerUrl)
  await owner.query('create table shared_changing (value int); grant select on shared_changing to meridian_app')
  await owner.query('insert into shared_changing values (1)')
  const read = () => database.found<{ value: unknown }>(named('shared-changing', sql`select * from shared_changing`))
  expect(await read()).toEqual({ value: 1 })
  await owner.query('alter table shared_changing alter value type text')
  expect(await Promise.all([read(), read(), read()])).toEqual([{ value: '1' }, { value: '1' }, { value: '1' }])
  await database.close()
})
