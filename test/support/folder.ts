import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'

/** A folder of a test's own, for its owner's eyes alone. It goes with the run. */
export function ownFolder(): string {
  return mkdtempSync(join(inject('folder'), 'own-'))
}
