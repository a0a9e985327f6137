import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { importDjango } from '../../src/operations/django-import/import.ts'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { hasDjango, importFrom, LEGACY_PASSWORD, legacyDatabase } from '../support/legacy.ts'
import { openSite } from '../support/site.ts'
import { expectSignedInAs, fillIn, notice, send, signOut } from './errands.ts'

const legacy = await legacyDatabase()
const db = await freshDatabase()
const site = await openSite(db)
const browser = await openBrowser()
await importDjango(importFrom(legacy.superuserUrl, db.appUrl))

test.each([
  ['pbkdf2_sha256', 'pbkdf2_sha256$260000$'],
  ['pbkdf2_sha1', 'pbkdf2_sha1$260000$'],
  ['argon2', 'argon2$argon2id$v=19$'],
  ['argon2i', 'argon2$argon2i$v=19$'],
  ['bcrypt_sha256', 'bcrypt_sha256$$2b$12$'],
  ['bcrypt', 'bcrypt$$2b$12$'],
  ['scrypt', 'scrypt$16384$'],
])(
  `somebody whose password Django hashed with %s${hasDjango ? '' : ', long ago,'} signs in with it, and again when it is argon2id`,
  async (format, beginning) => {
    const [username, page] = [`format.${format}`, await browser.newPage()]
    expect(await hashOf(username)).toContain(beginning)
    await signIn(page, username)
    const renewed = await hashOf(username)
    expect(renewed).toMatch(/^\$argon2id\$/)
    await signOut(page)
    await signIn(page, username)
    expect(await hashOf(username)).toBe(renewed)
  },
)

async function signIn(page: Page, username: string): Promise<void> {
  await page.goto(`${site.url}${urls.customerSignIn}`)
  await fillIn(page, { identifier: username, password: LEGACY_PASSWORD })
  await send(page)
  await notice(page, 'Welcome back, Ann').waitFor()
  await expectSignedInAs(page, { first_name: 'Ann', last_name: lastNameOf(username) })
}

/** As Python's title() writes it. */
function lastNameOf(username: string): string {
  return username.replaceAll(/(?<![A-Za-z])[a-z]/g, (letter) => letter.toUpperCase())
}

async function hashOf(username: string): Promise<string | undefined> {
  const [row] = await db.query<{ hash: string }>(
    'select hash from passwords join accounts on id = account_id where username = $1',
    [username],
  )
  return row?.hash
}
