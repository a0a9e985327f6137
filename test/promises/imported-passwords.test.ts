import { expect, test } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { decoyOf } from '../../src/accounts/passwords/imported.ts'
import { signIn } from '../../src/flows/sign-in/sign-in.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { limitsIn } from '../../src/limits/limits.ts'
import { keepHouse } from '../../src/operations/housekeeping/housekeeping.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { TEST_SECRET } from '../support/site.ts'

const PASSWORD = 'Grüße, Ärger 7 violets'
const PBKDF2 = 'pbkdf2_sha256$260000$KpsTzqbbUc3YpjSGL5OM2m$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k='
const BCRYPT = 'bcrypt$$2b$12$O/b2dsWKjhf7wnHLPJta6ee7IaU9DEBz6oqkLNjf4hYEnwoEQFIha'

const db = await freshDatabase()
const passwords = new Passwords({ memoryKib: 1024, passes: 1 })
const doorkeeper = { database: db.database, passwords, limits: limitsIn(db.database), keys: new Keys([TEST_SECRET]) }

test('an imported hash opens the account once, and is argon2id from then on', async () => {
  const { id, email } = await imported(PBKDF2)
  expect(await attempt(email, 'not the password of anybody')).toMatchObject({ outcome: 'wrong-credentials' })
  expect(await hashOf(id)).toBe(PBKDF2)
  expect(await attempt(email, PASSWORD)).toMatchObject({ outcome: 'signed-in' })
  const replaced = await hashOf(id)
  expect(replaced).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/)
  expect(await attempt(email, PASSWORD)).toMatchObject({ outcome: 'signed-in' })
  expect(await hashOf(id)).toBe(replaced)
})

test('a password that was changed while the imported hash was verified stays changed, and nobody is signed in', async () => {
  const { id, email } = await imported(BCRYPT)
  const changed = await passwords.hash(canaryPassword(), null)
  const waiting = attempt(email, PASSWORD)
  await db.query('update passwords set hash = $2 where account_id = $1 and hash = $3', [id, changed, BCRYPT])
  // Whichever came first, the changed hash is what stands, unless the sign-in was already whole before it.
  const { outcome } = await waiting
  expect(outcome === 'signed-in').toBe((await hashOf(id)) !== changed)
})

test('four sign-ins at once leave one new hash', async () => {
  const { id, email } = await imported(BCRYPT)
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => attempt(email, PASSWORD)))
  expect(outcomes.some(({ outcome }) => outcome === 'signed-in')).toBe(true)
  expect(await hashOf(id)).toMatch(/^\$argon2id/)
})

test('while a scheme is in use, every refusal waits for the dearest', async () => {
  const before = canaryEmail()
  expect(await attempt(before, PASSWORD)).toMatchObject({ outcome: 'wrong-credentials' })
  await imported(PBKDF2)
  const step = await passwords.timeForAnyScheme(await decoys(), PASSWORD)
  expect(step).toBeGreaterThan(0)
  const began = performance.now()
  expect(await attempt(canaryEmail(), PASSWORD)).toMatchObject({ outcome: 'wrong-credentials' })
  expect(performance.now() - began).toBeGreaterThanOrEqual(step)
  expect(await passwords.timeForAnyScheme(await decoys(), PASSWORD.normalize('NFD'))).toBeCloseTo(2 * step)
})

test('once none is in use, the schemes are forgotten', async () => {
  await keepHouse(db.database)
  expect((await decoys()).length).toBeGreaterThan(0)
  await db.query(
    `delete from accounts where id in (select account_id from passwords where hash not like '$argon2id$%')`,
  )
  await keepHouse(db.database)
  expect(await decoys()).toEqual([])
  expect(await passwords.timeForAnyScheme(await decoys(), PASSWORD)).toBe(0)
})

async function imported(hash: string) {
  const [id, email] = [newId(), canaryEmail()]
  await db.query(
    `with account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version)
      values ($1, 'customer', 'Ann', 'Archer', $2, $2, $2, 1)
    ), profile as (
      insert into customer_profiles (account_id) values ($1)
    ), scheme as (
      insert into imported_password_schemes (scheme, decoy) values (left($3, 20), $4) on conflict do nothing
    )
    insert into passwords (account_id, hash) values ($1, $3)`,
    [id, email, hash, decoyOf(hash)],
  )
  return { id, email }
}

function attempt(identifier: string, password: string) {
  const client = { network: '198.51.100.7', userAgent: 'a test', browserToken: null } as never
  return signIn(doorkeeper, {
    identifier,
    password,
    previousToken: null,
    client,
    origin: { network: '198.51.100.7', reference: null },
  })
}

async function hashOf(id: string): Promise<string | undefined> {
  return (await db.query<{ hash: string }>('select hash from passwords where account_id = $1', [id]))[0]?.hash
}

async function decoys(): Promise<string[]> {
  return (await db.query<{ decoy: string }>('select decoy from imported_password_schemes')).map(({ decoy }) => decoy)
}
