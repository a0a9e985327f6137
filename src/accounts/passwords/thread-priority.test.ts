import { getPriority } from 'node:os'
import { expect, test } from 'vitest'
import { lowerPoolThreads, poolThreads } from './thread-priority.ts'
import { Passwords } from './passwords.ts'

test.runIf(process.platform === 'linux')(
  'once the first hash is done, the threads that hash stand back behind the one that answers',
  async () => {
    const passwords = new Passwords({ memoryKib: 1024, passes: 1 })
    expect(await passwords.verify(null, 'nobody has this password', null)).toBe(false)
    const threads = poolThreads()
    expect(threads.length).toBeGreaterThan(0)
    const own = getPriority(process.pid)
    expect(threads.map((thread) => getPriority(thread))).toEqual(threads.map(() => Math.min(19, own + 10)))
    expect(lowerPoolThreads, 'and again, as by another instance').not.toThrow()
  },
)
