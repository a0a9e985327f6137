import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { expectSignedInAs, fillIn, notice, pathOf, register, send } from './errands.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('somebody who leaves, %s,', (_, javaScript) => {
  test('downloads everything, closes the account with a double click, and changes their mind', async () => {
    const page = await browser.newPage({ javaScript })
    const person = await register(page, site, { company: 'Löwe & Söhne' })
    const email = person['email'] as string

    await page.goto(`${site.url}${urls.customerProfile}`)
    await page.getByRole('link', { name: 'Download everything held about you' }).click()
    for (const [button, type] of [
      ['Download to read', 'html'],
      ['Download as JSON', 'json'],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: button }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(new RegExp(`^everything-held-about-you-.*\\.${type}$`))
      expect(await readFile(await download.path(), 'utf8')).toContain(email)
    }

    await page.getByRole('link', { name: 'Close your account' }).click()
    await page.getByLabel('Why are you leaving?').fill('I have sold the boat.')
    await page.getByRole('button', { name: 'Close my account' }).dblclick()
    await notice(page, 'Your account will be erased in 14 days').waitFor()
    expect(pathOf(page)).toBe(urls.landing)
    const letter = await letterTo(email, 'will be erased')
    const [, date] = /On (\d+ \w+ \d{4}), /.exec(letter.text) ?? []

    await page.goto(`${site.url}${urls.customerSignIn}`)
    await fillIn(page, { identifier: email, password: person['password'] as string })
    await send(page)
    await page.getByText(`it will be erased on ${date}.`).waitFor()
    await page.getByRole('button', { name: 'Keep my account' }).dblclick()
    await notice(page, 'Your account stays, just as it was.').waitFor()
    await expectSignedInAs(page, person)
    await letterTo(email, 'stays')
    expect(
      await db.count(
        `audit_events where event in ('account-closing', 'account-kept') and account_id = (select id from accounts where email_canonical = '${email}')`,
      ),
    ).toBe(2)
  })
})

async function letterTo(email: string, subject: string): Promise<Received> {
  const found = () => mailbox.to(email).find((letter) => letter.subject.includes(subject))
  await expect.poll(found, { timeout: 15_000 }).toBeDefined()
  return found() as Received
}
