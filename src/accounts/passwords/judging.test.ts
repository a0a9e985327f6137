import { readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, test } from 'vitest'
import { judged } from './judging.ts'
import { poolThreads } from './thread-priority.ts'

test('a password is judged knowing the words, and those that many people use are told from weak ones', async () => {
  expect(await judged('Passw0rd', [])).toMatchObject({ common: true })
  expect(await judged('zzzzzzzzzzzz', [])).toMatchObject({ common: false, weak: true })
  expect(await judged('quartzmeadowlantern', [])).toEqual({ common: false, weak: false, warning: null })
  expect(await judged('quartzmeadow', ['quartzmeadow'])).toMatchObject({ weak: true })
})

test('each question gets its own answer, however many are asked at once', async () => {
  const asked = Array.from({ length: 50 }, (_, at) => (at % 3 === 0 ? 'dragon' : `${at} quartz meadow lantern`))
  const answers = await Promise.all(asked.map((password) => judged(password, [])))
  expect(answers.map(({ common }) => common)).toEqual(asked.map((password) => password === 'dragon'))
})

test('others are served while a password is judged', async () => {
  await judged('warm up', [])
  let turns = 0
  const count = () => setImmediate(() => ((turns += 1), count())).unref()
  count()
  await judged('0aA1bB2cC3dD4eE5fF6gG7hH8iI9jJ0kK1lL2mM', [])
  expect(turns).toBeGreaterThan(0)
})

test.runIf(process.platform === 'linux')('the thread that judges stands back behind the one that answers', async () => {
  await judged('warm up', [])
  const hashing = new Set(poolThreads())
  const others = readdirSync('/proc/self/task')
    .map(Number)
    .filter((thread) => !hashing.has(thread))
  expect(others.filter((thread) => getPriority(thread) === 19)).toHaveLength(1)
})

test('whoever asks a thread that fails is told, and the next question has a new one', async () => {
  const [broken, beside] = await Promise.allSettled([judged(undefined as never, []), judged('dragon', [])])
  expect([broken.status, beside.status]).toEqual(['rejected', 'rejected'])
  const isCommon = () => judged('dragon', []).then(({ common }) => common)
  await expect.poll(isCommon, { timeout: 20_000 }).toBe(true)
})
