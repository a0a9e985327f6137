import { randomInt } from 'node:crypto'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'
import { launchChromium } from './chromium.ts'

export interface PageSettings {
  javaScript?: boolean
  width?: number
  height?: number
  colorScheme?: 'light' | 'dark'
  /** Pixels of the screen to one of the page. */
  scale?: number
}

export interface TestBrowser {
  /** A browser of somebody's own: no cookies, a network of its own. Gone when the test is over. */
  newPage: (settings?: PageSettings) => Promise<Page>
}

/** Milliseconds until what does not come counts as missing; what comes is not waited for any longer than it takes. */
const PATIENCE = 15_000

/** Chromium, closed when the test file is over. */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await launchChromium()
  afterAll(() => browser.close())
  return {
    newPage: async (settings) => {
      const context = await browser.newContext(contextFor(settings))
      context.setDefaultTimeout(PATIENCE)
      onTestFinished(() => context.close())
      return context.newPage()
    },
  }
}

export function contextFor(settings: PageSettings = {}): BrowserContextOptions {
  const { javaScript = true, width = 1280, height = 900, colorScheme = 'light', scale = 1 } = settings
  return {
    javaScriptEnabled: javaScript,
    viewport: { width, height },
    colorScheme,
    deviceScaleFactor: scale,
    reducedMotion: 'reduce',
    locale: 'en-GB',
    extraHTTPHeaders: { 'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}` },
  }
}
