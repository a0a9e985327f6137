import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { wireTo } from './database-wire.ts'
import {
  arrivalAfter,
  expectOneOfEach,
  expectWelcome,
  fillIn,
  fillInRegistration,
  notice,
  pathOf,
  register,
  send,
} from './errands.ts'

const db = await freshDatabase()
const wire = await wireTo(db)
const site = await openSite(wire)
const browser = await openBrowser()

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('P6, %s: while the database is away', (_, javaScript) => {
  const newPage = () => browser.newPage({ javaScript })

  test('a registration comes back filled in, with a reference to quote, and the same one works afterwards', async () => {
    const page = await newPage()
    const form = await fillInRegistration(page, site, { company: 'Löwe & Söhne' })
    await wire.cut()
    expect(await arrivalAfter(page, () => page.getByRole('button', { name: 'Create account' }).click())).toBe(503)
    await page.getByRole('alert').getByText('We cannot reach our records at this moment.').waitFor()
    expect(await page.getByRole('alert').textContent()).toMatch(/Reference: MA-[0-9A-Z]{4}-[0-9A-Z]{4}/)
    for (const name of ['first_name', 'last_name', 'email', 'company'])
      expect(await page.locator(`[name=${name}]`).inputValue(), name).toBe(form[name])
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')

    await wire.mend()
    await fillIn(page, { password: form['password'] as string })
    await send(page)
    await expectWelcome(page, form)
    await expectOneOfEach(db, form)
  })

  test('a corrected profile comes back as typed, and can be saved afterwards', async () => {
    const page = await newPage()
    await register(page, site)
    await page.goto(`${site.url}${urls.customerProfile}`)
    await fillIn(page, { city: 'Zürich' })
    await wire.cut()
    expect(await arrivalAfter(page, () => page.getByRole('button', { name: 'Save changes' }).click())).toBe(503)
    expect(await page.getByLabel('Town or city').inputValue()).toBe('Zürich')

    await wire.mend()
    await send(page)
    await notice(page, 'Your profile has been saved.').waitFor()
    expect(await page.getByLabel('Town or city').inputValue()).toBe('Zürich')
  })

  test('a sign-in comes back with its name, and works afterwards', async () => {
    const { email, password } = await register(await newPage(), site)
    const page = await newPage()
    await page.goto(`${site.url}${urls.customerSignIn}`)
    await fillIn(page, { identifier: email as string, password: password as string })
    await wire.cut()
    expect(await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())).toBe(503)
    expect(await page.getByLabel('Email or username').inputValue()).toBe(email)

    await wire.mend()
    await fillIn(page, { password: password as string })
    await send(page)
    await notice(page, 'Welcome back, Ann Archer!').waitFor()
  })

  test('a page that needs it says so, and is there again on a reload', async () => {
    const page = await newPage()
    await register(page, site)
    await wire.cut()
    const answer = await page.goto(`${site.url}${urls.customerProfile}`)
    expect([answer?.status(), answer?.headers()['retry-after']]).toEqual([503, '5'])
    await page.getByRole('heading', { name: 'A short interruption' }).waitFor()
    await wire.mend()
    await page.reload()
    await page.getByRole('heading', { name: 'Your profile', level: 1 }).waitFor()
    expect(pathOf(page)).toBe(urls.customerProfile)
  })
})
