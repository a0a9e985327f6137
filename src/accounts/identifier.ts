import { parseEmail } from './email.ts'
import { canonicalUsername } from './username.ts'

/** What somebody signs in with: an address if it has an @, else a username. The two can never be confused. */
export type Identifier = { email: string; username: null } | { email: null; username: string }

/** Longer than any name that an account can have. */
const LONGEST = 1000

/** Null when no account can be named like this. */
export function parseIdentifier(text: string): Identifier | null {
  if (text.length > LONGEST) return null
  const trimmed = text.trim()
  if (trimmed.includes('@')) {
    const email = parseEmail(trimmed)
    return email && { email: email.canonical, username: null }
  }
  const username = canonicalUsername(trimmed)
  return username === null || username === '' ? null : { email: null, username }
}
