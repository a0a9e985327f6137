import { expect, test } from 'vitest'
import { Turnstile } from './turnstile.ts'

test('lets in one in each turn of the event loop, in the order in which they came', async () => {
  const turnstile = new Turnstile()
  const seen: string[] = []
  for (const name of ['first', 'second', 'third']) turnstile.pass(() => seen.push(name))
  expect(seen).toEqual([])
  const seenAfter: string[][] = []
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    seenAfter.push([...seen])
  }
  expect(seenAfter.map(({ length }) => length)).toEqual([1, 2, 3, 3])
  expect(seen).toEqual(['first', 'second', 'third'])

  turnstile.pass(() => seen.push('later'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen.at(-1)).toBe('later')
})
