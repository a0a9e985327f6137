import { afterEach, describe, expect, test, vi } from 'vitest'
import { HashingQueue, type Party } from './hashing-queue.ts'

afterEach(() => vi.useRealTimers())

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
    await expect(queue.run(null, async () => 'late')).rejects.toMatchObject({ code: 'hashing-busy' })
    for (const { finish } of hashes) finish()
    await Promise.all(hashes.map(({ done }) => done))
    expect(await queue.run(null, async () => 'in time')).toBe('in time')
  })

  test('lets nobody wait longer than its patience', async () => {
    const queue = new HashingQueue({ lanes: 1, patience: 10 })
    const first = held(queue)
    await expect(queue.run(null, async () => 'too late')).rejects.toMatchObject({ code: 'hashing-busy' })
    expect(queue.waiting).toBe(0)
    first.finish()
    await first.done
  })

  test('frees the lane of a hash that failed', async () => {
    const queue = new HashingQueue({ lanes: 1 })
    await expect(queue.run(null, () => Promise.reject(new Error('no memory')))).rejects.toThrow('no memory')
    expect(await queue.run(null, async () => 'next')).toBe('next')
  })
})

describe('fairness among networks', () => {
  test('lines are served in turns: one of another network does not wait for the hundred of the first', async () => {
    const queue = new HashingQueue({ lanes: 1 })
    const served: string[] = []
    const come = (party: string) => queue.run(party, async () => void served.push(party))
    const all = [...Array.from({ length: 100 }, () => come('flood')), come('shop'), come('home'), come('shop')]
    await Promise.all(all)
    expect(served.slice(0, 7)).toEqual(['flood', 'flood', 'shop', 'home', 'flood', 'shop', 'flood'])
    expect(served.length).toBe(103)
    expect(queue.waiting).toBe(0)
  })

  test('when all places are taken, the last of the longest line makes room for a shorter one, and never the other way round', async () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 4 })
    const flood = Array.from({ length: 5 }, () => held(queue, 'flood'))
    const outcomes = flood.map(({ done }) =>
      done.then(
        () => 'served',
        (fault: { code: string }) => fault.code,
      ),
    )
    await settle()
    expect(queue.refuses('flood')).toBe(true)
    await expect(queue.run('flood', async () => 'one more')).rejects.toMatchObject({ code: 'hashing-busy' })

    expect(queue.refuses('shop')).toBe(false)
    const shop = held(queue, 'shop')
    await settle()
    expect(queue.waiting).toBe(4)
    for (const { finish } of [...flood, shop]) finish()
    await shop.done
    expect(await Promise.all(outcomes)).toEqual(['served', 'served', 'served', 'served', 'hashing-busy'])
  })

  test('however many networks come, no more wait than there are places', async () => {
    const queue = new HashingQueue({ lanes: 2, mostWaiting: 50 })
    const hashes = Array.from({ length: 1000 }, (_, index) => held(queue, `network ${index}`))
    const outcomes = hashes.map(({ done }) =>
      done.then(
        () => 'served',
        (fault: { code: string }) => fault.code,
      ),
    )
    await settle()
    expect(queue.waiting).toBe(50)
    for (const { finish } of hashes) finish()
    const refused = (await Promise.all(outcomes)).filter((outcome) => outcome === 'hashing-busy')
    expect(refused.length).toBe(1000 - 52)
    expect(queue.waiting).toBe(0)
    expect(queue.refuses('network 1')).toBe(false)
    expect(await queue.run('network 1', async () => 'at once')).toBe('at once')
  })

  test('who is refused for the length of the wait is so by their own line, not by that of the flood', async () => {
    const queue = new HashingQueue({ lanes: 1, patience: 10_000 })
    await queue.run(null, () => new Promise((resolve) => setTimeout(resolve, 30)))
    const flood: ReturnType<typeof held>[] = []
    while (!queue.refuses('flood')) flood.push(held(queue, 'flood'))
    expect(queue.refuses('shop')).toBe(false)
    for (const { finish } of flood) finish()
    await Promise.all(flood.map(({ done }) => done))
  })
})

