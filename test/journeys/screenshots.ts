// Pictures of every page, for people to judge and for the README: node scripts/launch.mjs scripts/screenshots.mjs
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { Visitor } from '../support/visitor.ts'
import { fillIn } from './errands.ts'
import { openWorld, pages, type World } from './pages.ts'
import { smallPng } from './small-png.ts'

const FOLDER = join(projectRoot, 'test-results', 'screenshots')
const DOCS = join(projectRoot, 'docs', 'images')
const WIDTHS = { phone: 390, desktop: 1280 }
const README_HEIGHT = 900
const only = process.env['ONLY']

const world = await openWorld()
const browser = await openBrowser()

beforeAll(async () => {
  if (!only) rmSync(FOLDER, { recursive: true, force: true })
  for (const folder of [FOLDER, DOCS]) mkdirSync(folder, { recursive: true })
  await registerForAMonth(world)
})

describe.each(Object.entries(pages).filter(([name]) => !only || new RegExp(only).test(name)))('%s', (name, reach) => {
  test('is pictured', async () => {
    const page = await browser.newPage()
    await reach(page, world)
    for (const [device, width] of Object.entries(WIDTHS)) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: device === 'phone' ? 844 : 800 })
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await picture(page, join(FOLDER, `${name.replaceAll(/[^a-z]+/g, '-')}.${device}.${colorScheme}.png`))
      }
    }
  })
})

test('the README has its pictures', async () => {
  const page = await browser.newPage({ scale: 2, height: README_HEIGHT })
  await page.goto(`${world.site.url}${urls.customerRegistration}`)
  await fillIn(page, { first_name: 'Amelia', last_name: 'Earhart', email: 'amelia@lockheed.example' })
  await fillIn(page, { password: 'four winds over howland' })
  await page.getByText(/^(Very s|S)trong/).waitFor()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await pictureForDocs(page, 'registration.png')
  await page.goto(world.site.url)
  const hero = await page.locator('.hero').boundingBox()
  await pictureForDocs(page, 'landing.png', hero ? hero.y + hero.height : README_HEIGHT)
})

/** Cut where something ends, never through a line. */
async function pictureForDocs(page: Page, name: string, height = README_HEIGHT): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  const clip = { x: 0, y: 0, width: WIDTHS.desktop, height: Math.floor(height) }
  writeFileSync(join(DOCS, name), smallPng(await page.screenshot({ clip })))
}

async function picture(page: Page, path: string): Promise<void> {
  await page.evaluate(() => (scrollTo(0, 0), document.fonts.ready))
  await page.screenshot({ path, fullPage: true })
}

/** Registrations as a small business has them: more on some days than on others. */
async function registerForAMonth({ db, site }: World): Promise<void> {
  const perDay = [4, 2, 5, 6, 3, 1, 1, 5, 4, 7, 6, 2, 0, 3, 5, 6, 3, 5, 4, 2, 1, 1, 6, 5, 7, 4, 6, 2, 3]
  await Promise.all(Array.from({ length: 5 }, () => new Visitor(site).register()))
  await db.query(
    `insert into audit_events (event, occurred_at)
     select event, now() - (30 - day) * interval '1 day'
     from unnest($1::int[]) with ordinality as registered (count, day),
       lateral (values ('customer-registered', count), ('signed-in', count * 7 + day % 5)) as each (event, times),
       generate_series(1, times)`,
    [perDay],
  )
}
