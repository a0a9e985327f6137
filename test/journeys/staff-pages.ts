import type { Page } from 'playwright-core'
import { codeFor, codeHash } from '../../src/accounts/codes/codes.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { remember } from '../support/canary.ts'
import { TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'
import { arrivalAfter, fillIn, send } from './errands.ts'
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
  'invitation, for somebody new': (page, world) => openInvitation(page, world, registrationForm()['email'] as string),
  'invitation, for a customer': async (page, world) => {
    await openInvitation(page, world, (await customerOf(world)).email)
  },
  'invitation, for a customer who signed in': async (page, world) => {
    const { email, password } = await customerOf(world)
    await openInvitation(page, world, email)
    await arrivalAfter(page, () => page.getByRole('link', { name: 'Sign in and go on' }).click())
    await fillIn(page, { identifier: email, password })
    await send(page)
  },
  record: (page, world) => openAsAdmin(page, world, urls.audit),
  'record, narrowed and shown in full': async (page, world) => {
    await openAsAdmin(page, world, urls.audit)
    await page.selectOption('#event', 'signed-in')
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Find' }).click())
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Show names and networks' }).click())
  },
  'record, nothing that fits': async (page, world) => {
    await openAsAdmin(page, world, urls.audit)
    await fillIn(page, { person: 'nobody.at.all@example.com' })
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Find' }).click())
  },
}

async function customerOf({ site }: World): Promise<{ email: string; password: string }> {
  const form = registrationForm({ first_name: 'Amelia', last_name: 'Earhart' })
  await new Visitor(site).register(form)
  return { email: form['email'] as string, password: form['password'] as string }
}

/** Opens the link of an invitation as the letter has it. */
async function openInvitation(page: Page, { db, site }: World, email: string): Promise<void> {
  const id = newId()
  const code = remember(codeFor(new Keys([TEST_SECRET]), 'invitation', id))
  await db.query(
    `insert into invitations (id, code_hash, role, expires_at, email, email_delivery, email_canonical, email_canonical_version)
     values ($1, $2, 'manager', now() + interval '1 hour', $3, $3, $3, 1)`,
    [id, codeHash('invitation', code), email],
  )
  await page.goto(`${site.url}${urls.staffRegistration}?code=${code}`)
}

async function openAsAdmin(page: Page, { db, site, staff }: World, path: string): Promise<void> {
  await db.query(`update staff_profiles set role = 'admin'`)
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.locator('main').getByRole('button', { name: 'Sign in' }).click())
  await page.goto(`${site.url}${path}`)
}
