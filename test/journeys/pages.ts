import type { Page } from 'playwright-core'
import { codeFor, codeHash } from '../../src/accounts/codes/codes.ts'
import type { StaffRole } from '../../src/accounts/account.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { canaryPassword, remember } from '../support/canary.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openSite, TEST_SECRET, type Site } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'
import { wireTo, type DatabaseWire } from './database-wire.ts'
import { arrivalAfter, fillIn, fillInRegistration, register, send, signOut } from './errands.ts'

export interface World {
  db: TestDatabase
  wire: DatabaseWire
  site: Site
  staff: { identifier: string; password: string }
}

/** A site with a staff member and a fortnight of registrations. */
export async function openWorld(): Promise<World> {
  const db = await freshDatabase()
  const wire = await wireTo(db)
  const site = await openSite(wire)
  const world = { db, wire, site, staff: await registerStaff(db, site) }
  return world
}

/** Every page, and every face that it has, by the way that leads there. */
export const pages: Record<string, (page: Page, world: World) => Promise<void>> = {
  landing: (page, { site }) => open(page, site, urls.landing),
  'landing, just registered': async (page, { site }) => {
    await register(page, site, { first_name: 'Amelia', last_name: 'Earhart' })
  },
  'landing, signed in under a long name': async (page, { site }) => {
    await register(page, site, LONG_NAME)
    await page.reload()
  },
  'landing, signed out': async (page, { site }) => {
    await register(page, site)
    await signOut(page)
  },
  registration: (page, { site }) => open(page, site, urls.customerRegistration),
  'registration, filled in': async (page, { site }) => {
    await fillInRegistration(page, site, { first_name: 'Amelia', last_name: 'Earhart', company: 'Löwe & Söhne' })
    await page.getByText('Address and date of birth').click()
    await page.getByText(/^(Very s|S)trong/).waitFor()
  },
  'registration, refused': async (page, { site }) => {
    const amiss = { first_name: '', email: 'nobody', username: '!', phone_number: '12' }
    await fillInRegistration(page, site, amiss)
    await page.getByText('Address and date of birth').click()
    await fillIn(page, { date_of_birth: '2190-01-01', city: 'Zürich' })
    await send(page)
  },
  'registration, weak password': async (page, { site }) => {
    await fillInRegistration(page, site, { password: 'password1' })
    await send(page)
    await fillIn(page, { password: 'password1' })
    await page.getByText(/^Very easy to guess/).waitFor()
  },
  'registration, address taken': async (page, { site }) => {
    const { email } = await register(page, site)
    await signOut(page)
    await fillInRegistration(page, site, { email: email as string })
    await send(page)
  },
  'registration, database away': async (page, { site, wire }) => {
    await fillInRegistration(page, site)
    await during(wire, () => send(page))
  },
  'sign-in': (page, { site }) => open(page, site, urls.customerSignIn),
  'sign-in, refused': async (page, { site }) => {
    await open(page, site, urls.customerSignIn)
    await fillIn(page, { identifier: registrationForm()['email'] as string, password: canaryPassword() })
    await send(page)
  },
  'sign-in, wanted by another page': (page, { site }) => open(page, site, urls.customerProfile),
  'staff sign-in': (page, { site }) => open(page, site, urls.staffSignIn),
  profile: async (page, { site }) => {
    await register(page, site, { username: `amelia.${newId().slice(-8)}` })
    await open(page, site, urls.customerProfile)
  },
  'profile, saved, under a long name': async (page, { site }) => {
    await register(page, site, LONG_NAME)
    await open(page, site, urls.customerProfile)
    await send(page)
  },
  'profile, refused': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.customerProfile)
    await fillIn(page, { last_name: '', phone_number: '12', date_of_birth: '2190-01-01' })
    await send(page)
  },
  'profile, database away': async (page, { site, wire }) => {
    await register(page, site)
    await open(page, site, urls.customerProfile)
    await during(wire, () => send(page))
  },
  'sign-out': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.customerSignOut)
  },
  'staff registration': (page, { db, site }) => openInvitation(page, db, site),
  'staff registration, refused': async (page, { db, site }) => {
    await openInvitation(page, db, site)
    await fillIn(page, { first_name: 'Grace', password: 'short' })
    await send(page)
  },
  'invitation unusable': (page, { site }) => open(page, site, `${urls.staffRegistration}?code=spent`),
  console: async (page, world) => signInAsStaff(page, world),
  'console, seen again': async (page, world) => {
    await signInAsStaff(page, world)
    await page.reload()
  },
  'staff profile': async (page, world) => {
    await signInAsStaff(page, world)
    await open(page, world.site, urls.staffProfile)
  },
  'not found': (page, { site }) => open(page, site, '/accounts/nowhere/'),
  'not allowed': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.console)
  },
  malformed: (page, { site }) => open(page, site, '/?a=1&a=2'),
  'database away': async (page, { site, wire }) => {
    await register(page, site)
    await during(wire, () => open(page, site, urls.customerProfile))
  },
}

const LONG_NAME = {
  first_name: 'Wolfeschlegelsteinhausenbergerdorff Maximilian Alexander',
  last_name: 'Papadimitropoulos-Featherstonehaugh van der Bergen',
}

async function open(page: Page, site: Site, path: string): Promise<void> {
  await page.goto(site.url + path)
}

async function during(wire: DatabaseWire, act: () => Promise<void>): Promise<void> {
  await wire.cut()
  try {
    await act()
  } finally {
    await wire.mend()
  }
}

async function signInAsStaff(page: Page, { site, staff }: World): Promise<void> {
  await open(page, site, urls.staffSignIn)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
}

async function openInvitation(page: Page, db: TestDatabase, site: Site): Promise<void> {
  await open(page, site, `${urls.staffRegistration}?code=${await invite(db, 'admin')}`)
}

async function registerStaff(db: TestDatabase, site: Site): Promise<World['staff']> {
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${await invite(db, 'admin')}`)
  const { first_name, last_name, email, password } = registrationForm({ first_name: 'Grace', last_name: 'Hopper' })
  const form = { first_name, last_name, email, password } as Record<string, string>
  const { status, body } = await visitor.submit(urls.staffRegistration, form)
  if (status !== 303) throw new Error(`no staff: ${body}`)
  return { identifier: email as string, password: password as string }
}

async function invite(db: TestDatabase, role: StaffRole): Promise<string> {
  const id = newId()
  const code = remember(codeFor(new Keys([TEST_SECRET]), 'invitation', id))
  await db.query(
    `insert into invitations (id, code_hash, role, expires_at) values ($1, $2, $3, now() + interval '1 hour')`,
    [id, codeHash('invitation', code), role],
  )
  return code
}
