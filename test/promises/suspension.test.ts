import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { restoreAccount, suspendAccount, type Suspending } from '../../src/flows/suspension/suspend.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, customer, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const origin = { network: '192.0.2.1', reference: 'MA-TEST' }
const root = await staffId('admin')

describe('a suspension', () => {
  test('ends every session, holds the person out, and is lifted by its opposite', async () => {
    const { visitor, email, password } = await customer(site)
    const id = await accountId(db, email)
    const manager = await staffId('manager')
    const events = await auditDuring(db, () => suspend(asked(id, manager, 'Chargebacks')))
    expect(events).toEqual([
      expect.objectContaining({ event: 'account-suspended', account_id: id, details: { reason: 'Chargebacks' } }),
    ])
    expect(await visitor.isSignedIn(), 'on the very next request').toBe(false)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)

    expect(await restore(asked(id, manager))).toBe('restored')
    expect(await visitor.isSignedIn(), 'the old session stays over').toBe(false)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test('of a customer is for managers and admins, of staff for admins, of all for the operator', async () => {
    const roles = { customer_care: await staffId('customer_care'), manager: await staffId('manager'), admin: root }
    for (const [role, [ofCustomer, ofStaff]] of Object.entries({
      customer_care: ['not-allowed', 'not-allowed'],
      manager: ['suspended', 'not-allowed'],
      admin: ['suspended', 'suspended'],
      operator: ['suspended', 'suspended'],
    })) {
      const actor = roles[role as keyof typeof roles] ?? null
      expect(await suspend(asked(await customerId(), actor)), role).toBe(ofCustomer)
      expect(await suspend(asked(await staffId('customer_care'), actor)), role).toBe(ofStaff)
    }
  })

  test('sent twice is one, and an account that is closing, one’s own, or nobody’s is none', async () => {
    const id = await customerId()
    const both = await Promise.all([suspend(asked(id, root)), suspend(asked(id, root))])
    expect(both.toSorted()).toEqual(['suspended', 'suspended-already'])
    expect(await restore(asked(await customerId(), root))).toBe('not-suspended')
    const closing = await customerId()
    await db.query(`update accounts set status = 'closing', closes_at = now() where id = $1`, [closing])
    expect(await suspend(asked(closing, root))).toBe('closing')
    expect(await suspend(asked(root, root))).toBe('own-account')
    expect(await suspend(asked(randomUUID(), root))).toBe('no-such-account')
  })

  test('and a sign-in at once leave no session that lives on after it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { email, password } = await customer(site)
      const id = await accountId(db, email)
      await Promise.all([new Visitor(site).signIn(email, password), suspend(asked(id, root))])
      await restore(asked(id, root))
      const sessions = await db.query(
        `select 1 from sessions s join accounts a on a.id = s.account_id where a.id = $1
         and s.created_at < a.updated_at`,
        [id],
      )
      expect(sessions).toEqual([])
    }
  })
})

describe('the last admin', () => {
  test('is suspended by nobody', async () => {
    expect(await suspend(asked(root, null))).toBe('last-admin')
  })

  test('stays, when two admins suspend each other at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const other = await staffId('admin')
      const outcomes = await Promise.all([suspend(asked(other, root)), suspend(asked(root, other))])
      expect(outcomes.filter((outcome) => outcome === 'suspended')).toHaveLength(1)
      expect(await admins()).toBe(1)
      await db.query(`update accounts set status = 'active' where id = $1`, [root])
      await db.query(`update accounts set status = 'suspended' where id = $1`, [other])
    }
  })

  test('stays, when raw SQL demotes and suspends two at once, in either order', async () => {
    const other = await staffId('admin')
    const [one, two] = [await connectionTo(db.appUrl), await connectionTo(db.appUrl)]
    const demote = `update staff_profiles set role = 'manager' where account_id = $1`
    const hold = `update accounts set status = 'suspended' where id = $1`
    for (const [first, second] of [
      [demote, hold],
      [hold, demote],
    ] as const) {
      await one.query('begin')
      await one.query(first, [root])
      const late = two.query(second, [other]).then(
        () => 'done',
        ({ constraint }: { constraint: string }) => constraint,
      )
      await one.query('commit')
      expect(await late).toBe('staff_keep_an_admin')
      expect(await admins()).toBe(1)
      await db.query(`update accounts set status = 'active' where id = $1`, [root])
      await db.query(`update staff_profiles set role = 'admin' where account_id = $1`, [root])
    }
    await expect(
      db.query(`update staff_profiles set role = 'manager'`),
      'all at once, in one statement',
    ).rejects.toMatchObject({ constraint: 'staff_keep_an_admin' })
    await expect(db.query(`update accounts set status = 'suspended' where kind = 'staff'`)).rejects.toMatchObject({
      constraint: 'staff_keep_an_admin',
    })
  })
})

function suspend(act: Suspending) {
  return db.database.transaction((within) => suspendAccount(within, act, origin))
}

function restore(act: Suspending) {
  return restoreAccount(db.database, act, origin)
}

function asked(id: string, actorId: string | null, reason = 'A test'): Suspending {
  return { accountId: id, actorId, reason }
}

async function customerId(): Promise<string> {
  return accountId(db, (await customer(site)).email)
}

async function staffId(role: 'customer_care' | 'manager' | 'admin'): Promise<string> {
  const { email, visitor } = await staffMember(db, site, role)
  expect((await visitor.get(urls.console)).status).toBe(200)
  return accountId(db, email)
}

async function admins(): Promise<number> {
  const rows = await db.query(
    `select 1 from accounts a join staff_profiles p on p.account_id = a.id where a.status = 'active' and p.role = 'admin'`,
  )
  return rows.length
}
