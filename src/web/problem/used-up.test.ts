import { expect, test } from 'vitest'
import { UsedUp } from './used-up.ts'

test('twenty in a row are remembered, of each alone, until another answer comes', () => {
  const usedUp = new UsedUp()
  for (let more = 0; more < 19; more += 1) usedUp.note('flood', 429)
  expect(usedUp.has('flood')).toBe(false)
  usedUp.note('flood', 429)
  expect([usedUp.has('flood'), usedUp.has('shop')]).toEqual([true, false])
  usedUp.note('flood', 303)
  expect(usedUp.has('flood')).toBe(false)
  usedUp.note('flood', 429)
  expect(usedUp.has('flood')).toBe(false)
})

test('however many networks come, no more than so many are remembered', () => {
  const usedUp = new UsedUp()
  for (let more = 0; more < 20; more += 1) usedUp.note('first', 429)
  for (let other = 0; other < 5000; other += 1) usedUp.note(`network ${other}`, 429)
  expect(usedUp.has('first')).toBe(false)
})
