import { afterEach, expect, test, vi } from 'vitest'
import { Turnstile } from './turnstile.ts'

afterEach(() => vi.useRealTimers())

test('lets in as many as fit in a slice of a turn of the event loop, in the order in which they came', async () => {
  const { turnstile, seen, come } = turnstileOf(() => 0)
  come('first', 'second', 'third')
  expect(seen, 'nobody at once').toEqual([])
  await nextTurn()
  expect(seen).toEqual(['first', 'second', 'third'])

  for (const name of ['slow', 'slower', 'slowest']) turnstile.pass(name, () => (busyFor(2), seen.push(name)))
  const seenAfter: number[] = []
  for (let turn = 0; turn < 4; turn += 1) {
    await nextTurn()
    seenAfter.push(seen.length - 3)
  }
  expect(seenAfter).toEqual([1, 2, 3, 3])

  turnstile.pass('later', () => seen.push('later'))
  await nextTurn()
  expect(seen.at(-1)).toBe('later')
})

test('lets in no more than the pace allows, and at once when it no longer matters', async () => {
  vi.useFakeTimers()
  let pace = 0
  const { seen, come } = turnstileOf(() => pace)
  come('nobody waits yet')
  await vi.advanceTimersByTimeAsync(1)
  expect(seen.length).toBe(1)
  pace = 20
  come(...Array.from({ length: 50 }, (_, index) => `of a crowd ${index}`))
  await vi.advanceTimersByTimeAsync(200)
  expect(seen.length).toBeGreaterThanOrEqual(10)
  expect(seen.length).toBeLessThanOrEqual(12)
  pace = 0
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.length).toBe(51)
})

test('a pace shorter than a timer can be is kept all the same', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  const { seen, come } = turnstileOf(() => 0.25)
  come(...Array.from({ length: 1000 }, (_, index) => `of a crowd ${index}`))
  for (let millisecond = 0; millisecond < 100; millisecond += 1) {
    await vi.advanceTimersByTimeAsync(1)
    for (let turn = 0; turn < 8; turn += 1) await nextTurn()
  }
  expect(seen.length).toBeGreaterThan(350)
  expect(seen.length).toBeLessThan(450)
})

test('somebody of another party does not wait for the hundred of the first', async () => {
  const { turnstile, seen } = turnstileOf(() => 0)
  for (let index = 0; index < 100; index += 1) turnstile.pass('flood', () => seen.push('flood'))
  turnstile.pass('shop', () => seen.push('shop'))
  for (let turn = 0; turn < 3; turn += 1) await nextTurn()
  expect(seen).toContain('shop')
})

test('who has left is not let in, and keeps nobody waiting', async () => {
  const { turnstile, seen } = turnstileOf(() => 0)
  const leave = ['first', 'second'].map((name) => turnstile.pass(name, () => seen.push(name)))
  turnstile.pass('third', () => seen.push('third'))
  for (const one of leave) one()
  await nextTurn()
  expect(seen).toEqual(['third'])
})

function turnstileOf(pace: () => number) {
  const turnstile = new Turnstile<string>(pace)
  const seen: string[] = []
  const come = (...names: string[]) => {
    for (const name of names) turnstile.pass(name, () => seen.push(name))
  }
  return { turnstile, seen, come }
}

function busyFor(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;) continue
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
