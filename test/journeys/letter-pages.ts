import type { Page } from 'playwright-core'
import { newId } from '../../src/lib/random.ts'
import { letterKinds } from '../../src/mail/outbox.ts'
import { urlOf, urls } from '../../src/urls.ts'
import { Visitor } from '../support/visitor.ts'
import { arrivalAfter, fillIn } from './errands.ts'
import type { World } from './pages.ts'

const REFUSAL = '550 5.1.1 the mailbox (address withheld) does not exist at accounts-of-a-very-long-host.example.com'

/** The letters of the console, by the way that leads there. */
export const letterPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  letters: async (page, world) => {
    await letterGivenUp(world)
    await world.db.query(
      `insert into letters (id, kind, recipient, data, attempts, last_error, sent_at)
       select i.id::uuid, i.kind, 'amelia.earhart@example.com', '{"firstName":"Amelia"}', n % 4,
         case when n % 4 = 1 then $3 end, case when n % 4 = 2 then now() end
       from unnest($1::text[], $2::text[]) with ordinality as i (id, kind, n)`,
      [letterKinds.map(() => newId()), letterKinds, REFUSAL],
    )
    await openAsStaff(page, world, urls.letters)
  },
  'letters, none that fits': (page, world) =>
    openAsStaff(page, world, `${urls.letters}?state=given+up&kind=account-kept`),
  'letter, given up': async (page, world) => openAsStaff(page, world, urlOf(urls.letter, await letterGivenUp(world))),
  'letter, read': async (page, world) => {
    await openAsStaff(page, world, urlOf(urls.letter, await letterGivenUp(world)))
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Read it' }).click())
  },
}

async function letterGivenUp({ db, site }: World): Promise<string> {
  const { email } = await new Visitor(site).register({ first_name: 'Amelia', last_name: 'Earhart' })
  const [letter] = await db.query<{ id: string }>(
    `update letters set given_up_at = now(), attempts = 14, last_error = $2 where recipient = $1 returning id`,
    [email, REFUSAL],
  )
  return letter?.id ?? ''
}

async function openAsStaff(page: Page, { site, staff }: World, path: string): Promise<void> {
  await page.goto(site.url + urls.staffSignIn)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
  await page.goto(site.url + path)
}
