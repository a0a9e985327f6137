import { describe, expect, test } from 'vitest'
import { addPeople } from '../../../bench/people.ts'
import { connectionTo, freshDatabase } from '../../../test/support/database.ts'
import type { Place } from '../../lib/place.ts'
import { newId } from '../../lib/random.ts'
import { enterMissing, finishTurn, forgetWords, takeTurn } from './entries.ts'
import { folded, phoneDigits, wordsOf } from './fold.ts'
import { listCustomers, PAGE_SIZE, type CustomerFilter, type CustomerOrder } from './list.ts'
import { searchCustomers } from './search.ts'

const db = await freshDatabase()
await addPeople(db.appUrl, 400)
await enterMissing(db.database)

const ALL: CustomerFilter = { state: null, country: null, within: null }

interface Person {
  first_name?: string
  last_name?: string
  company?: string
  phone?: string
  email?: string
}

const INSERT = `
  with account as (
    insert into accounts (id, kind, email, email_delivery, email_canonical, email_canonical_version, first_name, last_name)
    values ($1, 'customer', $2, $2, $2, 1, $3, $4) returning id
  ) insert into customer_profiles (account_id, phone_number, company) select id, $5, $6 from account`

function valuesOf(id: string, { first_name = 'Nobody', last_name = 'Inparticular', company, phone, email }: Person) {
  return [id, email ?? `${id}@example.com`, first_name, last_name, phone ?? null, company ?? null]
}

async function add(person: Person, id = newId()): Promise<string> {
  await db.query(INSERT, valuesOf(id, person))
  return id
}

async function found(typed: string): Promise<string[]> {
  return (await searchCustomers(db.database, typed)).customers.map(({ id }) => id)
}

describe('folding', () => {
  test('makes one of what people take for the same', () => {
    expect(wordsOf('ŁUKASZ Weiß', 'İzmir ızmir')).toEqual(['lukasz', 'weiss', 'izmir'])
    expect(folded('Ångström')).toBe('angstrom')
    expect(folded('Ｆｕｌｌ')).toBe('full')
    expect(wordsOf('ann.archer1985@mail.example')).toEqual(['ann', 'archer', '1985', 'mail', 'example'])
  })

  test('reads a number however it is written, and takes nothing else for one', () => {
    expect(['+44 (20) 7946-0958', '0044 20 79460958', '020 7946 0958'].map(phoneDigits)).toEqual([
      '442079460958',
      '442079460958',
      '2079460958',
    ])
    expect(['123', 'room 1234', '+', ''].map(phoneDigits)).toEqual([null, null, null, null])
  })
})

