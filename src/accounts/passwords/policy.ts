import { inWellFormedNfc } from '../../lib/text.ts'
import { judged } from './judging.ts'

export interface PasswordPolicy {
  minLength: number
  brand: string
}

/** NIST SP 800-63B-4 permits a bound from 64 on; this one only keeps a request from being a weight. */
export const LONGEST_PASSWORD = 256

/** What is left of a password without the words that everybody knows of this person has to be at least this long. */
const OWN_PART = 6

/**
 * Why a new password is refused, in a sentence with what to do instead, or null. No rule asks for kinds of characters
 * (NIST SP 800-63B-4, 3.1.1.2; ASVS 6.2.5).
 */
export async function refusalOfPassword(
  password: string,
  { minLength, brand }: PasswordPolicy,
  knownWords: readonly string[],
): Promise<string | null> {
  const normal = inWellFormedNfc(password)
  if (normal === null) return 'This password has a character that cannot be stored. Please leave it out.'
  const length = [...normal].length
  if (length < minLength)
    return `Use at least ${minLength} characters. Three or four words in a row make a good password.`
  if (length > LONGEST_PASSWORD) return `Use at most ${LONGEST_PASSWORD} characters.`
  const words = [...knownWords, brand].filter((word) => word.trim() !== '')
  const { common, weak, warning } = await judged(normal, words)
  if (common) return 'This is one of the passwords that many people use, so it is tried first. Please choose another.'
  if ([...withoutWords(normal, words)].length < OWN_PART) {
    return 'This is too close to your name, your address or our name. Please add words that have nothing to do with you or us.'
  }
  return weak ? `${warning ?? 'This is easy to guess.'} Add another word or two that do not belong together.` : null
}

function withoutWords(password: string, words: readonly string[]): string {
  const parts = words.flatMap((word) => word.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((part) => part.length > 2)
  const longestFirst = parts.toSorted((a, b) => b.length - a.length)
  return longestFirst
    .reduce((rest, part) => rest.replaceAll(part, ''), password.toLowerCase())
    .replace(/[\s\p{P}]/gu, '')
}
