import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { expectSignedInAs, fillIn, notice, pathOf, register, send, signOut } from './errands.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('somebody with a letter in hand, %s,', (_, javaScript) => {
  test('confirms the address by the welcome, and again by a link asked for in the profile', async () => {
    const page = await browser.newPage({ javaScript })
    const { email = '' } = await register(page, site)
    await page.goto(`${site.url}${urls.customerProfile}`)
    await page.getByText('Not confirmed yet').waitFor()
    await page.getByRole('button', { name: 'Send me a new link' }).click()
    await notice(page, 'A letter with a new link is on its way to you.').waitFor()

    await page.goto(await linkTo(email, 'Confirm your email address'))
    expect(page.url()).not.toContain('code=')
    await page.getByRole('button', { name: 'This address is mine' }).dblclick()
    await notice(page, 'Your email address is confirmed.').waitFor()
    await page.goto(`${site.url}${urls.customerProfile}`)
    await page.getByText('Confirmed', { exact: true }).waitFor()
  })

  test('who lost the password finds the way from the sign-in page back into the account', async () => {
    const page = await browser.newPage({ javaScript })
    const person = await register(page, site)
    await signOut(page)
    await page.goto(`${site.url}${urls.customerSignIn}`)
    await page.getByRole('link', { name: 'Forgotten your password?' }).click()
    await fillIn(page, { identifier: person['email'] ?? '' })
    await send(page)
    expect(pathOf(page)).toBe(urls.recoverySent)

    await page.goto(await linkTo(person['email'] ?? '', 'Choose a new password'))
    expect(page.url()).not.toContain('code=')
    await fillIn(page, { password: 'password' })
    await send(page)
    await page.getByRole('alert').waitFor()
    await fillIn(page, { password: canaryPassword() })
    await page.getByRole('button', { name: 'Save and sign in' }).dblclick()
    await notice(page, 'Your new password is saved').waitFor()
    await expectSignedInAs(page, person)

    await page.goto(await linkTo(person['email'] ?? '', 'Choose a new password'))
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor()
  })
})

async function linkTo(recipient: string, subject: string): Promise<string> {
  const letter = () => mailbox.to(recipient).find((received) => received.subject.includes(subject))
  await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
  return linkIn(letter() as Received)
}
