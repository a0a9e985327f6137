import { randomBytes } from 'node:crypto'
import { assert, asyncProperty, check, scheduler as anyOrder } from 'fast-check'
import { Client } from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/database/sql.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import {
  registrationOf,
  customerAt,
  idOf,
  linkFollowed,
  openStage,
  withInvariants,
  belongTogether,
} from './support/stage.ts'
import { urls } from '../../src/urls.ts'
import { Explorer, type Meeting } from './support/explorer.ts'
import { GatedDatabase } from './support/gated-database.ts'
import {
  legacyRegister,
  legacySaveProfile,
  legacyTables,
  type LegacyAnswer,
  type LegacyDesign,
} from './support/legacy.ts'

const db = await freshDatabase()
const server = new Client({ connectionString: db.superuserUrl })
await server.connect()
const [here, there] = [gated(), gated()]
afterAll(() => Promise.all([server.end(), here.close(), there.close()]))
const explorer = new Explorer(server)
const stages = [await openStage(db), await openStage(db), await openStage(db)] as const

describe('the explorer finds what the legacy design did wrong:', () => {
  test('before its repair every registration is a 500 and leaves half a customer, in whatever order', async () => {
    await legacyTables(db, { uniqueProfiles: true })
    const { orders, failures } = await explorer.everyOrder(meetingOf({ profile: 'create' }, 'two addresses'))
    expect([orders, failures.length]).toEqual([70, 70])
    expect(failures[0]?.error).toMatchObject({ message: expect.stringContaining('"status": 500') as string })
    expect(await db.count('legacy.users')).toBe(140)
  })

  test('where the unique constraint is missing, every registration makes two profiles', async () => {
    await legacyTables(db, { uniqueProfiles: false })
    const { orders, failures } = await explorer.everyOrder(meetingOf({ profile: 'create' }, 'two addresses'))
    expect([orders, failures.length]).toEqual([70, 70])
    expect(failures[0]?.error).toMatchObject({ message: expect.stringContaining('profiles') as string })
  })

  test('after its repair two users come to have one address, in some orders and not in others', async () => {
    await legacyTables(db, { uniqueProfiles: true })
    const { orders, failures } = await explorer.everyOrder(meetingOf({ profile: 'get-or-create' }, 'one address'))
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.length).toBeLessThan(orders)
    for (const { error } of failures)
      expect(error).toMatchObject({ message: expect.stringContaining('users') as string })
    const [first] = failures
    const again = await explorer.inOrder(first?.order ?? [], meetingOf({ profile: 'get-or-create' }, 'one address'))
    expect(again?.order, 'an order that was found can be had again').toEqual(first?.order)
  })

  test('after its repair get_or_create still makes two profiles where the constraint is missing, in some orders', async () => {
    await legacyTables(db, { uniqueProfiles: false })
    const { orders, failures } = await explorer.everyOrder(meetingOf({ profile: 'get-or-create' }, 'form sent again'))
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.length).toBeLessThan(orders)
  })

  test("fast-check's scheduler finds it too, and shrinks it", async () => {
    await legacyTables(db, { uniqueProfiles: true })
    const property = asyncProperty(anyOrder(), (scheduler) =>
      explorer.sampled(scheduler, meetingOf({ profile: 'get-or-create' }, 'one address')),
    )
    const found = await check(property, { numRuns: 200 })
    expect(found.failed).toBe(true)
  })
})

describe('the explorer itself', () => {
  test('passes over a flow that waits for a lock, and sees every order that is left', async () => {
    const key = await counter()
    const add = (database: GatedDatabase) => () =>
      database.transaction(async (within) => {
        await within.rows(sql`update counters set n = n + 1 where id = ${key}`)
        await within.rows(sql`update counters set n = n + 1 where id = ${key}`)
      })
    const { orders, failures } = await explorer.everyOrder(async () => ({
      flows: { one: { database: here, run: add(here) }, other: { database: there, run: add(there) } },
      check: async () => {},
    }))
    expect(failures).toEqual([])
    // Who takes the row first goes to the end; the other's first statement may come anywhere in between, or after.
    expect(orders).toBe(6)
    expect(await db.count(`counters where id = '${key}' and n = ${orders * 4}`)).toBe(1)
  })

  test('calls a deadlock a failure', async () => {
    const [a, b] = [await counter(), await counter()]
    const add = (database: GatedDatabase, keys: string[]) => () =>
      database.transaction(async (within) => {
        for (const key of keys) await within.rows(sql`update counters set n = n + 1 where id = ${key}`)
      })
    const { orders, failures } = await explorer.everyOrder(async () => ({
      flows: { one: { database: here, run: add(here, [a, b]) }, other: { database: there, run: add(there, [b, a]) } },
      check: async () => {},
    }))
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.length).toBeLessThan(orders)
    for (const { error } of failures)
      expect(error).toMatchObject({ message: expect.stringContaining('deadlock') as string })
  })
})

