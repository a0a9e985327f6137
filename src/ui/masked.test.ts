import { assert, emailAddress, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskedEmail, maskedPhone } from './masked.ts'

describe('14.2.6 a masked address', () => {
  test.each([
    ['ann.archer@example.com', 'a…r@example.com'],
    ['anna@example.com', 'a…a@example.com'],
    ['ann@example.com', 'a…@example.com'],
    ['an@example.com', 'a…@example.com'],
    ['a@example.com', '…@example.com'],
    ['@example.com', '…@example.com'],
    ['no address at all', '…'],
  ])('%s reads %s', (address, masked) => expect(maskedEmail(address)).toBe(masked))

  test('tells two characters of the name at most, and not how many there are', () => {
    assert(
      property(emailAddress(), (address) => {
        const name = maskedEmail(address).split('@')[0] as string
        expect(name).toMatch(/^.?….?$/u)
        expect(name.replace('…', '').length).toBeLessThan(address.lastIndexOf('@'))
      }),
    )
  })
})

describe('14.2.6 a masked number', () => {
  test.each([
    ['+442079460958', '+44 … 58'],
    ['+12025550143', '+1 … 43'],
    ['+999', '… 99'],
  ])('%s reads %s', (number, masked) => expect(maskedPhone(number)).toBe(masked))
})
