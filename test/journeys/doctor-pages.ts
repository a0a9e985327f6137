import type { Page } from 'playwright-core'
import { urls } from '../../src/urls.ts'
import { newId } from '../../src/lib/random.ts'
import { arrivalAfter, fillIn } from './errands.ts'
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

/** The doctor's pages, by the way that leads there. */
export const doctorPages: Record<string, (page: Page, world: World) => Promise<void>> = {
  'verdict, sound': (page, world) => openVerdict(page, world, []),
  'verdict, amiss': (page, world) => openVerdict(page, world, [FINDING, UNASKED]),
}

async function openVerdict(page: Page, { db, site, staff }: World, findings: unknown[]): Promise<void> {
  await db.query(`insert into verdicts (id, sound, asked, findings) values ($1, $2, 62, $3)`, [
    newId(),
    findings.length === 0,
    JSON.stringify(findings),
  ])
  await page.goto(`${site.url}${urls.staffSignIn}`)
  await fillIn(page, staff)
  await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
  await page.goto(`${site.url}${urls.verdict}`)
}
