import { Client } from 'pg'
import type { Page } from 'playwright-core'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { arrivalAfter, fillIn } from './errands.ts'
import type { TestDatabase } from '../support/database.ts'
import type { World } from './pages.ts'

/** The console's first page with much to tell, by the way that leads there. */
export const homePages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'console, on a bad day': async (page, { db, site, staff }) => {
    await forgetHours(db)
    await db.query(
      `insert into audit_events (event, occurred_at, details)
       select event, now() - n * interval '11 hours', jsonb_build_object('reason', reason)
       from (values ('signed-in', null), ('customer-registered', null), ('sign-in-refused', 'wrong-credentials'),
         ('sign-in-refused', 'account-suspended'), ('password-refused', 'wrong-credentials')) as each (event, reason),
         generate_series(0, 60) as n, generate_series(0, (n * 37) % 11)`,
    )
    await db.query(
      `insert into letters (id, kind, recipient, last_error) values ($1, 'recovery', 'a@example.com', '451')`,
      [newId()],
    )
    await page.goto(site.url + urls.staffSignIn)
    await fillIn(page, staff)
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
    await page.goto(site.url + urls.console)
    await page.getByText('As a table').first().click()
  },
}

/** Hours that another page has counted are counted anew. */
async function forgetHours({ superuserUrl }: TestDatabase): Promise<void> {
  const superuser = new Client({ connectionString: superuserUrl })
  await superuser.connect()
  await superuser.query('truncate hourly_figures')
  await superuser.end()
}
