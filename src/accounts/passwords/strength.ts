import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs } from '@zxcvbn-ts/language-common'
import translations from '@zxcvbn-ts/language-en/dist/translations.mjs'
import { wordLists } from './word-lists.ts'
import { wordMatcher } from './word-matcher.ts'
import { WordTree } from './word-tree.ts'

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
 * zxcvbn, with our search for words in the place of its own (docs/decisions/0031): it has no dictionary and substitutes nothing itself.
 * A browser fetches half of what the full dictionaries are.
 */
export const estimator = new ZxcvbnFactory(
  { graphs: { qwerty: adjacencyGraphs.qwerty }, translations, maxLength: ESTIMATED_LENGTH, l33tMaxSubstitutions: 0 },
  { dictionaryL33t: wordMatcher(new WordTree(wordLists)) },
)

/**
 * How hard a password is to guess, for somebody who knows `knownWords` (the person's name, address, the brand).
 * Runs alike in the server, which decides, and in the browser, which shows it while one types.
 */
export function estimateStrength(password: string, knownWords: readonly string[]): Strength {
  const words = new Set(knownWords.flatMap(withParts).filter((word) => word.length > 2))
  const { score, guesses, feedback } = estimator.check([...password].slice(0, ESTIMATED_LENGTH).join(''), [...words])
  return {
    score: guesses >= SAFELY_UNGUESSABLE && score < STRONG_ENOUGH ? STRONG_ENOUGH : score,
    warning: feedback.warning || null,
    suggestions: feedback.suggestions,
  }
}

function withParts(word: string): string[] {
  return [word, ...word.split(/[\s@.,_+-]/)].map((part) => part.toLowerCase())
}