describe('the search', () => {
  test('finds by a part of anything that is known, in any order', async () => {
    const id = await add({
      first_name: 'Zofia',
      last_name: 'Brzęczyszczykiewicz',
      company: 'Quarzwerke Nord',
      phone: '+48221234599',
      email: 'zosia.b77@przyklad.example',
    })
    for (const typed of [
      'brzeczysz',
      'ZOFIA BRZĘCZYSZCZYKIEWICZ',
      'brzeczyszczykiewicz zofia',
      'czyszczyk',
      'quarzwerke zof',
      'zosia.b77@przyklad.example',
      'Zosia.B77@przyklad',
      '+48 22 123 45 99',
      '022 1234599',
      '1234599 quarz',
      '4822123',
    ])
      expect(await found(typed), typed).toContain(id)
    expect(await found('zofia nowhere')).not.toContain(id)
  })

  test('forgives a letter that is missing, added, wrong or swapped, and says that it guessed', async () => {
    const id = await add({ first_name: 'Hieronymus', last_name: 'Wrzesniewski' })
    for (const typed of ['hieronimus', 'hieronymu wrzesniewki', 'hieronymuss', 'heironymus', 'wrzesniewsky']) {
      const { customers, guessed } = await searchCustomers(db.database, typed)
      expect(
        customers.map((one) => one.id),
        typed,
      ).toContain(id)
      if (typed !== 'hieronymu wrzesniewki') expect(guessed, typed).toBe(true)
    }
    expect((await searchCustomers(db.database, 'hieronymus')).guessed).toBe(false)
  })

  test('shows first who has the word as typed', async () => {
    await Promise.all(Array.from({ length: 60 }, () => add({ last_name: 'Quillerton' })))
    const id = await add({ last_name: 'Quill' })
    const { customers, more } = await searchCustomers(db.database, 'quill')
    expect(customers[0]?.id).toBe(id)
    expect(more).toBe(true)
  })

  test('counts whoever has several fitting words once', async () => {
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        add({ first_name: `Vexa${'abcdef'[n % 6]}`, last_name: 'Vexborough', company: 'Vexworks' }),
      ),
    )
    const { customers, more } = await searchCustomers(db.database, 'vex')
    expect(customers.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    expect(more).toBe(false)
  })

  test('takes any text', async () => {
    for (const typed of [
      '',
      ' ',
      "'",
      '"',
      '%',
      '_',
      '\\',
      '\0',
      'a\0b',
      '%%%%',
      "'; drop table accounts; --",
      '😀',
      '👩‍👩‍👧',
      '\ud800',
      'ı İ',
      'x'.repeat(10_000),
      'ä '.repeat(5000),
      '^',
      '~',
      '-',
      '{a,b}',
      'null',
      '٠١٢٣',
      '\u202e',
      '1'.repeat(5000),
    ])
      await expect(searchCustomers(db.database, typed), JSON.stringify(typed.slice(0, 20))).resolves.toBeDefined()
    expect(await found('%')).toEqual([])
    expect(await found('_')).toEqual([])
  })

  test('sees a change at once, and the former name no more', async () => {
    const id = await add({ last_name: 'Vorherig' })
    expect(await found('vorherig')).toEqual([id])
    await db.query(`update accounts set last_name = 'Nachherig' where id = $1`, [id])
    expect(await found('vorherig')).toEqual([])
    expect(await found('nachherig')).toEqual([id])
    await db.query(`update customer_profiles set company = 'Umbenannt AG' where account_id = $1`, [id])
    expect(await found('umbenannt')).toEqual([id])
    await db.query(`delete from accounts where id = $1`, [id])
    expect(await found('nachherig')).toEqual([])
  })

  test('sees who commits after younger ones were entered', async () => {
    const client = await connectionTo(db.appUrl)
    const late = newId()
    await client.query('begin')
    await client.query(INSERT, valuesOf(late, { last_name: 'Spaetkommer' }))
    const younger = await add({ last_name: 'Spaetkommer' })
    expect(await found('spaetkommer')).toEqual([younger])
    await client.query('commit')
    expect((await found('spaetkommer')).toSorted()).toEqual([late, younger].toSorted())
  })

  test('a change never waits for those who enter, and is not lost while they do', async () => {
    const id = await add({ last_name: 'Gleichzeitig' })
    await found('gleichzeitig')
    const client = await connectionTo(db.appUrl)
    await client.query('begin')
    await client.query(`update accounts set last_name = 'Danach' where id = $1`, [id])
    expect(await found('gleichzeitig')).toEqual([id])
    await client.query('commit')
    expect(await found('danach')).toEqual([id])
  })

  test('a rare name goes with its last bearer', async () => {
    const id = await add({ last_name: 'Einmaligkeit' })
    await found('einmaligkeit')
    const keys = () => db.query(`select from directory_keys where word = 'einmaligkeit'`)
    expect((await keys()).length).toBeGreaterThan(10)
    await db.query('delete from accounts where id = $1', [id])
    await forgetWords(db.database)
    expect(await keys()).toEqual([])
    expect((await found('nobody')).length).toBeGreaterThan(0)
  })
})