describe('three flows, in sampled orders', () => {
  test('one submission thrice: one account, one session', async () => {
    await sampled(async () => {
      const first = await registrationOf(stages[0], {})
      const again = (stage: (typeof stages)[number]) => ({
        database: stage.database,
        run: () => first.visitor.at(stage).post(urls.customerRegistration, first.form),
      })
      return {
        flows: { first, second: again(stages[1]), third: again(stages[2]) },
        check: async (answers) => {
          expect(Object.values(answers).map(({ headers }) => headers.location)).toEqual(['/', '/', '/'])
          expect(await db.count(`accounts where email_canonical = '${first.form['email']}'`)).toBe(1)
          expect(await db.count(`sessions where account_id = '${await idOf(db, first.form['email'] as string)}'`)).toBe(
            1,
          )
        },
      }
    })
  })

  test('a squatter changes the password, somebody registers with the address, the owner recovers: one account, and theirs who recovered', async () => {
    await sampled(async () => {
      const squatter = await customerAt(db, stages[0])
      const password = canaryPassword()
      const recovery = await linkFollowed(stages[2], 'recovery', squatter, db, { fields: { password } })
      const registration = await registrationOf(stages[1], { email: squatter.email })
      const elsewhere = squatter.visitor.at(stages[0])
      const token = await elsewhere.token(urls.passwordChange)
      const change = {
        database: stages[0].database,
        run: () =>
          elsewhere.post(urls.passwordChange, {
            current_password: squatter.password,
            password: canaryPassword(),
            submission: token,
          }),
      }
      return {
        flows: { change, registration, recovery },
        check: async (answers) => {
          expect(answers['registration']?.status).toBe(422)
          expect(await idOf(db, squatter.email)).toBe(squatter.id)
          if (answers['recovery']?.status === 303) {
            expect(await squatter.visitor.isSignedIn()).toBe(false)
            expect(await belongTogether(db, squatter.email, password)).toBe(true)
          }
        },
      }
    })
  })
})

async function sampled(prepare: Parameters<typeof withInvariants>[1]): Promise<void> {
  const property = asyncProperty(anyOrder(), (scheduler) => explorer.sampled(scheduler, withInvariants(db, prepare)))
  await assert(property, { numRuns: 15 })
}

/** Two people, each with a flow of the legacy design; every user is to have an address of their own and one profile. */
function meetingOf(
  design: LegacyDesign,
  who: 'one address' | 'two addresses' | 'form sent again',
): () => Promise<Meeting<LegacyAnswer>> {
  return async () => {
    const email = canaryEmail()
    const second = who === 'two addresses' ? canaryEmail() : email
    const other = who === 'form sent again' ? legacySaveProfile : legacyRegister
    return {
      flows: {
        one: { database: here, run: () => legacyRegister(here, email, design) },
        other: { database: there, run: () => other(there, second, design) },
      },
      check: async (answers) => {
        const users = await db.query(
          `select email from legacy.users where email in ($1, $2) group by email having count(*) > 1`,
          [email, second],
        )
        const profiles = await db.query(
          `select user_id from legacy.profiles p join legacy.users u on u.id = p.user_id
           where u.email in ($1, $2) group by user_id having count(*) > 1`,
          [email, second],
        )
        const found = { users: users.length, profiles: profiles.length, answers }
        const faults = Object.values(answers).filter(({ status }) => status === 500)
        if (faults.length + users.length + profiles.length > 0) throw new Error(JSON.stringify(found, null, 1))
      },
    }
  }
}

function gated(): GatedDatabase {
  return new GatedDatabase({ url: db.appUrl, onIdleError: () => {} }, { splitsWrites: false })
}

async function counter(): Promise<string> {
  await server.query('create table if not exists counters (id text primary key, n int not null)')
  await server.query('grant all on counters to meridian_app')
  const id = randomBytes(8).toString('hex')
  await server.query('insert into counters values ($1, 0)', [id])
  return id
}
