import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { connectionTo, freshDatabase } from '../../test/support/database.ts'
import { HOUR, MINUTE } from '../lib/time.ts'
import { limitsIn, type Rule } from './limits.ts'

const db = await freshDatabase()
const limits = limitsIn(db.database)
const rule: Rule = { name: 'tries', most: 5, window: 10 * MINUTE }

/** As if the window had begun so long ago. */
const age = (milliseconds: number) =>
  db.query(`update limits set window_ends_at = window_ends_at - $1 * interval '1 millisecond'`, [milliseconds])

const take = (subject: string, of: Rule = rule) => limits.take([{ rule: of, subject }])

describe('a limit', () => {
  test('is taken by key, in whatever order it is asked for, so that two who ask never wait for each other', async () => {
    const keys = async () =>
      (await db.query<{ key: string }>('select key from limits order by key')).map(({ key }) => key)
    const subjects = ['one', 'other', 'third']
    for (const subject of subjects) await take(subject)
    const [first, ...later] = await keys()
    const holding = await connectionTo(db.appUrl)
    const trying = await connectionTo(db.appUrl)
    for (const order of [subjects, subjects.toReversed()]) {
      await holding.query('begin')
      await holding.query('select from limits where key = $1 for update', [first])
      const taken = limits.take(order.map((subject) => ({ rule, subject })))
      await untilSomebodyWaits()
      // It has come no further than to the first key: whoever holds another one can go on.
      const free = await trying.query('select from limits where key = any($1) for update nowait', [later])
      expect(free.rowCount).toBe(later.length)
      await holding.query('commit')
      expect(await taken).toEqual({ allowed: true })
    }
  })

  test('allows exactly so many, though all ask at once', async () => {
    const taken = await Promise.all(Array.from({ length: 50 }, () => take('a crowd')))
    expect(taken.filter(({ allowed }) => allowed).length).toBe(5)
  })

  test('says when to come back, in seconds', async () => {
    for (let time = 0; time < 5; time += 1) await take('somebody')
    expect(await take('somebody')).toEqual({ allowed: false, rule: 'tries', retryAfter: 600 })
    await age(9 * MINUTE)
    expect(await take('somebody')).toMatchObject({ retryAfter: 60 })
  })

  test('begins anew when the window is over, and doubles it after one that was overrun', async () => {
    for (let time = 0; time < 6; time += 1) await take('a guesser')
    await age(10 * MINUTE + 1)
    for (let time = 0; time < 5; time += 1) expect(await take('a guesser')).toEqual({ allowed: true })
    expect(await take('a guesser')).toMatchObject({ allowed: false, retryAfter: 1200 })
    await age(20 * MINUTE + 1)
    for (let time = 0; time < 5; time += 1) expect(await take('a guesser')).toEqual({ allowed: true })
    expect(await take('a guesser')).toMatchObject({ allowed: false, retryAfter: 2400 })
  })

  test('forgets its severity after a window that was kept', async () => {
    for (let time = 0; time < 6; time += 1) await take('a penitent')
    await age(10 * MINUTE + 1)
    await take('a penitent')
    await age(20 * MINUTE + 1)
    for (let time = 0; time < 5; time += 1) await take('a penitent')
    expect(await take('a penitent')).toMatchObject({ retryAfter: 600 })
  })

  test('that never backs off keeps its window', async () => {
    const steady: Rule = { name: 'steady', most: 1, window: HOUR, backsOff: false }
    await take('an owner', steady)
    await take('an owner', steady)
    await age(HOUR + 1)
    await take('an owner', steady)
    expect(await take('an owner', steady)).toMatchObject({ retryAfter: 3600 })
  })

  test('of several the longest wait is told, and each is counted', async () => {
    const long: Rule = { name: 'long', most: 1, window: HOUR }
    const both = [
      { rule: { ...rule, name: 'short', most: 1 }, subject: 'x' },
      { rule: long, subject: 'x' },
    ]
    expect(await limits.take(both)).toEqual({ allowed: true })
    expect(await limits.take(both)).toEqual({ allowed: false, rule: 'long', retryAfter: 3600 })
  })

  test('gives back what was taken', async () => {
    for (let time = 0; time < 6; time += 1) await take('a rightful one')
    await db.database.rows(limits.giveBack([{ rule, subject: 'a rightful one' }]))
    expect(await take('a rightful one')).toEqual({ allowed: true })
  })

  test('does not write down whom it is about', async () => {
    await take('ann@example.com')
    expect(await db.count(`limits where key like '%ann%'`)).toBe(0)
  })
})

async function untilSomebodyWaits(): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  while ((await db.query(waiting)).length === 0) await sleep(5)
}
