import { expect, test } from 'vitest'
import { fillSite, tokenOf, PASSWORD } from '../bench/growth/fill.ts'
import { enterChanged } from '../src/accounts/directory/entries.ts'
import { Passwords } from '../src/accounts/passwords/passwords.ts'
import { findSession } from '../src/accounts/sessions/sessions.ts'
import { MINUTE } from '../src/lib/time.ts'
import { examine, invariantsOf } from '../src/operations/doctor/doctor.ts'
import { freshDatabase } from './support/database.ts'
import { CHEAP_HASHES } from './support/site.ts'

const PEOPLE = 600
const db = await freshDatabase()
const passwords = new Passwords({
  memoryKib: Number(CHEAP_HASHES.ARGON2_MEMORY_KIB),
  passes: Number(CHEAP_HASHES.ARGON2_PASSES),
})
await fillSite(db.ownerUrl, PEOPLE, await passwords.hash(PASSWORD, null))

test('a site that is filled for measuring is sound', async () => {
  const verdict = await examine(db.database, invariantsOf({ mailServer: true }), { patience: MINUTE })
  expect(verdict.findings).toEqual([])
  expect(await db.count('passwords')).toBe(PEOPLE)
  expect((await findSession(db.database, tokenOf(PEOPLE)))?.account.kind).toBe('customer')
})

test('its directory is the one that the program would have made', async () => {
  const directory = () =>
    db.query('select account_id, words, phone, name_key, state, country from customer_directory order by account_id')
  const keys = () => db.query('select key, word from directory_keys where key >= $1 order by key, word', ['^'])
  const [filled, filledKeys] = [await directory(), await keys()]
  await db.query('delete from customer_directory')
  await db.query('delete from directory_keys')
  await db.query('insert into directory_changes (account_id) select id from accounts')
  while ((await enterChanged(db.database)) > 0);
  expect(await directory()).toEqual(filled)
  expect(await keys()).toEqual(filledKeys)
})
