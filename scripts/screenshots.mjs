// Writes pictures of every page into test-results/screenshots, of every letter into test-results/letters, and the README's into docs/images.
import { startVitest } from 'vitest/node'

const vitest = await startVitest('test', [], {
  include: ['test/journeys/screenshots.ts', 'test/journeys/letter-pictures.ts'],
  reporters: ['default'],
  watch: false,
})
await vitest.close()
