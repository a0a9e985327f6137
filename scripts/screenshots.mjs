// Writes pictures of every page into test-results/screenshots, and the README's into docs/images.
import { startVitest } from 'vitest/node'

const vitest = await startVitest('test', [], {
  include: ['test/journeys/screenshots.ts'],
  reporters: ['default'],
  watch: false,
})
await vitest.close()
