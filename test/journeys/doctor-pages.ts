import type { Page } from 'playwright-core'
import { urlOf, urls } from '../../src/urls.ts'
import { newId } from '../../src/lib/random.ts'
import { Visitor } from '../support/visitor.ts'
import { arrivalAfter, fillIn, send } from './errands.ts'
import type { World } from './pages.ts'

const FINDING = {
  invariant: 'one-account-per-address',
  expects: 'No two accounts have the same address in its canonical form.',
  remedy: 'meridian repair shows what it would do, and does it with --apply.',
  count: 23,
  examples: Array.from({ length: 3 }, () => ({
    subject: `accounts ${newId()}`,
    found: 'has another with the same email_canonical (accounts_email_canonical_key)',
  })),
  unasked: null,
}

const UNASKED = {
  ...FINDING,
  invariant: 'letters-are-single',
  expects: 'No two rows of letters have the same key.',
  count: 0,
  examples: [],
  unasked: 'canceling statement due to lock timeout',
}

/** The doctor's pages and those of merging, by the way that leads there. */
export const doctorPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'verdict, sound': (page, world) => openVerdict(page, world, []),
  'verdict, and all that was asked': async (page, world) => {
    await openVerdict(page, world, [])
    await page.getByText('What always holds').click()
  },
  'verdict, amiss': (page, world) => openVerdict(page, world, [FINDING, UNASKED]),
  'merging, which two': async (page, world) => {
    await signIn(page, world)
    await page.goto(`${world.site.url}${urls.merges}`)
  },
  'merging, nobody by that name': async (page, world) => {
    await signIn(page, world)
    await page.goto(`${world.site.url}${urls.merges}`)
    await fillIn(page, { kept: 'amelia@nowhere.example', other: '' })
    await send(page)
  },
  'merging, compared': (page, world) => compareTwo(page, world),
  'merging, without a reason': async (page, world) => {
    await compareTwo(page, world)
    await send(page)
  },
  'merging, done': async (page, world) => {
    await mergeTwo(page, world)
  },
  'merging, taken back': async (page, world) => {
    await mergeTwo(page, world)
    await send(page)
  },
}

async function mergeTwo(page: Page, world: World): Promise<void> {
  await compareTwo(page, world)
  await page.locator('[name=reason]').fill('Both are hers: she says so by telephone, and knows both invoices.')
  await send(page)
}

/** Two accounts of one person, from the page of the one. */
async function compareTwo(page: Page, world: World): Promise<void> {
  const [kept, other] = [
    await new Visitor(world.site).register({
      first_name: 'Amelia',
      last_name: 'Earhart',
      phone_number: '+442079460958',
    }),
    await new Visitor(world.site).register({
      first_name: 'Amelia Mary',
      last_name: 'Earhart Putnam',
      username: `amelia.${newId().slice(-8)}`,
      company: 'Löwe & Söhne Transatlantische Frachtgesellschaft',
      city: 'Atchison',
      country: 'US',
    }),
  ]
  const [row] = await world.db.query<{ id: string }>('select id from accounts where email = $1', [kept.email])
  await signIn(page, world)
  await page.goto(`${world.site.url}${urlOf(urls.person, row?.id ?? '')}`)
  await arrivalAfter(page, () => page.getByRole('link', { name: 'Merge with another account' }).click())
  await fillIn(page, { other: other.email })
  await send(page)
}

async function openVerdict(page: Page, world: World, findings: unknown[]): Promise<void> {
  const { db, site } = world
  await db.query(`insert into verdicts (id, sound, asked, findings) values ($1, $2, 62, $3)`, [
    newId(),
    findings.length === 0,
    JSON.stringify(findings),
  ])
  await signIn(page, world)
  await page.goto(`${site.url}${urls.verdict}`)
}

async function signIn(page: Page, { site, staff }: World): Promise<void> {
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
}