describe('at the door', () => {
  test('who has been let in counts before they are in line, and no longer when they leave', async () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 2 })
    const leave = Array.from({ length: 3 }, () => queue.admit('flood'))
    expect(leave.every((one) => one !== null)).toBe(true)
    expect(queue.waiting).toBe(0)
    expect(queue.admit('flood')).toBeNull()
    leave[0]?.()
    expect(queue.admit('flood')).not.toBeNull()
  })

  test('of a thousand at the same moment no more go in than can be served in bearable time', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 2, bearable: 1000 })
    await twentyMilliseconds(queue)
    const inside = Array.from({ length: 1000 }, (_, index) => queue.admit(`network ${index}`)).filter(Boolean)
    expect(inside.length).toBe(100)
  })

  test('somebody of another network is let in, however many of the flood are on the way', () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 100 })
    while (queue.admit('flood')) continue
    expect(queue.admit('shop')).not.toBeNull()
    expect(queue.admit('flood')).toBeNull()
  })

  test('they come twice as fast as they are served while somebody waits, and four times when nobody does', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 2 })
    expect(queue.pace, 'as fast as they can, while it is not known').toBe(0)
    await twentyMilliseconds(queue)
    expect(queue.pace).toBeCloseTo(2.5)
    for (let come = 0; come < 3; come += 1) void hashFor20(queue, null)
    expect(queue.waiting).toBe(1)
    expect(queue.pace).toBeCloseTo(5)
    await vi.runAllTimersAsync()
    expect(queue.pace).toBeCloseTo(2.5)
  })

  test('when all have left who were inside, the next crowd finds the places that there were', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 2, bearable: 1000 })
    await twentyMilliseconds(queue)
    const crowd = () =>
      Array.from({ length: 1000 }, (_, at) => queue.admit(`network ${at}`)).filter((leave) => leave !== null)
    const first = crowd()
    for (const leave of first) leave()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(crowd().length).toBe(first.length)
  })

  test('but those who overtake are bounded too', () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 100 })
    while (queue.admit('flood')) continue
    const others = Array.from({ length: 1000 }, (_, index) => queue.admit(`network ${index}`)).filter(Boolean)
    expect(others.length).toBe(64)
  })

  test('where refusals go on, lines are kept short, until nobody waits any more', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 1, bearable: 1000, passing: 5000 })
    await twentyMilliseconds(queue)
    let come = 0
    const newcomers = (count: number) => {
      for (let more = 0; more < count; more += 1) void hashFor20(queue, `network ${(come += 1)}`).catch(() => null)
    }
    newcomers(200)
    expect(queue.waiting, 'a crowd').toBe(50)
    for (let step = 0; step < 300; step += 1) {
      await vi.advanceTimersByTimeAsync(20)
      newcomers(20)
    }
    expect(queue.waiting, 'a flood').toBe(10)
    await vi.advanceTimersByTimeAsync(500)
    expect(queue.waiting, 'is over within a fifth of the time').toBe(0)
    newcomers(200)
    expect(queue.waiting, 'and another crowd').toBe(50)
    await vi.runAllTimersAsync()
  })
})

