import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { expectSignedInAs, fillIn, notice, pathOf, register, send } from './errands.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('somebody who changes what they sign in with, %s,', (_, javaScript) => {
  test('is asked for the password in the middle, loses nothing typed, and takes the address back', async () => {
    const page = await browser.newPage({ javaScript })
    const person = await register(page, site)
    const [email, password] = [person['email'] as string, person['password'] as string]
    const fresh = canaryEmail()

    await page.goto(`${site.url}${urls.customerProfile}`)
    await page.getByRole('link', { name: 'Change your email address' }).click()
    await fillIn(page, { email: fresh })
    await db.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    await send(page)
    expect(pathOf(page)).toMatch(urls.reauthentication)
    await fillIn(page, { current_password: password })
    await page.getByRole('button', { name: 'Go on' }).dblclick()
    await notice(page, 'A letter is on its way to your new address.').waitFor()

    await page.goto(await linkTo(fresh, 'Confirm your new address'))
    expect(page.url()).not.toContain('code=')
    await page.getByText(fresh).waitFor()
    await page.getByRole('button', { name: 'Use the new address' }).dblclick()
    await notice(page, 'Your email address is changed and confirmed.').waitFor()

    await page.getByRole('link', { name: 'Change your password' }).click()
    await fillIn(page, { current_password: password, password: canaryPassword() })
    await page.getByRole('button', { name: 'Save the new password' }).dblclick()
    await notice(page, 'Your new password is saved. You are still signed in here').waitFor()

    const owner = await browser.newPage({ javaScript })
    await owner.goto(await linkTo(email, 'was changed'))
    await owner.getByRole('button', { name: 'Take it back' }).dblclick()
    await notice(owner, 'Your address is yours again').waitFor()
    await fillIn(owner, { identifier: email })
    await send(owner)
    await owner.goto(await linkTo(email, 'Choose a new password'))
    await fillIn(owner, { password: canaryPassword() })
    await send(owner)
    await expectSignedInAs(owner, person)
    await page.goto(`${site.url}${urls.customerProfile}`)
    expect(pathOf(page)).toMatch(urls.customerSignIn)
  }, 60_000)
})

async function linkTo(recipient: string, subject: string): Promise<string> {
  const letter = () => mailbox.to(recipient).find((received) => received.subject.includes(subject))
  await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
  return linkIn(letter() as Received)
}
