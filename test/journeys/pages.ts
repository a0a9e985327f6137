import type { Page } from 'playwright-core'
import { codeFor, codeHash } from '../../src/accounts/codes/codes.ts'
import type { StaffRole } from '../../src/accounts/account.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { canaryPassword, remember } from '../support/canary.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openSite, TEST_SECRET, type Site } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'
import { doctorPages } from './doctor-pages.ts'
import { importPages } from './import-pages.ts'
import { staffPages } from './staff-pages.ts'
import { homePages } from './home-pages.ts'
import { letterPages } from './letter-pages.ts'
import { personPages } from './person-pages.ts'
import { wireTo, type DatabaseWire } from './database-wire.ts'
import { arrivalAfter, fillIn, fillInRegistration, register, send, signOut } from './errands.ts'

export interface World {
  db: TestDatabase
  wire: DatabaseWire
  site: Site
  /** The same, where registering takes a letter. */
  verifyFirst: Site
  staff: { identifier: string; password: string }
}

/** A site with a staff member and a fortnight of registrations. */
export async function openWorld(): Promise<World> {
  const db = await freshDatabase()
  const wire = await wireTo(db)
  const site = await openSite(wire)
  const verifyFirst = await openSite(wire, { REGISTRATION_MODE: 'verify-first' })
  const world = { db, wire, site, verifyFirst, staff: await registerStaff(db, site) }
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
  'registration, verify-first': (page, { verifyFirst }) => open(page, verifyFirst, urls.customerRegistration),
  'registration, letter sent': async (page, { verifyFirst }) => {
    await fillInRegistration(page, verifyFirst)
    await send(page)
  },
  'registration, letter sent again': async (page, { verifyFirst }) => {
    await fillInRegistration(page, verifyFirst)
    await send(page)
    await send(page)
  },
  'registration link': async (page, world) => {
    await openRegistrationLink(page, world)
  },
  'registration link, in another browser': async (page, world) => {
    await openRegistrationLink(page, world, elsewhere)
    await fillIn(page, { password: 'not this one' })
    await send(page)
  },
  'registration link, followed': async (page, world) => {
    await openRegistrationLink(page, world)
    await send(page)
  },
  'registration link, address taken meanwhile': async (page, world) => {
    const { email } = await openRegistrationLink(page, world)
    await new Visitor(world.site).register({ email: email as string })
    await send(page)
  },
  'registration link, unusable': (page, { verifyFirst }) =>
    open(page, verifyFirst, `${urls.registrationLink}?code=spent`),
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
  reauthentication: async (page, { db, site }) => {
    await register(page, site)
    await db.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    await open(page, site, urls.emailChange)
  },
  'reauthentication, refused': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.reauthentication)
    await fillIn(page, { current_password: 'not this one' })
    await send(page)
  },
  'password change': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.passwordChange)
  },
  'password change, refused': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.passwordChange)
    await fillIn(page, { current_password: 'not this one', password: canaryPassword() })
    await send(page)
  },
  'email change': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.emailChange)
  },
  'email change, refused': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.emailChange)
    await fillIn(page, { email: 'nobody' })
    await send(page)
  },
  'email change, asked for': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.emailChange)
    await fillIn(page, { email: registrationForm()['email'] as string })
    await send(page)
  },
  'email confirmation': (page, world) => openEmailLink(page, world, 'email-change'),
  'email confirmation, unusable': async (page, { site }) => {
    await register(page, site)
    await open(page, site, `${urls.emailConfirmation}?code=spent`)
  },
  'email reversal': (page, world) => openEmailLink(page, world, 'email-revert'),
  'email reversal, done': async (page, world) => {
    await openEmailLink(page, world, 'email-revert')
    await send(page)
  },
  sessions: async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.sessions)
  },
  'sessions, several': async (page, { site }) => {
    const { email, password } = (await register(page, site)) as Record<'email' | 'password', string>
    await new Visitor(site).signIn(email, password)
    await new Visitor(site).signIn(email, password)
    await open(page, site, urls.sessions)
  },
  'sign-out': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.customerSignOut)
  },
  'everything held about you': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.ownData)
  },
  'closing an account': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.accountClosing)
  },
  'closing an account, refused': async (page, { site }) => {
    await register(page, site)
    await open(page, site, urls.accountClosing)
    await page.locator('[name=reason]').fill('because '.repeat(80))
    await send(page)
  },
  'closed account': async (page, { site }) => {
    await closeAccount(page, site)
  },
  'keeping an account': async (page, { site }) => {
    await returnAfterClosing(page, site)
  },
  'keeping an account, kept': async (page, { site }) => {
    await returnAfterClosing(page, site)
    await send(page)
  },
  'keeping an account, too late': (page, { site }) => open(page, site, urls.accountKeeping),
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
  customers: async (page, world) => {
    await signInAsStaff(page, world)
    await new Visitor(world.site).register({ ...LONG_NAME, company: 'Löwe & Söhne', phone_number: '+442079460958' })
    await open(page, world.site, urls.customers)
  },
  'customers found': async (page, world) => {
    await new Visitor(world.site).register({ first_name: 'Amelia', last_name: 'Earhart', company: 'Löwe & Söhne' })
    await signInAsStaff(page, world)
    await open(page, world.site, urls.customers)
    await page.getByLabel('Find a customer').fill('earhart amelia')
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Find' }).click())
  },
  'customers, nobody found': async (page, world) => {
    await signInAsStaff(page, world)
    await open(page, world.site, urls.customers)
    await page.getByLabel('Find a customer').fill('quite somebody else')
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Find' }).click())
  },
  ...doctorPages,
  ...staffPages,
  ...importPages,
  ...letterPages,
  ...personPages,
  ...homePages,
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

