import { describe, expect, test } from 'vitest'
import type { Client } from 'pg'
import { connectionTo, freshDatabase } from '../support/database.ts'

const db = await freshDatabase()

const CUSTOMER = '01900000-0000-7000-8000-000000000001'
const STAFF = '01900000-0000-7000-8000-000000000002'
const NOBODY = '01900000-0000-7000-8000-00000000000f'

await db.query(`
  with c as (insert into accounts (id, kind, username, username_canonical, first_name, last_name) values ('${CUSTOMER}', 'customer', 'ann', 'ann', '', '')),
       p as (insert into customer_profiles (account_id) values ('${CUSTOMER}')),
       s as (insert into accounts (id, kind, username, username_canonical, first_name, last_name) values ('${STAFF}', 'staff', 'sam', 'sam', '', ''))
  insert into staff_profiles (account_id, role) values ('${STAFF}', 'admin')`)

const newAccount = (id: string, kind: string) =>
  `insert into accounts (id, kind, username, username_canonical, first_name, last_name) values ('${id}', '${kind}', '${id}', '${id}', '', '')`

/** Each tries to leave an account without its one profile, through the application's own role, as any client could. */
const attempts: Record<string, string> = {
  'a customer without a profile': newAccount(NOBODY, 'customer'),
  'a staff member without a profile': newAccount(NOBODY, 'staff'),
  'a customer with a staff profile': `${newAccount(NOBODY, 'customer')}; insert into staff_profiles (account_id, role) values ('${NOBODY}', 'manager')`,
  'a staff member with a customer profile': `${newAccount(NOBODY, 'staff')}; insert into customer_profiles (account_id) values ('${NOBODY}')`,
  'a kind that is none': newAccount(NOBODY, 'robot'),
  'a second profile of the same kind': `insert into customer_profiles (account_id) values ('${CUSTOMER}')`,
  'a second profile of the other kind': `insert into staff_profiles (account_id, role) values ('${CUSTOMER}', 'admin')`,
  'a profile of nobody': `insert into customer_profiles (account_id) values ('${NOBODY}')`,
  'a staff profile of nobody': `insert into staff_profiles (account_id, role) values ('${NOBODY}', 'admin')`,
  'its profile deleted': `delete from customer_profiles where account_id = '${CUSTOMER}'`,
  'every profile deleted': `delete from customer_profiles`,
  'a staff profile deleted': `delete from staff_profiles where account_id = '${STAFF}'`,
  'its profile given to another': `update customer_profiles set account_id = '${STAFF}' where account_id = '${CUSTOMER}'`,
  'its profile given to nobody': `update customer_profiles set account_id = '${NOBODY}' where account_id = '${CUSTOMER}'`,
  'its kind changed, its profile not': `update accounts set kind = 'staff' where id = '${CUSTOMER}'`,
  'its kind changed and the other profile added to the first': `insert into staff_profiles (account_id, role) values ('${CUSTOMER}', 'admin'); update accounts set kind = 'staff' where id = '${CUSTOMER}'`,
  'its id changed under its profile': `update accounts set id = '${NOBODY}' where id = '${CUSTOMER}'`,
  'checks put off to the end': `set constraints all deferred; delete from customer_profiles where account_id = '${CUSTOMER}'`,
  'the profile taken away and brought back for another': `delete from customer_profiles where account_id = '${CUSTOMER}'; insert into customer_profiles (account_id) values ('${STAFF}')`,
  'the kind of a profile overwritten': `update customer_profiles set kind = 'staff' where account_id = '${CUSTOMER}'`,
  'the link to the profile overwritten': `update accounts set customer_profile_id = null where id = '${CUSTOMER}'`,
  'both tables swapped in one statement': `with d as (delete from customer_profiles where account_id = '${CUSTOMER}') insert into staff_profiles (account_id, role) values ('${CUSTOMER}', 'admin')`,
  'profiles truncated': `truncate customer_profiles`,
  'profiles truncated with all that hangs on them': `truncate customer_profiles cascade`,
  'constraints dropped': `alter table accounts drop constraint accounts_customer_profile_fkey`,
  'constraint triggers disabled': `alter table customer_profiles disable trigger all`,
  'replication mode, in which no trigger fires': `set session_replication_role = replica; delete from customer_profiles where account_id = '${CUSTOMER}'`,
  'a merge into the wrong table': `merge into staff_profiles using (values ('${CUSTOMER}'::uuid)) v (id) on account_id = id when not matched then insert (account_id, role) values (id, 'admin')`,
  'a copy of rows past the application': `create temporary table t as select '${NOBODY}'::uuid as id; insert into accounts (id, kind, username, username_canonical, first_name, last_name) select id, 'customer', 'x', 'x', '', '' from t`,
}

describe('P2: no SQL through the role of the application leaves an account without exactly one profile of its kind', () => {
  test.each(Object.entries(attempts))('%s', async (_, statements) => {
    const client = await connectionTo(db.appUrl)
    await expect(committed(client, statements)).rejects.toThrow()
    expect(await offenders()).toEqual([])
  })

  test('what is allowed stays possible: a customer becomes staff, an account goes with its profile', async () => {
    const client = await connectionTo(db.appUrl)
    await committed(
      client,
      `
      delete from customer_profiles where account_id = '${CUSTOMER}';
      update accounts set kind = 'staff' where id = '${CUSTOMER}';
      insert into staff_profiles (account_id, role) values ('${CUSTOMER}', 'manager')`,
    )
    await committed(client, `delete from accounts where id = '${STAFF}'`)
    expect(await offenders()).toEqual([])
    expect(await db.count('accounts')).toBe(1)
    expect(await db.count('staff_profiles')).toBe(1)
  })
})

async function committed(client: Client, statements: string): Promise<void> {
  try {
    await client.query('begin')
    await client.query(statements)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** Found by counting, not by the constraints that are under test. */
function offenders() {
  return db.query(`
    select a.id, a.kind, count(c.account_id) as customer_profiles, count(s.account_id) as staff_profiles
    from accounts a left join customer_profiles c on c.account_id = a.id left join staff_profiles s on s.account_id = a.id
    group by a.id, a.kind
    having count(c.account_id) <> (a.kind = 'customer')::int or count(s.account_id) <> (a.kind = 'staff')::int
    union all
    select account_id, 'none', 1, 0 from customer_profiles where account_id not in (select id from accounts)`)
}
