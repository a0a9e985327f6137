import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
// Part by part: the package's index would bring surnames and Wikipedia too, twice the size.
import commonWords from '@zxcvbn-ts/language-en/dist/commonWords.json.mjs'
import firstNames from '@zxcvbn-ts/language-en/dist/firstnames.json.mjs'
import translations from '@zxcvbn-ts/language-en/dist/translations.mjs'

/** zxcvbn's scale: 0 is guessed at once, 4 withstands an offline attack. */
export type Score = 0 | 1 | 2 | 3 | 4

export interface Strength {
  score: Score
  /** Why it is weak, in a sentence, or null. */
  warning: string | null
  /** What would make it stronger. */
  suggestions: string[]
}

/** The score from which on a password is accepted. */
export const STRONG_ENOUGH: Score = 3

/** The bound of score 3. zxcvbn asks for five guesses more, which no eight random characters ever have. */
const SAFELY_UNGUESSABLE = 1e8

/** Beyond this the estimate only costs time: 40 unpredictable code points are strong, whatever follows. */
const ESTIMATED_LENGTH = 40

/**
 * Chosen by measurement: the full dictionaries and zxcvbn's 100 substitutions take 10 ms for an everyday password and
 * 300 ms for a hostile one; these take 1 ms and under 20, and a browser fetches half as much.
 */
const estimator = new ZxcvbnFactory({
  dictionary: { ...common, 'commonWords-en': commonWords, 'firstnames-en': firstNames },
  graphs: { qwerty: adjacencyGraphs.qwerty },
  translations,
  maxLength: ESTIMATED_LENGTH,
  l33tMaxSubstitutions: 10,
})

/**
 * How hard a password is to guess, for somebody who knows `knownWords` (the person's name, address, the brand).
 * Runs alike in the server, which decides, and in the browser, which shows it while one types.
 */
export function estimateStrength(password: string, knownWords: readonly string[]): Strength {
  const words = knownWords.flatMap(withParts).filter((word) => word.length > 2)
  const { score, guesses, feedback } = estimator.check([...password].slice(0, ESTIMATED_LENGTH).join(''), words)
  return {
    score: guesses >= SAFELY_UNGUESSABLE && score < STRONG_ENOUGH ? STRONG_ENOUGH : score,
    warning: feedback.warning || null,
    suggestions: feedback.suggestions,
  }
}

function withParts(word: string): string[] {
  return [word, ...word.split(/[\s@.,_+-]/)]
}
