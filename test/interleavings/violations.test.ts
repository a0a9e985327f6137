import { describe, expect, test } from 'vitest'
import { connectionTo, freshDatabase, type TestDatabase } from '../support/database.ts'
import { customer, staffMember } from '../support/hostile-people.ts'
import { customerAt, openStage, violations } from './support/stage.ts'

const db = await freshDatabase()
const stage = await openStage(db)

/** Damage to the account `$1`, with every constraint and trigger out of the way, and the words in which it is told. */
const planted: Record<string, [damage: string[], told: string]> = {
  'a second account of one address': [
    [
      `alter table accounts drop constraint accounts_email_canonical_key cascade`,
      `insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version)
       select gen_random_uuid(), kind, '', '', email, email_delivery, email_canonical, 1 from accounts where id = $1`,
    ],
    'two accounts of one address',
  ],
  'a second account of one username': [
    [
      `drop index accounts_username_canonical_key`,
      `update accounts set username = 'ann', username_canonical = 'ann' where id = $1`,
      `insert into accounts (id, kind, first_name, last_name, username, username_canonical)
       select gen_random_uuid(), kind, '', '', username, username_canonical from accounts where id = $1`,
    ],
    'two accounts of one username',
  ],
  'no profile': [
    [`delete from customer_profiles where account_id = $1`],
    'customer with 0 customer and 0 staff profiles',
  ],
  'two profiles': [
    [`insert into staff_profiles (account_id, role) values ($1, 'manager')`],
    'customer with 1 customer and 1 staff profiles',
  ],
  'a profile of nobody': [[`delete from accounts where id = $1`], 'profile of nobody'],
  'a session of a suspended account': [
    [`update accounts set status = 'suspended' where id = $1`],
    'session of an account that may not be used',
  ],
  'a second welcome': [
    [
      `drop index letters_one_welcome_per_account`,
      `insert into letters (id, account_id, kind, recipient) values (gen_random_uuid(), $1, 'welcome', 'ann@example.com')`,
    ],
    '2 letters of welcome',
  ],
  'no welcome': [[`delete from letters where account_id = $1`], 'customer without a letter of welcome'],
  'a registration that was not recorded': [
    [`delete from audit_events where account_id = $1`],
    '0 events of one registration',
  ],
  'a registration that was recorded twice': [
    [
      `insert into audit_events (event, account_id) select event, account_id from audit_events
       where account_id = $1 and event = 'customer-registered'`,
    ],
    '2 events of one registration',
  ],
  'no password': [[`delete from passwords where account_id = $1`], 'account without a password'],
}

test('where all is well, nothing is told', async () => {
  await customer(stage)
  await staffMember(db, stage)
  expect(await violations(db)).toEqual([])
})

describe('planted, it is told of every order:', () => {
  test.each(Object.entries(planted))('%s', async (_, [damage, told]) => {
    const { id } = await customerAt(db, stage)
    const client = await connectionTo(db.superuserUrl)
    const query: TestDatabase['query'] = async (text, values) => (await client.query(text, values)).rows as never
    await client.query('begin; set local session_replication_role = replica')
    for (const statement of damage) await client.query(statement, statement.includes('$1') ? [id] : undefined)
    const words = await violations({ query })
    await client.query('rollback')
    expect(words).toEqual(expect.arrayContaining([expect.stringContaining(told)]))
  })
})