async function closeAccount(page: Page, site: Site) {
  const person = await register(page, site)
  await open(page, site, urls.accountClosing)
  await send(page)
  return person
}

async function returnAfterClosing(page: Page, site: Site): Promise<void> {
  const { email, password } = await closeAccount(page, site)
  await open(page, site, urls.customerSignIn)
  await fillIn(page, { identifier: email as string, password: password as string })
  await send(page)
}

/** Opens the link of a letter about a change of address, as the person whom it is for. */
async function openEmailLink(page: Page, { db, site }: World, purpose: 'email-change' | 'email-revert'): Promise<void> {
  const { email } = await register(page, site)
  const id = newId()
  const code = remember(codeFor(new Keys([TEST_SECRET]), purpose, id))
  const other = `amelia.${id.slice(-12)}@a-very-long-name-of-a-shipping-company.example.com`
  await db.query(
    `insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)
     select $1, $2, $3, id, $4, now() + interval '1 hour' from accounts where email_canonical = $5`,
    [id, codeHash(purpose, code), purpose, other, email],
  )
  await db.query(
    `insert into email_changes (code_id, email, email_delivery, email_canonical_version, former_canonical)
     values ($1, $2, $2, 1, $3)`,
    [id, other, email],
  )
  await open(page, site, `${purpose === 'email-change' ? urls.emailConfirmation : urls.emailReversal}?code=${code}`)
}

async function openInvitation(page: Page, db: TestDatabase, site: Site): Promise<void> {
  await open(page, site, `${urls.staffRegistration}?code=${await invite(db, 'admin')}`)
}

/** Registers, and opens the link of the letter: in the same browser, unless `before` makes another one of it. */
async function openRegistrationLink(
  page: Page,
  { db, verifyFirst }: World,
  before: (page: Page) => Promise<void> = async () => {},
): Promise<FormFields> {
  const form = await fillInRegistration(page, verifyFirst, { first_name: 'Amelia', last_name: 'Earhart' })
  await send(page)
  const [pending] = await db.query<{ id: string }>(`select id from pending_registrations where email_canonical = $1`, [
    form['email'],
  ])
  const code = remember(codeFor(new Keys([TEST_SECRET]), 'registration', pending?.id ?? ''))
  await before(page)
  await open(page, verifyFirst, `${urls.registrationLink}?code=${code}`)
  return form
}

async function elsewhere(page: Page): Promise<void> {
  await page.context().clearCookies()
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
