import type { Locator, Page, Response } from 'playwright-core'
import { expect } from 'vitest'
import { urls } from '../../src/urls.ts'
import type { TestDatabase } from '../support/database.ts'
import type { Site } from '../support/site.ts'
import { registrationForm, welcome, type FormFields } from '../support/visitor.ts'

/** A registration form on somebody's screen, filled in and not yet sent. */
export async function fillInRegistration(page: Page, site: Site, fields: FormFields = {}): Promise<FormFields> {
  const form = registrationForm(fields)
  await page.goto(`${site.url}${urls.customerRegistration}`)
  await fillIn(page, form)
  return form
}

export async function fillIn(page: Page, form: FormFields): Promise<void> {
  for (const [name, value] of Object.entries(form)) await page.locator(`[name="${name}"]`).fill(value)
}

export async function register(page: Page, site: Site, fields: FormFields = {}): Promise<FormFields> {
  const form = await fillInRegistration(page, site, fields)
  await send(page)
  await expectWelcome(page, form)
  return form
}

/** Presses the button of the page's own form, not the header's, and waits for the page that it leads to. */
export async function send(page: Page): Promise<void> {
  await arrivalAfter(page, () => page.locator('form[data-form] button[type=submit]').click())
}

/** The status of the page that an action leads to. */
export async function arrivalAfter(page: Page, act: () => Promise<void>): Promise<number> {
  const arrival = page.waitForResponse((response) => isArrival(response), { timeout: 15_000 })
  const [answer] = await Promise.all([arrival, page.waitForEvent('framenavigated'), act()])
  await page.waitForLoadState('domcontentloaded')
  return answer.status()
}

function isArrival(response: Response): boolean {
  return response.request().isNavigationRequest() && ![303, 307].includes(response.status())
}

/** By its id; the error summary has none, and is called by its class. A browser gives the focus when it paints. */
export async function expectFocus(page: Page, name: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe(name)
}

export function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.id || document.activeElement?.className || '')
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await notice(page, 'You have been successfully logged out.').waitFor()
}

/** What the last action has to say, at the top of the next page. */
export function notice(page: Page, words: string): Locator {
  return page.getByRole('status').filter({ hasText: words })
}

export async function expectWelcome(page: Page, form: FormFields): Promise<void> {
  await page
    .getByRole('status')
    .filter({ hasText: welcome(nameOf(form)) })
    .waitFor()
  expect(pathOf(page)).toBe(urls.landing)
  await expectSignedInAs(page, form)
}

export async function expectSignedInAs(page: Page, form: FormFields): Promise<void> {
  expect(await page.getByRole('navigation', { name: 'Account' }).textContent()).toContain(nameOf(form))
}

/** P2 and P7 in numbers: one of each, whatever happened on the way. */
export async function expectOneOfEach(db: TestDatabase, { email }: FormFields): Promise<void> {
  const rows = await db.query(
    `select count(distinct a.id)::int as accounts, count(distinct p.account_id)::int as profiles,
       count(distinct l.id)::int as "welcome letters"
     from accounts a left join customer_profiles p on p.account_id = a.id
       left join letters l on l.account_id = a.id and l.kind = 'welcome'
     where a.email_canonical = $1`,
    [email],
  )
  expect(rows).toEqual([{ accounts: 1, profiles: 1, 'welcome letters': 1 }])
}

export function pathOf(page: Page): string {
  const { pathname, search } = new URL(page.url())
  return pathname + search
}

function nameOf(form: FormFields): string {
  return `${form['first_name']} ${form['last_name']}`
}
