import { ZxcvbnFactory, type MatchExtended, type ZxcvbnResult } from '@zxcvbn-ts/core'
import { adjacencyGraphs } from '@zxcvbn-ts/language-common'
import translations from '@zxcvbn-ts/language-en/dist/translations.mjs'
import { assert, constantFrom, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { estimator } from './strength.ts'
import { wordLists } from './word-lists.ts'
import { wordMatcher } from './word-matcher.ts'
import { WordTree } from './word-tree.ts'

/** The same lists, and zxcvbn's own matchers with the hundred substitutions that it tries unless it is told otherwise. */
const itself = new ZxcvbnFactory({
  dictionary: wordLists,
  graphs: { qwerty: adjacencyGraphs.qwerty },
  translations,
  maxLength: 40,
  l33tMaxSubstitutions: 100,
})

const KNOWN = ['ann@example.com', 'ann', 'longfellow', 'meridian']
const { diceware, 'passwords-common': passwords, 'commonWords-en': words, 'firstnames-en': names } = wordLists

describe('an estimate with words that our matcher found', () => {
  test("is zxcvbn's own for everyday passwords: guesses, words and all that they consist of", () => {
    const everyday = [
      ...some(passwords, 60),
      ...some(names, 40).map((name, at) => `${name.charAt(0).toUpperCase()}${name.slice(1)}${1950 + at}`),
      ...some(words, 60).map((word, at) => `${word}${at % 2 ? '' : '-'}${words[at * 311]}!`),
      ...some(words, 40).map(backwards),
      ...some(passwords, 40).map((password, at) => `${at}${backwards(password)}`),
      ...some(diceware, 60).map((word, at) => `${word} ${diceware[at * 97]} ${diceware[at * 53]}`),
      ...some(diceware, 20).map((word, at) => `${word}${diceware[at * 97]}${word}${diceware[at * 97]}`),
      'Annlongfellow1',
      'wollefgnol99',
      'l0ngf3ll0w',
      'MERIDIAN meridian',
      'my constructor 47',
      '19.04.1987qwerty',
      'p4$$w0rd',
      'Tr0ub4dor&3',
      '|_|nder',
      'an|)rew',
      '|-|ello',
      'vvindovv',
      'pa55w0rd drow55ap',
      'p4ssp4ss',
      'lantern!orchid',
      'horse$staple@',
      'İstanbul',
      'ΟΔΟΣ odos',
      'naïve café',
      '🦉🦉 owl',
      ' ',
      '',
    ]
    for (const password of everyday) expect(estimate(estimator, password)).toEqual(estimate(itself, password))
  })

  test('is never higher, and lower only by a word written with signs that zxcvbn did not try', () => {
    some(passwords, 80).map(munged).forEach(expectNoLeniency)
    some(diceware, 40).forEach((word, at) => expectNoLeniency(`${munged(word)}${munged(words[at * 67] as string)}`))

    const anything = string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' })
    const sign = constantFrom(...'1|!<69#7204$53@+^/()[{&%>aeilnrstuv')
    const signs = string({ minLength: 1, maxLength: 24, unit: sign })
    assert(property(oneof(anything, signs), expectNoLeniency), { numRuns: 150 })
  })

  test.each([
    ['the easier of two words in one place, though zxcvbn stops at the first', 'ii1', 2 * 12 + 1, 3 * 10 + 1],
    ["zxcvbn's own where a lone sign could be a word", '1', 12, 12],
  ])('is %s', (_, password, guesses, theirGuesses) => {
    const dictionary = { list: ['i', ...some(words, 8), 'iii', 'other', 'iil'] }
    const ours = new ZxcvbnFactory({}, { dictionaryL33t: wordMatcher(new WordTree(dictionary)) })
    expect(ours.check(password).guesses).toBe(guesses)
    expect(new ZxcvbnFactory({ dictionary }).check(password).guesses).toBe(theirGuesses)
  })
})

function expectNoLeniency(password: string): void {
  const [ours, theirs] = [estimator.check(password, KNOWN), itself.check(password, KNOWN)]
  if (ours.guesses === theirs.guesses) return
  expect(ours.guesses, password).toBeLessThan(theirs.guesses)
  const tried = new Set(wordsIn(itself, theirs).map(writing))
  const missed = wordsIn(estimator, ours).filter((match) => match.l33t && !tried.has(writing(match)))
  expect(missed, password).not.toEqual([])
  for (const { dictionaryName, rank, matchedWord, token, subs } of missed) {
    expect(wordLists[dictionaryName as keyof typeof wordLists][rank - 1]).toBe(matchedWord)
    expect(token.length).toBeGreaterThan(1)
    expect(readings(token.toLowerCase(), subs)).toContain(matchedWord)
  }
}

function wordsIn(factory: ZxcvbnFactory, { sequence }: ZxcvbnResult): MatchExtended[] {
  return sequence.flatMap((match) =>
    match.pattern === 'repeat' ? wordsIn(factory, factory.check(match.baseToken)) : [match],
  )
}

function writing({ token, matchedWord }: MatchExtended): string {
  return `${token} ${matchedWord}`
}

function readings(token: string, subs: { letter: string; substitution: string }[]): string[] {
  if (token === '') return ['']
  const choices = [{ letter: token.charAt(0), substitution: token.charAt(0) }, ...subs]
  return choices
    .filter(({ substitution }) => token.startsWith(substitution))
    .flatMap(({ letter, substitution }) =>
      readings(token.slice(substitution.length), subs).map((rest) => letter + rest),
    )
}

function estimate(factory: ZxcvbnFactory, password: string) {
  const { guesses, score, feedback, sequence } = factory.check(password, KNOWN)
  return { password, guesses, score, feedback, sequence }
}

function some(list: readonly string[], many: number): string[] {
  return Array.from({ length: many }, (_, at) => list[Math.floor((at * list.length) / many)] as string)
}

function backwards(word: string): string {
  return [...word].toReversed().join('')
}

function munged(word: string): string {
  return word.replace(/[aeios]/g, (letter) => ({ a: '4', e: '3', i: '1', o: '0', s: '$' })[letter] ?? letter)
}
