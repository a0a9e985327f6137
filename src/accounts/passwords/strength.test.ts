import { describe, expect, test } from 'vitest'
import { estimateStrength, STRONG_ENOUGH } from './strength.ts'

describe('the strength of a password', () => {
  test.each([
    ['a word', 'abacus', 1],
    ['two words in a row, from the beginning of the alphabet', 'abacusabdomen', 2],
    ['three of them', 'abacus abdomen abide', 4],
    ['a name and a year', 'Christopher1987', 1],
  ])('of %s', (_, password, score) => {
    expect(estimateStrength(password, []).score).toBe(score)
  })

  test.each(['l0ngf3ll0w', 'wollefgnoL', 'Longfellow', 'longfellow1'])(
    '%s is weak for whoever knows the name',
    (password) => {
      expect(estimateStrength(password, ['Ann Longfellow']).score).toBeLessThan(STRONG_ENOUGH - 1)
    },
  )

  test('and why it is weak, in words', () => {
    expect(estimateStrength('p4$$w0rd', [])).toMatchObject({
      warning: 'This is similar to a commonly used password.',
      suggestions: expect.arrayContaining([expect.stringContaining('predictable letter substitutions')]),
    })
  })
})
