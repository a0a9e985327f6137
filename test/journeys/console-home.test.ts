import { describe, expect, test } from 'vitest'
import { figuresByDay, LETTERS_COUNTED_UP_TO, openLetters } from '../../src/operations/figures/figures.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'

const db = await freshDatabase()
const site = await openSite(db)
const care = await staffMember(db, site, 'customer_care')
const manager = await staffMember(db, site, 'manager')

/** As they would have been written `ago`, an interval. */
const happened = (of: TestDatabase, times: number, event: string, ago: string, reason?: string) =>
  of.query(
    `insert into audit_events (event, occurred_at, details)
     select $1, now() - $2::interval, case when $3::text is null then '{}' else jsonb_build_object('reason', $3::text) end
     from generate_series(1, $4::int)`,
    [event, ago, reason ?? null, times],
  )

describe('the figures of a day', () => {
  test('are what was recorded, whether its hours are counted already or not', async () => {
    const own = await freshDatabase()
    await happened(own, 3, 'customer-registered', '49 hours')
    await happened(own, 5, 'signed-in', '49 hours')
    await happened(own, 7, 'signed-in', '0')
    await happened(own, 2, 'sign-in-refused', '49 hours', 'wrong-credentials')
    await happened(own, 4, 'sign-in-refused', '0', 'account-suspended')
    await happened(own, 9, 'signed-out', '49 hours')
    await happened(own, 9, 'signed-in', '40 days')
    const both = await Promise.all([figuresByDay(own.database, 30), figuresByDay(own.database, 30)])
    expect(both[0]).toEqual(both[1])
    await happened(own, 1, 'customer-registered', '0')
    const days = await figuresByDay(own.database, 30)
    expect(days).toHaveLength(30)
    const day = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString().slice(0, 10)
    expect(days.filter(({ registrations, signIns }) => registrations + signIns > 0)).toEqual([
      { day: day(49), registrations: 3, signIns: 5, refusals: { 'sign-in-refused:wrong-credentials': 2 } },
      { day: day(0), registrations: 1, signIns: 7, refusals: { 'sign-in-refused:account-suspended': 4 } },
    ])
  })

  test('are counted once: an hour that is over is not read again', async () => {
    const own = await freshDatabase()
    await happened(own, 2, 'signed-in', '49 hours')
    await figuresByDay(own.database, 30)
    // Of today there is none in the hour after midnight.
    expect(await own.count('hourly_figures')).toBeGreaterThanOrEqual(29 * 24)
    await happened(own, 1, 'signed-in', '49 hours')
    const days = await figuresByDay(own.database, 30)
    expect(days.reduce((sum, { signIns }) => sum + signIns, 0)).toBe(2)
  })
})

test('letters are counted by what became of them, and not for ever', async () => {
  const own = await freshDatabase()
  const written = (times: number, error: string | null, given: boolean) =>
    own.query(
      `insert into letters (id, kind, recipient, last_error, given_up_at)
       select id::uuid, 'recovery', 'a@example.com', $2, case when $3 then now() end from unnest($1::text[]) as id`,
      [Array.from({ length: times }, newId), error, given],
    )
  await written(LETTERS_COUNTED_UP_TO + 5, null, false)
  await written(3, '451 later', false)
  await written(2, '550 no', true)
  expect(await openLetters(own.database)).toEqual({ waiting: LETTERS_COUNTED_UP_TO, failing: 3, givenUp: 2 })
})

describe('the first page of the console', () => {
  test('tells managers of refusals, and everybody of the rest', async () => {
    await happened(db, 1234, 'sign-in-refused', '30 hours', 'wrong-credentials')
    await happened(db, 2, 'sign-in-refused', '30 hours', 'a reason of tomorrow')
    await happened(db, 1500, 'signed-in', '30 hours')
    const [shown, masked] = [await manager.visitor.get(urls.console), await care.visitor.get(urls.console)]
    expect(shown.body).toContain('Wrong name or password at signing in')
    expect(shown.body).toContain('1,234')
    expect(shown.body).toContain('sign-in-refused:a reason of tomorrow')
    expect(masked.body).not.toContain('Refused within')
    for (const { body } of [shown, masked]) expect(body).toContain('1,500 sign-ins in 30 days')
  })

  test('offers each what they may do', async () => {
    const { body } = await care.visitor.get(urls.console)
    expect(body).toContain(urls.customerAtTheDesk)
    expect(body).not.toContain(urls.staffInvitation)
    const admin = await staffMember(db, site, 'admin')
    expect((await admin.visitor.get(urls.console)).body).toContain(`href="${urls.staffInvitation}"`)
  })

  test('leads to the letters that fail', async () => {
    await db.query(
      `insert into letters (id, kind, recipient, last_error) values ($1, 'recovery', 'a@example.com', '451')`,
      [newId()],
    )
    const { body } = await care.visitor.get(urls.console)
    expect(body).toContain('Letters failing')
    expect(body).toContain(`${urls.letters}?state=failing`)
  })
})
