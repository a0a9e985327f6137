import { MatcherBaseClass, type DictionaryMatch, type Matcher, type MatchOptions, type Options } from '@zxcvbn-ts/core'
import { ROOT, WordTree } from './word-tree.ts'

/** zxcvbn gives the words of the list with this name one weight, whatever their ranks. */
const LIST_OF_EQUALS = 'diceware'

/** What somebody writes for a letter. */
interface Sign {
  letter: string
  substitution: string
}

interface PlacedSign extends Sign {
  at: number
}

/**
 * A matcher for zxcvbn that finds the words of a tree in a password: plain, with signs for letters, and reversed. What it finds has the
 * form of what zxcvbn's own matchers find, so zxcvbn weighs and explains it. The person's words zxcvbn finds itself, save with signs.
 */
export function wordMatcher(tree: WordTree): Matcher {
  return {
    Matching: class extends MatcherBaseClass {
      readonly #signs: Map<string, Sign[]>

      constructor(options: Options) {
        super(options)
        this.#signs = signsByFirstUnit(options.l33tTable)
      }

      match({ password, userInputsOptions }: MatchOptions): DictionaryMatch[] {
        const signs = signsIn(password, this.#signs)
        const known = userInputsOptions ? wordsIn(password, treeOf(userInputsOptions.rankedDictionary), signs) : []
        return withoutHarder([
          ...wordsIn(password, tree, signs),
          ...known.filter(({ l33t }) => l33t),
          ...reversedWordsIn(password, tree),
        ])
      }
    },
    // Never asked: zxcvbn goes by the pattern of a match, and has its own for 'dictionary'.
    feedback: () => null,
    scoring: () => 0,
  }
}

function signsByFirstUnit(letters: Options['l33tTable']): Map<string, Sign[]> {
  const signs = new Map<string, Sign[]>()
  for (const [letter, substitutions] of Object.entries(letters)) {
    for (const substitution of substitutions) {
      const first = substitution.charAt(0)
      signs.set(first, [...(signs.get(first) ?? []), { letter, substitution }])
    }
  }
  return signs
}

/** For each place the signs that begin there. */
function signsIn(password: string, signs: Map<string, Sign[]>): PlacedSign[][] {
  return password
    .split('')
    .map((unit, at) =>
      (signs.get(unit) ?? [])
        .filter(({ substitution }) => password.startsWith(substitution, at))
        .map((sign) => ({ ...sign, at })),
    )
}

function treeOf(rankedWords: Record<string, number>): WordTree {
  const byRank = Object.entries(rankedWords).toSorted(([, one], [, other]) => one - other)
  return new WordTree({ userInputs: byRank.map(([word]) => word) })
}

/** Every word, from every place on, with every choice of signs that spells one. */
function wordsIn(password: string, tree: WordTree, signs: readonly PlacedSign[][]): DictionaryMatch[] {
  const text = password.toLowerCase()
  const found: DictionaryMatch[] = []

  const spell = (node: number, start: number, at: number, taken: readonly PlacedSign[]): void => {
    // As in zxcvbn: a lone sign is no word, or each 1 would be an 'i'.
    if (taken.length === 0 || at - start > 1) collect(node, start, at, taken)
    if (at >= password.length) return
    const child = tree.childOf(node, text.charCodeAt(at))
    if (child !== undefined) spell(child, start, at + 1, taken)
    for (const sign of signs[at] ?? []) {
      const other = tree.childOf(node, sign.letter.charCodeAt(0))
      if (other !== undefined) spell(other, start, at + sign.substitution.length, [...taken, sign])
    }
  }

  const collect = (node: number, start: number, end: number, taken: readonly PlacedSign[]): void => {
    const lists = tree.listsAt(node)
    if (lists.length === 0) return
    const word = {
      pattern: 'dictionary' as const,
      i: start,
      j: end - 1,
      token: password.slice(start, end),
      matchedWord: spelled(text, start, end, taken),
      reversed: false,
      l33t: taken.length > 0,
      ...(taken.length > 0 ? substitutions(taken) : undefined),
    }
    for (const { name, rank } of lists) found.push({ ...word, dictionaryName: name, rank })
  }

  for (let start = 0; start < password.length; start += 1) spell(ROOT, start, start, [])
  return found
}

function spelled(text: string, start: number, end: number, taken: readonly PlacedSign[]): string {
  let word = ''
  let from = start
  for (const { at, letter, substitution } of taken) {
    word += text.slice(from, at) + letter
    from = at + substitution.length
  }
  return word + text.slice(from, end)
}

/** Each sign once, for zxcvbn to weigh, and in words. */
function substitutions(taken: readonly PlacedSign[]): { subs: Sign[]; subDisplay: string } {
  const signs = new Map(
    taken.map(({ letter, substitution }) => [`${substitution} -> ${letter}`, { letter, substitution }]),
  )
  return { subs: [...signs.values()], subDisplay: [...signs.keys()].join(', ') }
}

function reversedWordsIn(password: string, tree: WordTree): DictionaryMatch[] {
  const last = password.length - 1
  return wordsIn(backwards(password), tree, []).map((match) => ({
    ...match,
    i: last - match.j,
    j: last - match.i,
    token: backwards(match.token),
    reversed: true,
  }))
}

function backwards(text: string): string {
  return text.split('').toReversed().join('')
}

/**
 * Without those that cannot be the easiest to guess, as an earlier one in the same place is as easy: forty times '1' spells 1200 words,
 * and zxcvbn weighs each of them many times. As it weighs them, a word turned round and each kind of sign doubles the rank at least.
 */
function withoutHarder(matches: readonly DictionaryMatch[]): DictionaryMatch[] {
  const easiest = new Map<string, number>()
  return matches.filter(({ i, j, token, rank, dictionaryName, reversed, subs = [] }) => {
    if (dictionaryName === LIST_OF_EQUALS) return true
    const place = `${i} ${j}`
    const guesses = rank * 2 ** (subs.length + Number(reversed))
    if (guesses >= (easiest.get(place) ?? Infinity)) return false
    // Where a letter is written in both ways, it is harder than that.
    if (!subs.some(({ letter }: Sign) => token.toLowerCase().includes(letter))) easiest.set(place, guesses)
    return true
  })
}
