import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { urls } from '../../src/urls.ts'
import { arrivalAfter, fillIn } from './errands.ts'
import type { World } from './pages.ts'

/** What an import left to a person, by the way that leads there. */
export const importPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'to decide, nothing': async (page, world) => {
    await world.db.query('delete from import_questions')
    await openToDecide(page, world)
  },
  'to decide': async (page, world) => {
    await leaveQuestions(world)
    await openToDecide(page, world)
  },
  'to decide, one of them, refused': async (page, world) => {
    await leaveQuestions(world)
    await openToDecide(page, world)
    await arrivalAfter(page, () =>
      page
        .locator('main')
        .getByRole('link', { name: /^Decide/ })
        .first()
        .click(),
    )
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Decide' }).click())
  },
}

async function leaveQuestions({ db }: World): Promise<void> {
  const run = randomUUID()
  await db.query('delete from import_questions')
  await db.query(`insert into runs (id, kind, details) values ($1, 'import', '{"source": "django"}')`, [run])
  const staff = `(select account_id from staff_profiles limit 1)`
  await db.query(
    `insert into import_questions (id, run_id, legacy_id, account_id, finding, wanted, decided_at, decided_by, decision)
     select gen_random_uuid(), $1::uuid, n, case when n < 4 then ${staff} end,
       (array['address-shared', 'username-shared', 'address-taken', 'nameless', 'address-shared'])[n],
       (array['shared@example.com', 'amelia', 'a.rather.long.address@mail.meridian.example', 'user 4', 'two@example.com'])[n],
       case when n = 5 then now() end, case when n = 5 then ${staff} end, case when n = 5 then 'kept-as-is' end
     from generate_series(1, 5) n`,
    [run],
  )
}

async function openToDecide(page: Page, { db, site, staff }: World): Promise<void> {
  await db.query(`update staff_profiles set role = 'admin'`)
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.locator('main').getByRole('button', { name: 'Sign in' }).click())
  await page.goto(`${site.url}${urls.toDecide}`)
}
