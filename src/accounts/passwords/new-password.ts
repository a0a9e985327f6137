import type { Parsed } from '../../lib/parsed.ts'
import { refusalOfPassword, type PasswordPolicy } from './policy.ts'

/** What is longer is refused by its own field; here it would only cost time. */
const LONGEST_WORD = 300

/**
 * Reads the password of a form whose other fields tell what everybody knows of this person. It is judged whether or not
 * those are in order, so that nobody is told off a second time.
 */
export async function parseNewPassword(
  raw: Readonly<Record<string, unknown>>,
  policy: PasswordPolicy,
  fieldsKnown: readonly string[],
): Promise<Parsed<string>> {
  const { password } = raw
  if (typeof password !== 'string' || password === '') return refused('Choose a password.')
  const words = fieldsKnown
    .map((name) => raw[name])
    .filter((word) => typeof word === 'string')
    .map((word) => word.slice(0, LONGEST_WORD))
  const objection = await refusalOfPassword(password, policy, words)
  return objection === null ? { ok: true, value: password } : refused(objection)
}

function refused(words: string): Parsed<string> {
  return { ok: false, refusals: [{ field: 'password', words }] }
}