describe('looking through all customers', () => {
  test('enters whoever is missing, wherever among the others, a few of them in each statement', async () => {
    await db.query(
      `delete from customer_directory where account_id in (select id from accounts order by md5(id::text) limit 50)`,
    )
    expect(await enterMissing(db.database, undefined, () => true, 60)).toBe(50)
    expect(await enterMissing(db.database, undefined, () => true, 60)).toBe(0)
  })

  test('is the turn of one node once a day, and of another if that node does not finish', async () => {
    const later = (time: string) => db.query(`update directory_turns set begun_at = begun_at - $1::interval`, [time])
    const atOnce = await Promise.all(Array.from({ length: 8 }, () => takeTurn(db.database)))
    expect(atOnce.filter(Boolean)).toHaveLength(1)
    await later('59 minutes')
    expect(await takeTurn(db.database)).toBe(false)
    await later('1 minute')
    expect(await takeTurn(db.database)).toBe(true)
    await finishTurn(db.database)
    await later('23 hours')
    expect(await takeTurn(db.database)).toBe(false)
    await later('1 hour')
    expect(await takeTurn(db.database)).toBe(true)
  })
})

test('a registration writes nothing to the directory', async () => {
  const before = await db.count('directory_changes')
  const id = await add({ last_name: 'Ungeschrieben' })
  expect(await db.count('directory_changes')).toBe(before)
  expect(await db.query('select from customer_directory where account_id = $1', [id])).toEqual([])
})

describe('the list', () => {
  test.for(['newest', 'name'] as const)('by %s is walked whole both ways, while people register', async (order) => {
    const known = new Set(
      (await db.query<{ id: string }>(`select id from accounts where kind = 'customer'`)).map(({ id }) => id),
    )
    const forwards = await walk(order, { end: 'first' }, ({ later }, last) => (later ? { after: last } : null), true)
    const backwards = await walk(
      order,
      { end: 'last' },
      ({ earlier }, _, first) => (earlier ? { before: first } : null),
      true,
    )
    for (const seen of [forwards, backwards]) {
      expect(new Set(seen).size).toBe(seen.length)
      expect([...known].filter((id) => !seen.includes(id))).toEqual([])
    }
  })

  test('filters by state, country and age, and counts what it lets through', async () => {
    const suspended = await listCustomers(db.database, { ...ALL, state: 'suspended' }, 'newest', { end: 'first' })
    const [{ count } = { count: -1 }] = await db.query<{ count: number }>(
      `select count(*)::int as count from accounts where status = 'suspended'`,
    )
    expect(suspended.count).toBe(count)
    expect(suspended.customers.every(({ state }) => state === 'suspended')).toBe(true)
    const swiss = await listCustomers(db.database, { ...ALL, country: 'CH', state: 'active' }, 'name', { end: 'first' })
    expect(swiss.customers.length).toBeGreaterThan(0)
    expect(swiss.customers.every(({ country, state }) => country === 'CH' && state === 'active')).toBe(true)
    const recent = await listCustomers(db.database, { ...ALL, within: 30 }, 'newest', { end: 'first' })
    expect(recent.customers.every(({ created_at }) => created_at.getTime() > Date.now() - 31 * 86_400_000)).toBe(true)
  })

  async function walk(
    order: CustomerOrder,
    place: Place,
    next: (page: Awaited<ReturnType<typeof listCustomers>>, last: string, first: string) => Place | null,
    registering: boolean,
  ): Promise<string[]> {
    const seen: string[][] = []
    for (let at: Place | null = place; at !== null;) {
      const page = await listCustomers(db.database, ALL, order, at)
      const ids = page.customers.map(({ id }) => id)
      expect(ids.length).toBeLessThanOrEqual(PAGE_SIZE)
      seen.push(ids)
      if (registering) await add({ last_name: `Mmm${seen.length}` })
      at = next(page, ids.at(-1) ?? '', ids[0] ?? '')
    }
    return ('end' in place && place.end === 'last' ? seen.toReversed() : seen).flat()
  }
})
