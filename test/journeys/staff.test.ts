import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { canaryEmail } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, type FormFields } from '../support/visitor.ts'
import { arrivalAfter, fillIn, pathOf, send } from './errands.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const browser = await openBrowser()
const admin = await staffMember(db, site, 'admin')

test('an admin invites and the invited joins, by the keyboard alone', async () => {
  const email = canaryEmail()
  const page = await browser.newPage()
  await page.goto(site.url + urls.staffSignIn)
  await typeInto(page, { identifier: admin.email, password: admin.password })
  await press(page, 'button', 'Sign in', 'Enter')
  await press(page, 'link', 'Staff', 'Enter')
  await press(page, 'link', 'Invite somebody', 'Enter')
  await typeInto(page, { email })
  await tabTo(page, hasName, 'role')
  await page.keyboard.type('Manager')
  await press(page, 'button', 'Send the invitation', 'Space')
  await page.getByRole('status').filter({ hasText: 'The invitation is on its way' }).waitFor()
  await page.getByRole('rowheader', { name: email }).waitFor()

  const invited = await browser.newPage()
  await invited.goto(linkIn(await letterTo(email)))
  const { first_name, last_name, password } = registrationForm({ first_name: 'Ida', last_name: 'Invited' })
  await typeInto(invited, { first_name, last_name, password } as FormFields)
  await press(invited, 'button', 'Create staff account', 'Space')
  await expectConsole(invited, 'Ida Invited')

  await page.reload()
  await press(page, 'link', 'Ida Invited', 'Enter')
  expect(await page.locator('.fact').filter({ hasText: 'Role' }).textContent()).toContain('Manager')
})

test('an admin invites and the invited joins, without JavaScript', async () => {
  const email = canaryEmail()
  const page = await browser.newPage({ javaScript: false })
  await page.goto(site.url + urls.staffSignIn)
  await fillIn(page, { identifier: admin.email, password: admin.password })
  await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
  await page.goto(site.url + urls.staffInvitation)
  await fillIn(page, { email })
  await send(page)
  await page.getByRole('link', { name: 'Choose a role.' }).waitFor()
  expect(await page.locator('[name=email]').inputValue()).toBe(email)
  await page.locator('[name=role]').selectOption('customer_care')
  await send(page)
  await page.getByRole('rowheader', { name: email }).waitFor()

  const invited = await browser.newPage({ javaScript: false })
  await invited.goto(linkIn(await letterTo(email)))
  expect(pathOf(invited)).toBe(urls.staffRegistration)
  const { first_name, last_name, password } = registrationForm({ first_name: 'Noa', last_name: 'Script' })
  await fillIn(invited, { first_name, last_name, password } as FormFields)
  await send(invited)
  await expectConsole(invited, 'Noa Script')
  expect(await invited.getByRole('link', { name: 'Record' }).count()).toBe(0)
})

async function expectConsole(page: Page, name: string): Promise<void> {
  expect(pathOf(page)).toBe(urls.console)
  expect(await page.getByRole('navigation', { name: 'Account' }).textContent()).toContain(name)
}

async function letterTo(email: string): Promise<Received> {
  return vi.waitFor(
    () => {
      const [letter] = mailbox.to(email)
      expect(letter).toBeDefined()
      return letter as Received
    },
    { timeout: 10_000 },
  )
}

/** Types into each field once the focus has got there. */
async function typeInto(page: Page, fields: FormFields): Promise<void> {
  for (const [name, text] of Object.entries(fields)) {
    await tabTo(page, hasName, name)
    await page.keyboard.type(text)
  }
}

/** Runs in the page. */
function hasName(name: string): boolean {
  return document.activeElement?.getAttribute('name') === name
}

async function press(page: Page, role: 'link' | 'button', name: string, key: 'Enter' | 'Space'): Promise<void> {
  const wanted = { tag: role === 'link' ? 'A' : 'BUTTON', name }
  await tabTo(
    page,
    ({ tag, name: words }) =>
      document.activeElement?.tagName === tag && document.activeElement.textContent?.trim() === words,
    wanted,
  )
  await arrivalAfter(page, () => page.keyboard.press(key))
}

/** Goes on with the tabulator until the focus is where it should be; a page on which it never gets there fails. */
async function tabTo<Wanted>(page: Page, isThere: (wanted: Wanted) => boolean, wanted: Wanted): Promise<void> {
  const MOST_STOPS = 60
  for (let stop = 0; stop <= MOST_STOPS; stop += 1) {
    if (await page.evaluate(isThere, wanted as never)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`the keyboard does not reach ${JSON.stringify(wanted)} on ${pathOf(page)}`)
}
