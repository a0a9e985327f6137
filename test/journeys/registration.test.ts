import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm } from '../support/visitor.ts'
import {
  arrivalAfter,
  expectFocus,
  expectOneOfEach,
  expectSignedInAs,
  expectWelcome,
  fillIn,
  fillInRegistration,
  focused,
  notice,
  pathOf,
  register,
  send,
  signOut,
} from './errands.ts'
import { openFrontDoor } from './front-door.ts'

const db = await freshDatabase()
const site = await openSite(db)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('P4, %s: one account, one profile, one letter and the welcome, when somebody', (_, javaScript) => {
  const newPage = () => browser.newPage({ javaScript })

  test('double-clicks the button', async () => {
    const page = await newPage()
    const form = await fillInRegistration(page, site)
    await page.getByRole('button', { name: 'Create account' }).dblclick()
    await expectWelcome(page, form)
    await expectOneOfEach(db, form)
  })

  test('presses the button again, since the first answer takes its time', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await fillInRegistration(page, door)
    door.holdAnswersUntil(2)
    const press = await pressing(page)
    await press()
    await expect.poll(door.posts).toBe(1)
    await press()
    await expectWelcome(page, form)
    expect(door.posts()).toBe(2)
    await expectOneOfEach(db, form)
  })

  test('reloads when the answer was lost on its way', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await fillInRegistration(page, door)
    await sendIntoTheVoid(page, () => door.loseNextAnswer())
    await page.reload()
    await expectWelcome(page, form)
    expect(door.posts()).toBe(2)
    await expectOneOfEach(db, form)
  })

  test('goes back to the form whose answer was lost, and sends it again', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await fillInRegistration(page, door)
    door.loseNextAnswer()
    const stillborn = await sendIntoAnotherTab(page)
    await stillborn.close()
    await send(page)
    await expectWelcome(page, form)
    expect(door.posts()).toBe(2)
    await expectOneOfEach(db, form)
  })

  // What Chromium leaves people with: Back skips the form, since the page about the broken connection took its place.
  test('fills in a new form with the same details, since the answer to the first was lost', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await fillInRegistration(page, door)
    await sendIntoTheVoid(page, () => door.loseNextAnswer())
    await page.goto(`${door.url}${urls.customerRegistration}`)
    await fillIn(page, form)
    await send(page)
    await expectWelcome(page, form)
    await expectOneOfEach(db, form)
  })

  test('goes back to the form after the success, and sends it again', async () => {
    const page = await newPage()
    const form = await fillInRegistration(page, site)
    const first = await sendIntoAnotherTab(page)
    await expectWelcome(first, form)
    await send(page)
    await expectWelcome(page, form)
    await expectOneOfEach(db, form)
  })

  test('reloads the refusal, then mends what was amiss', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await fillInRegistration(page, door, { first_name: '' })
    await send(page)
    expect((await page.reload())?.status()).toBe(422)
    const mended = { ...form, first_name: 'Ann' }
    await fillIn(page, { first_name: 'Ann', password: form['password'] as string })
    await send(page)
    await expectWelcome(page, mended)
    expect(door.posts()).toBe(3)
    await expectOneOfEach(db, form)
  })

  test('reloads the landing page afterwards: it is only shown again, and nothing is sent', async () => {
    const door = await openFrontDoor(site)
    const page = await newPage()
    const form = await register(page, door)
    await page.reload()
    await expectSignedInAs(page, form)
    expect(await page.getByRole('status').count()).toBe(0)
    expect(door.posts()).toBe(1)
  })

  test('goes back by the browser: a page that is fetched anew says that they are signed in already', async () => {
    const page = await newPage()
    const form = await register(page, site)
    await page.goBack()
    await notice(page, 'You are signed in as Ann Archer already.').waitFor()
    expect(pathOf(page)).toBe(urls.landing)
    await expectOneOfEach(db, form)
  })

  test('has the form open in a second tab, and sends that one too', async () => {
    const page = await newPage()
    const second = await page.context().newPage()
    const other = await fillInRegistration(second, site)
    const form = await register(page, site)
    await send(second)
    await notice(second, 'You are signed in as Ann Archer already.').waitFor()
    await expectOneOfEach(db, form)
    expect(await db.query('select from accounts where email_canonical = $1', [other['email']])).toHaveLength(0)
  })
})

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('a refused registration, %s', (_, javaScript) => {
  const newPage = () => browser.newPage({ javaScript })

  test('gives the focus to a summary whose links lead to the fields', async () => {
    const page = await newPage()
    await fillInRegistration(page, site, { first_name: '', email: 'nobody' })
    expect(await arrivalAfter(page, () => send(page))).toBe(422)
    const summary = page.getByRole('alert', { name: 'There is a problem' })
    await expectFocus(page, 'error-summary')
    expect(await page.title()).toMatch(/^Error: Create your account/)
    await summary.getByRole('link', { name: 'Enter your first name.' }).click()
    await expectFocus(page, 'first_name')
    await summary.getByRole('link', { name: /^An email address has an @/ }).click()
    await expectFocus(page, 'email')
  })

  test('says beside each field what it needs, joined to it for those who hear the page', async () => {
    const page = await newPage()
    await fillInRegistration(page, site, { last_name: '' })
    await send(page)
    const field = page.getByLabel('Last name')
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    const message = page.locator(`#${await field.getAttribute('aria-describedby')}`)
    expect(await message.textContent()).toBe('Error: Enter your last name.')
  })

  test('keeps everything that was typed, except the password', async () => {
    const page = await newPage()
    const typed = { first_name: 'Zoë "Z" <b>', company: 'Löwe & Söhne', phone_number: '(202) 555-0143', last_name: '' }
    const form = await fillInRegistration(page, site, typed)
    await send(page)
    for (const name of ['first_name', 'company', 'phone_number', 'email'])
      expect(await page.locator(`[name=${name}]`).inputValue(), name).toBe(form[name])
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
    expect(await page.content()).not.toContain(form['password'])
  })

  test('for a taken address shows the ways out, and the same form with another address works', async () => {
    const { email } = await register(await newPage(), site)
    const page = await newPage()
    const form = await fillInRegistration(page, site, { email: (email as string).toUpperCase() })
    await send(page)
    const summary = page.getByRole('alert')
    await summary.getByRole('link', { name: 'This email address is already registered.' }).waitFor()
    expect(await summary.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe(urls.customerSignIn)
    const another = { ...form, email: registrationForm()['email'] as string }
    await fillIn(page, { email: another.email, password: form['password'] as string })
    await send(page)
    await expectWelcome(page, another)
    await expectOneOfEach(db, another)
  })

  test('folds the address away, and opens it when an error is in it', async () => {
    const page = await newPage()
    await fillInRegistration(page, site)
    expect(await page.getByLabel('Date of birth').isVisible()).toBe(false)
    await page.getByText('Address and date of birth').click()
    await page.getByLabel('Date of birth').fill('2190-01-01')
    await send(page)
    expect(await page.getByLabel('Date of birth').isVisible()).toBe(true)
    await page.getByRole('link', { name: /^Enter a date in the past/ }).click()
    await expectFocus(page, 'date_of_birth')
  })

  test('needs no mouse to be mended and sent', async () => {
    const page = await newPage()
    const form = registrationForm()
    await page.goto(`${site.url}${urls.customerRegistration}`)
    await tabTo(page, 'first_name')
    for (const name of ['first_name', 'last_name', 'email']) await typeAndTab(page, form[name] as string)
    await expectFocus(page, 'password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expectFocus(page, 'password')
    await page.keyboard.type(form['password'] as string)
    await page.keyboard.press('Enter')
    await expectWelcome(page, form)
    await expectOneOfEach(db, form)
  })

  test('leads on to the page that was wanted', async () => {
    const page = await newPage()
    const form = registrationForm()
    const wanted = encodeURIComponent(urls.customerProfile)
    await page.goto(`${site.url}${urls.customerRegistration}?next=${wanted}`)
    await fillIn(page, { ...form, first_name: '' })
    await send(page)
    await fillIn(page, form)
    await send(page)
    await page.getByRole('heading', { name: 'Your profile', level: 1 }).waitFor()
    expect(pathOf(page)).toBe(urls.customerProfile)
  })
})

describe('the comfort that JavaScript adds', () => {
  test('a meter that says how strong the password is, as it is typed', async () => {
    const page = await browser.newPage()
    await fillInRegistration(page, site, { password: '' })
    const password = page.getByLabel('Password', { exact: true })
    const meter = page.locator('[data-strength]')
    await password.fill('kett')
    await meter.getByText('4 more characters to go').waitFor()
    await password.fill('password1')
    await meter.getByText(/^Very easy to guess/).waitFor()
    await password.fill(registrationForm()['password'] as string)
    await meter.getByText('Very strong').waitFor()
    expect(await meter.getAttribute('data-score')).toBe('4')
  })

  test('a button that shows the password, and hides it again before it is sent', async () => {
    const page = await browser.newPage()
    await fillInRegistration(page, site, { last_name: '' })
    const password = page.getByLabel('Password', { exact: true })
    await page.getByRole('button', { name: 'Show password' }).click()
    expect(await password.getAttribute('type')).toBe('text')
    await notice(page, 'Your password is visible').waitFor()
    await sendIntoAnotherTab(page)
    expect(await password.getAttribute('type')).toBe('password')
    await page.getByRole('button', { name: 'Show password' }).click()
    await page.getByRole('button', { name: 'Hide password' }).click()
    expect(await password.getAttribute('type')).toBe('password')
  })

  test('a button that says what it does, and stays alive while it does it', async () => {
    const page = await browser.newPage()
    const form = await fillInRegistration(page, site)
    const tab = await sendIntoAnotherTab(page)
    await expectWelcome(tab, form)
    const button = page.getByRole('button', { name: 'Creating your account…' })
    expect(await button.getAttribute('aria-busy')).toBe('true')
    expect(await button.isEnabled()).toBe(true)
    await arrivalAfter(page, () => button.click())
    await expectWelcome(page, form)
  })

  test('is not offered without it, and nothing else is missing', async () => {
    const page = await browser.newPage({ javaScript: false })
    await fillInRegistration(page, site)
    expect(await page.getByRole('button', { name: /password/i }).count()).toBe(0)
    expect(await page.locator('[data-strength]').isVisible()).toBe(false)
    expect(await page.getByText('At least 8 characters.').isVisible()).toBe(true)
  })
})

test('once signed out, the form sent again is no way in, and says where to sign in', async () => {
  const page = await browser.newPage()
  const form = await fillInRegistration(page, site)
  const first = await sendIntoAnotherTab(page)
  await expectWelcome(first, form)
  await signOut(first)
  await send(page)
  await page.getByRole('alert').getByRole('link', { name: 'Sign in' }).waitFor()
  expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0)
  await expectOneOfEach(db, form)
})

/** The form is sent, carried out, and the browser is left with its own page about a broken connection. */
async function sendIntoTheVoid(page: Page, lose: () => void): Promise<void> {
  const press = await pressing(page)
  lose()
  await press()
  await expect.poll(() => page.url()).toMatch(/^chrome-error:/)
}

/** Presses where the button stands: a page that is about to be left takes no other orders. */
async function pressing(page: Page): Promise<() => Promise<void>> {
  const button = page.locator('form[data-form] button[type=submit]')
  await button.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await button.boundingBox()) as NonNullable<
    Awaited<ReturnType<Locator['boundingBox']>>
  >
  return () => page.mouse.click(x + width / 2, y + height / 2)
}

/** Leaves the form on the screen as it was sent, as Back does in a browser that keeps its pages. */
async function sendIntoAnotherTab(page: Page): Promise<Page> {
  const form = page.locator('form[data-form]')
  await form.evaluate((element: HTMLFormElement) => (element.target = '_blank'))
  const [tab] = await Promise.all([
    page.context().waitForEvent('page'),
    page.locator('form[data-form] button[type=submit]').click(),
  ])
  await tab.waitForLoadState('load').catch(() => {})
  await form.evaluate((element: HTMLFormElement) => (element.target = ''))
  return tab
}

async function tabTo(page: Page, id: string): Promise<void> {
  for (let stops = 0; stops < 20 && (await focused(page)) !== id; stops += 1) await page.keyboard.press('Tab')
  await expectFocus(page, id)
}

async function typeAndTab(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text)
  await page.keyboard.press('Tab')
}
