import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { openWorld, pages } from './pages.ts'

const WCAG_2_2_AA: axe.RunOnly = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }
/** What is asked again in the dark: `tokens.css` changes colours there, and nothing else does. */
const ITS_COLOURS: axe.RunOnly = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }

const world = await openWorld()
const browser = await openBrowser()

describe.each(Object.entries(pages))('%s', (_, reach) => {
  test('meets WCAG 2.2 AA in either light, fits every width, and breaks no rule of its own', async () => {
    const page = await browser.newPage()
    const complaints = complaintsOf(page)
    await reach(page, world)
    await page.evaluate(axe.source)
    for (const width of [320, 1280]) {
      await show(page, width, 'light')
      expect(await violations(page, WCAG_2_2_AA), `light, ${width} px`).toEqual([])
      await show(page, width, 'dark')
      expect(await violations(page, ITS_COLOURS), `dark, ${width} px`).toEqual([])
    }
    // 640 px is a desktop of 1280 at 200%.
    for (const width of [320, 390, 640, 768, 992, 1280]) {
      await show(page, width, 'light')
      expect(await overflow(page), `${width} px`).toEqual([])
    }
    expect(complaints).toEqual([])
  })
})

async function show(page: Page, width: number, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.setViewportSize({ width, height: 800 })
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
}

/** What axe-core finds, which is in the page already. */
async function violations(page: Page, runOnly: axe.RunOnly): Promise<string[]> {
  const found = await page.evaluate(async (asked) => {
    const { axe: here } = globalThis as unknown as { axe: typeof axe }
    const answer = await here.run(document, { runOnly: asked, resultTypes: ['violations'] })
    return answer.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map((node) => [node.html, node.failureSummary]),
    }))
  }, runOnly)
  return found.flatMap(({ id, nodes }) => nodes.map((told) => `${id}: ${told.join(' ')}`))
}

/** What sticks out to the right, if the page can be scrolled there. */
function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const out = [...document.querySelectorAll('body *')].filter(
      (one) => one.getBoundingClientRect().right > clientWidth,
    )
    // Text can stick out of a box that does not.
    return out.length > 0 ? out.map((one) => one.outerHTML.slice(0, 80)) : [`text, up to ${scrollWidth} px`]
  })
}

/** Errors in the console, which is where Chromium reports what the content security policy stops. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !isStatusOfThePage(message.text())) complaints.push(message.text())
  })
  return complaints
}

/** A refusal's own status is no mistake. */
function isStatusOfThePage(text: string): boolean {
  return /^Failed to load resource: the server responded with a status of (400|403|404|409|410|422|503)/.test(text)
}