describe('a core for the answers', () => {
  test('in a flood one lane less hashes, also for newcomers, and all of them do again when it is over', async () => {
    const queue = new HashingQueue({ lanes: 3, mostWaiting: 10 })
    const crowd = Array.from({ length: 8 }, () => held(queue))
    await settle()
    expect(underWay(crowd), 'while everybody has a place').toBe(3)
    refuse(100, queue)
    crowd[0]?.finish()
    await settle()
    expect(underWay(crowd), 'one lane is closed').toBe(2)
    crowd.push(held(queue))
    await settle()
    expect(underWay(crowd), 'to newcomers too').toBe(2)
    for (const { finish } of crowd) finish()
    await Promise.all(crowd.map(({ done }) => done))
    for (let served = 0; served < 20; served += 1) await queue.run(null, async () => {})
    const later = Array.from({ length: 4 }, () => held(queue))
    await settle()
    expect(underWay(later), 'and is open again').toBe(3)
    for (const { finish } of later) finish()
    await Promise.all(later.map(({ done }) => done))
  })

  test('who is refused in line counts like who is at the door', async () => {
    const queue = new HashingQueue({ lanes: 2, mostWaiting: 2 })
    const crowd = Array.from({ length: 4 }, () => held(queue))
    await settle()
    for (let refused = 0; refused < 100; refused += 1)
      await expect(queue.run(null, async () => {})).rejects.toMatchObject({ code: 'hashing-busy' })
    crowd[0]?.finish()
    await settle()
    expect(underWay(crowd)).toBe(1)
    for (const { finish } of crowd) finish()
    await Promise.all(crowd.map(({ done }) => done))
  })

  test('those who come, and those who are let wait, are as many as the open lanes can serve', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 2, bearable: 1000 })
    await twentyMilliseconds(queue)
    for (let come = 0; come < 3; come += 1) void hashFor20(queue, null)
    refuse(100, queue)
    await vi.advanceTimersByTimeAsync(20)
    void hashFor20(queue, null)
    expect(queue.waiting).toBe(1)
    expect(queue.pace).toBeCloseTo(10)
    while (!queue.refuses('another')) void hashFor20(queue, `network ${queue.waiting}`)
    expect(queue.waiting).toBe(50)
    await vi.runAllTimersAsync()
  })

  test('a crowd of which a few are refused keeps every lane', async () => {
    const queue = new HashingQueue({ lanes: 2, mostWaiting: 50 })
    const crowd = Array.from({ length: 20 }, () => held(queue))
    await settle()
    for (const { finish } of crowd.slice(0, 10)) {
      refuse(1, queue)
      finish()
      await settle()
    }
    expect(underWay(crowd)).toBe(2)
    for (const { finish } of crowd) finish()
    await Promise.all(crowd.map(({ done }) => done))
  })

  test('nobody who waits already is refused for it: the lane closes when the others can serve all in time', async () => {
    vi.useFakeTimers()
    const queue = new HashingQueue({ lanes: 2, bearable: 1000, patience: 1600 })
    await twentyMilliseconds(queue)
    const crowd: Promise<unknown>[] = []
    while (!queue.refuses(null)) crowd.push(hashFor20(queue, null))
    const served = Promise.all(crowd)
    for (let step = 0; step < 100; step += 1) {
      refuse(20, queue)
      await vi.advanceTimersByTimeAsync(20)
    }
    await vi.runAllTimersAsync()
    await served
    expect(crowd.length).toBeGreaterThan(90)
  })

  test('the only lane stays open', async () => {
    const queue = new HashingQueue({ lanes: 1, mostWaiting: 1 })
    const crowd = Array.from({ length: 2 }, () => held(queue))
    await settle()
    refuse(100, queue)
    for (const { finish } of crowd) finish()
    await Promise.all(crowd.map(({ done }) => done))
    expect(await queue.run(null, async () => 'served')).toBe('served')
  })
})

/** So many are turned away at the door, of one network that is there often enough. */
function refuse(count: number, queue: HashingQueue): void {
  while (queue.admit('flood')) continue
  for (let more = 1; more < count; more += 1) expect(queue.admit('flood')).toBeNull()
}

function hashFor20(queue: HashingQueue, party: Party): Promise<unknown> {
  return queue.run(party, () => new Promise((resolve) => setTimeout(resolve, 20)))
}

/** What the queue takes for the time of a hash. */
async function twentyMilliseconds(queue: HashingQueue): Promise<void> {
  const first = hashFor20(queue, null)
  await vi.advanceTimersByTimeAsync(20)
  await first
}

/** A hash that takes until it is told to finish. */
function held(queue: HashingQueue, party: Party = null) {
  let began = false
  let isOver = false
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = queue
    .run(party, () => {
      began = true
      return promise
    })
    .finally(() => (isOver = true))
  return { began: () => began, isOver: () => isOver, finish: resolve, done }
}

function underWay(hashes: readonly ReturnType<typeof held>[]): number {
  return hashes.filter(({ began, isOver }) => began() && !isOver()).length
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
