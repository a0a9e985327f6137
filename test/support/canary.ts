import { randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'

/** A password that no rule objects to and that can be searched for in everything written: it must stand nowhere. */
export function canaryPassword(): string {
  return remember(`kettle ${unique()} harbour zebra`)
}

/** An address that must appear in no log, error page or URL. */
export function canaryEmail(): string {
  return remember(`canary.${unique()}@example.com`)
}

/** Secrets that the servers make are watched too, as they come by. */
export function remember(secret: string): string {
  appendFileSync(join(inject('logs'), '..', 'canaries.txt'), `${secret}\n`)
  return secret
}

function unique(): string {
  return randomBytes(5).toString('hex')
}
