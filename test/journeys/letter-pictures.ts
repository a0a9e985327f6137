import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { asHtml } from '../../src/mail/letters/render.tsx'
import { letterOf } from '../../src/mail/letters/templates.ts'
import { letterKinds, type LetterKind } from '../../src/mail/outbox.ts'
import { openBrowser } from '../support/browser.ts'

const FOLDER = join(projectRoot, 'test-results', 'letters')
const WIDTHS = { phone: 390, desktop: 700 }

const brand = 'Meridian Asset Logistics'
const publicUrl = 'https://accounts.meridian.example'

const setting = {
  brand,
  publicUrl,
  signInUrl: `${publicUrl}/accounts/customer/login/`,
  recoveryUrl: `${publicUrl}/accounts/recover/`,
  link: `${publicUrl}/accounts/confirm/?code=nBq3zWlYtX0pVhJd-7KcRg`,
}

/** What any kind of letter may tell. */
const data = {
  firstName: 'Amelia',
  device: 'Firefox on Windows',
  network: '203.0.113.7',
  at: '2026-11-22T09:30:00.000Z',
  role: 'customer_care',
  invitedBy: 'Grace Hopper',
  closesAt: '2026-12-06T09:30:00.000Z',
  run: '01a21a80-0000-7000-8000-000000000001',
  signsIn: true,
}

const browser = await openBrowser()

beforeAll(() => void mkdirSync(FOLDER, { recursive: true }))

describe.each(letterKinds)('the letter %s', (kind) => {
  test('is pictured', () => picture(kind, data))
})

test('the letter to an address that is given up by a merge is pictured', () =>
  picture('accounts-merged', { ...data, signsIn: false }, 'accounts-merged, given up'))

test('the letter to somebody with a long name is pictured', () =>
  picture('welcome', { ...data, firstName: 'Wolfeschlegelsteinhausenbergerdorff Maximilian' }, 'long-name'))

async function picture(kind: LetterKind, told: typeof data, name: string = kind): Promise<void> {
  const html = asHtml(letterOf(kind, told, setting), brand)
  for (const [device, width] of Object.entries(WIDTHS)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ width, height: 400, colorScheme, scale: 2 })
      await page.setContent(html)
      await page.screenshot({ path: join(FOLDER, `${name}.${device}.${colorScheme}.png`), fullPage: true })
    }
  }
}
