import { describe, expect, test } from 'vitest'
import { offerFirstAdmin } from '../../src/flows/staff-registration/invitation.ts'
import { Keys } from '../../src/lib/keys.ts'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { canaryPassword, remember } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, welcome } from '../support/visitor.ts'
import {
  arrivalAfter,
  expectFocus,
  expectSignedInAs,
  fillIn,
  notice,
  pathOf,
  register,
  send,
  signOut,
} from './errands.ts'

const db = await freshDatabase()
const site = await openSite(db)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('a customer, %s,', (_, javaScript) => {
  const newPage = () => browser.newPage({ javaScript })

  test('signs out, signs in again by address, and is greeted once', async () => {
    const page = await newPage()
    const form = await register(page, site)
    await signOut(page)
    expect(pathOf(page)).toBe(urls.landing)
    await page.getByRole('link', { name: 'Sign in' }).first().click()
    await fillIn(page, { identifier: form['email'] as string, password: form['password'] as string })
    await send(page)
    await notice(page, 'Welcome back, Ann Archer!').waitFor()
    await expectSignedInAs(page, form)
    await page.reload()
    expect(await page.getByRole('status').count()).toBe(0)
  })

  test('who mistypes the password keeps the name that was typed, and is told nothing of who exists', async () => {
    const { email } = await register(await newPage(), site)
    const page = await newPage()
    const words: (string | null)[] = []
    for (const identifier of [email as string, registrationForm()['email'] as string]) {
      await page.goto(`${site.url}${urls.customerSignIn}`)
      await fillIn(page, { identifier, password: canaryPassword() })
      expect(await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())).toBe(422)
      await expectFocus(page, 'error-summary')
      expect(await page.getByLabel('Email or username').inputValue()).toBe(identifier)
      expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
      words.push(await page.getByRole('alert').textContent())
    }
    expect(words[0]).toBe(words[1])
  })

  test('is led to the page that was wanted before the sign-in, even past a mistake', async () => {
    const page = await newPage()
    const form = await register(page, site)
    await signOut(page)
    await page.goto(`${site.url}${urls.customerProfile}`)
    await notice(page, 'Please sign in to see that page.').waitFor()
    await fillIn(page, { identifier: form['email'] as string, password: canaryPassword() })
    await send(page)
    await fillIn(page, { password: form['password'] as string })
    await send(page)
    expect(pathOf(page)).toBe(urls.customerProfile)
    await notice(page, 'Welcome back, Ann Archer!').waitFor()
  })

  test('corrects the profile; what is refused is not saved and not lost', async () => {
    const page = await newPage()
    const form = await register(page, site)
    await page.getByRole('link', { name: 'Go to your account' }).click()
    await fillIn(page, { first_name: 'Ánna', city: 'Zürich', phone_number: '12' })
    expect(await arrivalAfter(page, () => page.getByRole('button', { name: 'Save changes' }).click())).toBe(422)
    expect(await page.getByLabel('Town or city').inputValue()).toBe('Zürich')
    await fillIn(page, { phone_number: '(202) 555-0143' })
    await page.getByLabel('Country').selectOption({ label: 'Switzerland' })
    await send(page)
    await notice(page, 'Your profile has been saved.').waitFor()
    await expectSignedInAs(page, { ...form, first_name: 'Ánna' })
    expect(await page.getByLabel('Phone number').inputValue()).toBe('+12025550143')
    expect(await page.getByLabel('Country').inputValue()).toBe('CH')
  })

  test('is asked before a sign-out that a mere link led to', async () => {
    const page = await newPage()
    const form = await register(page, site)
    await page.goto(`${site.url}${urls.customerSignOut}`)
    await expectSignedInAs(page, form)
    await page.getByRole('main').getByRole('button', { name: 'Sign out' }).click()
    await notice(page, 'You have been successfully logged out.').waitFor()
  })

  test('who opens a staff page is told why not, and how to go on', async () => {
    const page = await newPage()
    await register(page, site)
    expect((await page.goto(`${site.url}${urls.console}`))?.status()).toBe(403)
    await page.getByText('The account that you are signed in with may not see this page.').waitFor()
    await page.getByRole('link', { name: 'Go to the front page' }).click()
    await page.getByRole('heading', { name: 'Good to see you, Ann Archer' }).waitFor()
  })
})

test('an address that does not exist says so, and leads to the front page', async () => {
  const page = await browser.newPage()
  expect((await page.goto(`${site.url}/accounts/nowhere/`))?.status()).toBe(404)
  await page.getByRole('heading', { name: 'Page not found' }).waitFor()
  await page.getByRole('link', { name: 'Go to the front page' }).click()
  expect(pathOf(page)).toBe(urls.landing)
})

test('a foreign page cannot lead people away after they have signed in', async () => {
  const page = await browser.newPage()
  const form = await register(page, site)
  await signOut(page)
  await page.goto(`${site.url}${urls.customerSignIn}?next=//example.com/`)
  await fillIn(page, { identifier: form['email'] as string, password: form['password'] as string })
  await send(page)
  expect(new URL(page.url()).origin).toBe(site.url)
})

test('the skip link leads past the header', async () => {
  const page = await browser.newPage()
  await page.goto(site.url)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expectFocus(page, 'main')
})

test('the first admin comes in by the link, whose code leaves the address bar at once and works once', async () => {
  const code = remember((await offerFirstAdmin(db.database, new Keys([TEST_SECRET]))) as string)
  const link = `${site.url}${urls.staffRegistration}?code=${code}`
  const page = await browser.newPage({ javaScript: false })
  await page.goto(link)
  expect(pathOf(page)).toBe(urls.staffRegistration)
  expect(await page.content()).not.toContain(code)

  const { first_name, last_name, email, password } = registrationForm({ first_name: 'Grace', last_name: 'Hopper' })
  const form = { first_name, last_name, email, password, department: 'Harbour office' } as Record<string, string>
  await fillIn(page, { ...form, password: 'too short' })
  await send(page)
  await page.getByRole('alert').getByText('Use at least 15 characters.').waitFor()
  await fillIn(page, { password: password as string })
  await send(page)
  expect(pathOf(page)).toBe(urls.console)
  await notice(page, welcome('Grace Hopper')).waitFor()
  await page.getByRole('heading', { name: 'Today' }).waitFor()

  await page.getByRole('link', { name: /Your profile/ }).click()
  expect(await page.getByLabel('Department').inputValue()).toBe('Harbour office')
  await fillIn(page, { department: 'Bridge' })
  await send(page)
  await notice(page, 'Your profile has been saved.').waitFor()
  await signOut(page)

  expect((await page.goto(link))?.status()).toBe(410)
  await page.getByRole('heading', { name: 'This invitation cannot be used' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Staff sign-in' }).click()
  await fillIn(page, { identifier: email as string, password: password as string })
  await send(page)
  expect(pathOf(page)).toBe(urls.console)
})
