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
    expect(new Set(threads.map((thread) => getPriority(thread)))).toEqual(new Set([19]))
    expect(getPriority(process.pid), 'and that one stays where it is').toBeLessThan(19)
    expect(lowerPoolThreads, 'and again, as by another instance').not.toThrow()
  },
)
