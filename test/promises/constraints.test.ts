import { DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import { connectionTo, freshDatabase } from '../support/database.ts'

const db = await freshDatabase()

const ANN = '01900000-0000-7000-8000-000000000001'
const NEW = '01900000-0000-7000-8000-00000000000f'
const HASH = `decode(repeat('ab', 32), 'hex')`
const CODE = `insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)`

await db.query(`
  with p as (insert into customer_profiles (account_id) values ('${ANN}'))
  insert into accounts (id, kind, first_name, last_name, username, username_canonical, email, email_delivery, email_canonical, email_canonical_version)
  values ('${ANN}', 'customer', '', '', 'ann', 'ann', 'ann@example.com', 'ann@example.com', 'ann@example.com', 1)`)
await db.query(`${CODE} values ('${NEW}', ${HASH}, 'recovery', '${ANN}', 'ann@example.com', now())`)
await db.query(
  `insert into letters (id, account_id, kind, recipient) values ('${NEW}', '${ANN}', 'welcome', 'ann@example.com')`,
)
await db.query(`
  insert into invitations (id, code_hash, role, for_first_admin, expires_at) values ('${NEW}', ${HASH}, 'admin', true, now())`)

/** By the constraint: what it refuses, sent as the application's role. */
const refused: Record<string, string> = {
  accounts_email_canonical_key: another({ email: 'ann@example.com' }),
  accounts_username_canonical_key: another({ username: 'ann' }),
  accounts_email_is_canonical: another({ email: 'Bob@example.com' }),
  accounts_email_is_whole: `update accounts set email_delivery = null where id = '${ANN}'`,
  accounts_email_has_at: another({ email: 'bob.example.com' }),
  accounts_username_has_no_at: another({ username: 'ann@example.org' }),
  accounts_username_is_whole: `update accounts set username = null where id = '${ANN}'`,
  accounts_can_be_named: another({}),
  accounts_closing_has_its_date: `update accounts set status = 'closing' where id = '${ANN}'`,
  passwords_account_id_fkey: `insert into passwords (account_id, hash) values ('${NEW}', repeat('x', 60))`,
  sessions_account_id_fkey: `
    insert into sessions (token_hash, id, account_id, idle_limit, expires_at) values (${HASH}, '${NEW}', '${NEW}', '1 hour', now())`,
  receipts_account_id_fkey: `insert into receipts (receipt_hash, account_id) values (${HASH}, '${NEW}')`,
  codes_account_id_fkey: `${CODE} values ('${ANN}', decode(repeat('cd', 32), 'hex'), 'recovery', '${NEW}', 'x@example.com', now())`,
  codes_code_hash_key: `${CODE} values ('${ANN}', ${HASH}, 'recovery', '${ANN}', 'ann@example.com', now())`,
  letters_have_one_end: `update letters set sent_at = now(), given_up_at = now() where id = '${NEW}'`,
  letters_one_welcome_per_account: `insert into letters (id, account_id, kind, recipient) values ('${ANN}', '${ANN}', 'welcome', 'ann@example.com')`,
  invitations_have_one_end: `update invitations set accepted_at = now(), revoked_at = now() where id = '${NEW}'`,
  invitations_one_for_first_admin: `
    insert into invitations (id, code_hash, role, for_first_admin, expires_at)
    values ('${ANN}', decode(repeat('cd', 32), 'hex'), 'admin', true, now())`,
}

test.each(Object.entries(refused))('%s refuses what it is there for', async (constraint, statement) => {
  const client = await connectionTo(db.appUrl)
  await client.query('begin')
  const error = await client.query(statement).then(
    () => null,
    (refusal: unknown) => refusal,
  )
  expect(error instanceof DatabaseError ? error.constraint : error).toBe(constraint)
})

/** One more customer, whole but for what is wrong with the names. */
function another({ email, username }: { email?: string; username?: string }): string {
  const [address, name] = [literal(email), literal(username)]
  return `
    with p as (insert into customer_profiles (account_id) values ('${NEW}'))
    insert into accounts (id, kind, first_name, last_name, username, username_canonical, email, email_delivery, email_canonical, email_canonical_version)
    values ('${NEW}', 'customer', '', '', ${name}, ${name}, ${address}, ${address}, ${address}, ${email === undefined ? 'null' : '1'})`
}

function literal(value: string | undefined): string {
  return value === undefined ? 'null' : `'${value}'`
}
