import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite, type Site } from '../support/site.ts'
import type { FormFields } from '../support/visitor.ts'
import { arrivalAfter, fillIn, notice, pathOf, register, send } from './errands.ts'

const db = await freshDatabase()
const site = await openSite(db)
const browser = await openBrowser()

describe.each([true, false])('with JavaScript: %s', (javaScript) => {
  test('somebody finds the session of another device from the profile, and ends it', async () => {
    const here = await browser.newPage({ javaScript })
    const { there } = await signedInTwice(here, javaScript)
    await here.goto(`${site.url}${urls.customerProfile}`)
    await here.getByRole('link', { name: 'Where you are signed in' }).click()
    await here.getByText('This browser').waitFor()
    await arrivalAfter(here, () => here.getByRole('button', { name: /^End Chrome on .*, last seen just now$/ }).click())
    await notice(here, 'That session has ended.').waitFor()
    await here.getByText('You are signed in nowhere else.').waitFor()
    expect(await isSignedIn(there)).toBe(false)
    expect(await isSignedIn(here)).toBe(true)
  })

  test('long after the sign-in the password is asked for first, and the press of the button is not lost', async () => {
    const here = await browser.newPage({ javaScript })
    const { there, form } = await signedInTwice(here, javaScript)
    await db.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    await here.goto(`${site.url}${urls.sessions}`)
    await arrivalAfter(here, () => here.getByRole('button', { name: 'End all others' }).click())
    expect(pathOf(here)).toContain(urls.reauthentication)
    expect(await isSignedIn(there)).toBe(true)
    await fillIn(here, { current_password: form['password'] as string })
    await send(here)
    await notice(here, 'You are signed in here and nowhere else.').waitFor()
    expect(pathOf(here)).toBe(urls.sessions)
    expect(await isSignedIn(there)).toBe(false)
  })
})

async function signedInTwice(here: Page, javaScript: boolean): Promise<{ there: Page; form: FormFields }> {
  const form = await register(here, site)
  const there = await browser.newPage({ javaScript })
  await signIn(there, site, form)
  return { there, form }
}

async function signIn(page: Page, { url }: Site, form: FormFields): Promise<void> {
  await page.goto(`${url}${urls.customerSignIn}`)
  await fillIn(page, { identifier: form['email'] as string, password: form['password'] as string })
  await send(page)
}

async function isSignedIn(page: Page): Promise<boolean> {
  await page.goto(`${site.url}${urls.customerProfile}`)
  return pathOf(page) === urls.customerProfile
}
