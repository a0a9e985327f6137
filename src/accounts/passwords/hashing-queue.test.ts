import { describe, expect, test } from 'vitest'
import { HashingQueue } from './hashing-queue.ts'

describe('15.2.2 the hashing queue', () => {
  test('runs as many at once as there are lanes, in the order in which they came', async () => {
    const queue = new HashingQueue({ lanes: 2 })
    const hashes = Array.from({ length: 6 }, () => held(queue))
    expect(hashes.map(({ began }) => began())).toEqual([false, false, false, false, false, false])
    await settle()
    expect(hashes.map(({ began }) => began())).toEqual([true, true, false, false, false, false])
    hashes[1]?.finish()
    await settle()
    expect(hashes.map(({ began }) => began())).toEqual([true, true, true, false, false, false])
    for (const { finish } of hashes) finish()
    await Promise.all(hashes.map(({ done }) => done))
  })

  test('refuses at once who would find it full', async () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 2 })
    const hashes = Array.from({ length: 3 }, () => held(queue))
    await settle()
    expect(queue.waiting).toBe(2)
    await expect(queue.run(async () => 'late')).rejects.toMatchObject({ code: 'hashing-busy' })
    for (const { finish } of hashes) finish()
    await Promise.all(hashes.map(({ done }) => done))
    expect(await queue.run(async () => 'in time')).toBe('in time')
  })

  test('lets nobody wait longer than its patience', async () => {
    const queue = new HashingQueue({ lanes: 1, patience: 10 })
    const first = held(queue)
    await expect(queue.run(async () => 'too late')).rejects.toMatchObject({ code: 'hashing-busy' })
    expect(queue.waiting).toBe(0)
    first.finish()
    await first.done
  })

  test('frees the lane of a hash that failed', async () => {
    const queue = new HashingQueue({ lanes: 1 })
    await expect(queue.run(() => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory')
    expect(await queue.run(async () => 'next')).toBe('next')
  })
})

/** A hash that takes until it is told to finish. */
function held(queue: HashingQueue) {
  let began = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = queue.run(() => {
    began = true
    return promise
  })
  return { began: () => began, finish: resolve, done }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
