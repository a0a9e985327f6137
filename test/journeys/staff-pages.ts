import type { Page } from 'playwright-core'
import { urls } from '../../src/urls.ts'
import { arrivalAfter, fillIn } from './errands.ts'
import type { World } from './pages.ts'

/** The staff's own pages and the record, by the way that leads there. */
export const staffPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'staff, with somebody invited': async (page, world) => {
    await openAsAdmin(page, world, urls.staffInvitation)
    await fillIn(page, { email: 'dana.lee@example.com' })
    await page.selectOption('#role', 'manager')
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Send the invitation' }).click())
  },
  'staff, an invitation refused': async (page, world) => {
    await openAsAdmin(page, world, urls.staffInvitation)
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Send the invitation' }).click())
  },
  'staff, one of them': async (page, world) => {
    await openAsAdmin(page, world, urls.staff)
    await arrivalAfter(page, () => page.locator('main .table-head a').first().click())
  },
  'staff, a suspension': async (page, world) => {
    await openAsAdmin(page, world, urls.staff)
    await arrivalAfter(page, () => page.locator('main .table-head a').first().click())
    await arrivalAfter(page, () => page.locator('main').getByRole('link', { name: 'Suspend' }).click())
  },
  record: (page, world) => openAsAdmin(page, world, urls.audit),
}

async function openAsAdmin(page: Page, { db, site, staff }: World, path: string): Promise<void> {
  await db.query(`update staff_profiles set role = 'admin'`)
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.locator('main').getByRole('button', { name: 'Sign in' }).click())
  await page.goto(`${site.url}${path}`)
}
