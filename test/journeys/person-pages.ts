import type { Page } from 'playwright-core'
import { urlOf, urls } from '../../src/urls.ts'
import { accountId } from '../support/hostile-people.ts'
import { Visitor } from '../support/visitor.ts'
import { arrivalAfter, fillIn, send } from './errands.ts'
import type { World } from './pages.ts'

const EVERYTHING = {
  first_name: 'Wolfeschlegelsteinhausenbergerdorff Maximilian',
  last_name: 'Papadimitropoulos-Featherstonehaugh',
  phone_number: '+44 20 7946 0958',
  company: 'Löwe & Söhne Schiffahrtsgesellschaft',
  address: '1 Quay Street',
  city: 'Hamburg',
  country: 'DE',
  date_of_birth: '1984-05-27',
}

/** One person’s page and what hangs on it, by the way that leads there. */
export const personPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'cannot get in': (page, world) => openAsStaff(page, world, urls.signInHelp),
  'cannot get in, nobody': async (page, world) => {
    await openAsStaff(page, world, urls.signInHelp)
    await fillIn(page, { name: 'nobody.has.this.name' })
    await send(page)
  },
  person: async (page, world) => {
    await openPerson(page, world)
  },
  'person, throttled': async (page, world) => {
    const { email } = await somebody(world)
    const guesser = new Visitor(world.site)
    for (let guess = 0; guess < 10; guess += 1) await guesser.signIn(email, 'not this one')
    await openAsStaff(page, world, urlOf(urls.person, await accountId(world.db, email)))
  },
  'person, suspended, under a long name, shown whole': async (page, world) => {
    const { email } = await somebody(world, EVERYTHING)
    const id = await accountId(world.db, email)
    await world.db.query(`update accounts set status = 'suspended' where id = $1`, [id])
    await openAsStaff(page, world, urlOf(urls.person, id))
    await press(page, 'Show what is masked')
  },
  'person, act refused': async (page, world) => {
    await openAsStaff(page, world, await pathOf(world, urls.personSuspension))
    await send(page)
  },
  'person, address': async (page, world) => {
    await openAsStaff(page, world, await pathOf(world, urls.personAddress))
  },
  'person, edited': async (page, world) => {
    await openPerson(page, world, EVERYTHING)
    await press(page, 'Edit the profile')
  },
  'person, edited by two': async (page, world) => {
    const id = await openPerson(page, world, EVERYTHING)
    await press(page, 'Edit the profile')
    await world.db.query(
      `update customer_profiles set city = 'Kiel', company = null, updated_at = now() where account_id = $1`,
      [id],
    )
    await fillIn(page, { last_name: 'Bowyer', city: 'Bremen' })
    await send(page)
  },
  'customer at the desk': (page, world) => openAsStaff(page, world, urls.customerAtTheDesk),
  'customer at the desk, registered already': async (page, world) => {
    const { email } = await somebody(world)
    await openAsStaff(page, world, urls.customerAtTheDesk)
    await fillIn(page, { first_name: 'Ann', last_name: 'Archer', email })
    await send(page)
  },
}

function somebody({ site }: World, fields = {}) {
  return new Visitor(site).register(fields)
}

async function pathOf(world: World, pattern: `${string}/:id/${string}`): Promise<string> {
  const { email } = await somebody(world)
  return urlOf(pattern, await accountId(world.db, email))
}

async function openPerson(page: Page, world: World, fields = {}): Promise<string> {
  const { email } = await somebody(world, fields)
  const id = await accountId(world.db, email)
  await openAsStaff(page, world, urlOf(urls.person, id))
  return id
}

async function openAsStaff(page: Page, { site, staff }: World, path: string): Promise<void> {
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await press(page, 'Sign in')
  await page.goto(site.url + path)
}

async function press(page: Page, button: string): Promise<void> {
  await arrivalAfter(page, () => page.getByRole('button', { name: button }).click())
}
