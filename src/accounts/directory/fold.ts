/** Letters that Unicode does not take apart, and what people type in their place. */
const SPELT: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ŧ: 't',
  þ: 'th',
}

/** Longer runs of letters are nobody's name, and cut here on both sides of the comparison. */
const LONGEST_WORD = 40

/** Of a very long text no more is looked at: enough for every name, address and company that an account can hold. */
const MOST_FOLDED = 2000

/** What is typed of a beginning of a word, a fragment of one, and a word with a typo, at least. */
const SHORTEST_FRAGMENT = 3
const SHORTEST_WITH_TYPO = 4
const LONGEST_WITH_TYPO = 24

/** Lower case without marks, so that Łukasz, lukasz and LUKASZ are one, and İ, I, ı and i too. */
export function folded(text: string): string {
  const plain = text
    .toWellFormed()
    .slice(0, MOST_FOLDED)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
  return plain.replace(/[ßæœøđðħıłŧþ]/g, (letter) => SPELT[letter] ?? letter)
}

/** The words of a text, folded: each run of letters and each run of digits is one, in order, none twice. */
export function wordsOf(...texts: readonly (string | null)[]): string[] {
  const runs = texts.flatMap((text) => (text === null ? [] : (folded(text).match(/\p{L}+|\p{Nd}+/gu) ?? [])))
  return [...new Set(runs.map((run) => cut(run)))]
}

/** The keys under which a word is found: itself, its endings, and what is left of it when one letter is missing. Digits are found by their beginning alone. */
export function keysOf(word: string): string[] {
  if (/^\d/.test(word)) return [beginning(word)]
  const letters = [...word]
  const endings = letters.map((_, from) => letters.slice(from).join('')).slice(1)
  return [
    beginning(word),
    ...endings.filter((ending) => [...ending].length >= SHORTEST_FRAGMENT).map((ending) => `-${ending}`),
    ...typoKeysOf(word),
  ]
}

/** Two words share one of these if they differ by one letter: missing, added, wrong, or swapped with its neighbour. */
export function typoKeysOf(word: string): string[] {
  const letters = [...word]
  if (letters.length < SHORTEST_WITH_TYPO || letters.length > LONGEST_WITH_TYPO) return []
  return [...new Set([word, ...letters.map((_, at) => letters.toSpliced(at, 1).join(''))])].map((rest) => `~${rest}`)
}

/** Where in the order of keys the words with this beginning stand, and those with this fragment, if it is long enough. */
export function beginning(text: string): string {
  return `^${text}`
}

export function fragment(text: string): string | null {
  return [...text].length >= SHORTEST_FRAGMENT ? `-${text}` : null
}

/** The digits of what was typed as a number, without the zeros that a country or an exchange puts before it. Null if it is none. */
export function phoneDigits(text: string): string | null {
  const plain = text.slice(0, 100).normalize('NFKC')
  if (!/^[\s\d+()./-]+$/.test(plain)) return null
  const digits = plain.replace(/\D/g, '').replace(/^0+/, '')
  return digits.length >= 4 && digits.length <= 15 ? digits : null
}

function cut(run: string): string {
  return run.length <= LONGEST_WORD ? run : [...run].slice(0, LONGEST_WORD).join('')
}
