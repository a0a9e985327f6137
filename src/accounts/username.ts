import { inWellFormedNfc } from '../lib/text.ts'

export interface Username {
  entered: string
  /** RFC 8265 UsernameCaseMapped: lower-cased, NFC. */
  canonical: string
}

const SHORTEST = 3
const LONGEST = 150

/** Letters and digits of any script, and inside them the marks that names are joined with. Nothing invisible, never an @. */
const SHAPE = /^(?!.*\p{Default_Ignorable_Code_Point})[\p{L}\p{N}][\p{L}\p{M}\p{N}._+-]*$/u

/** Null when the text cannot be a username. Like an address it is refused rather than mapped. */
export function parseUsername(text: string): Username | null {
  const entered = text.trim()
  const length = [...entered].length
  if (length < SHORTEST || length > LONGEST || !SHAPE.test(entered)) return null
  const canonical = canonicalUsername(entered)
  // A letter can become two in lower case (İ), so the length counts once more.
  return canonical === null || [...canonical].length > LONGEST ? null : { entered, canonical }
}

/** The form in which usernames are compared, or null for a text that normalisation would change beyond its case. */
export function canonicalUsername(text: string): string | null {
  if (inWellFormedNfc(text) === null || text.normalize('NFKC') !== text.normalize('NFC')) return null
  const canonical = text.normalize('NFC').toLowerCase().normalize('NFC')
  return canonical.toLowerCase() === canonical ? canonical : null
}
