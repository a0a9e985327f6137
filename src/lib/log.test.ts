import { spawnSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { canaryEmail } from '../../test/support/canary.ts'
import { freshDatabase } from '../../test/support/database.ts'
import { logOptions } from './log.ts'

test('P9: an error of PostgreSQL that quotes the row of a person is logged without it', async () => {
  const db = await freshDatabase()
  const email = canaryEmail()
  const error = await db
    .query(
      `insert into accounts (id, kind, first_name, last_name, email) values (gen_random_uuid(), 'customer', '', '', $1)`,
      [email],
    )
    .catch((reason: unknown) => reason)
  expect(JSON.stringify(error)).toContain(email)

  const written = new PassThrough()
  pino(logOptions, written).error({ err: error }, 'an unexpected error')
  const line = String(written.read())
  expect(line).toContain('accounts_can_be_named')
  expect(line).toContain('23514')
  expect(line).not.toContain(email)
})

/** What a process of its own writes that opens a log, and does `deed` with it. */
function written(deed: string): string[] {
  const program = `const { openLog } = await import('./log.ts'); const log = await openLog('info', false); ${deed}`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg)
}

test.each([
  ['comes to its end', ''],
  ['exits at once', 'process.exit(1)'],
  ['dies of an exception', `throw new Error('nobody catches this')`],
  ['dies of a rejection', `await Promise.reject(new Error('nor this'))`],
])('a process that %s has written its last lines', (_, end) => {
  expect(written(`log.info('one'); log.info('two'); ${end}`)).toEqual(['one', 'two'])
})

test('what is fatal is written before anything else happens', () => {
  expect(written(`log.info('one'); log.fatal('two'); process.kill(process.pid, 'SIGKILL')`)).toEqual(['one', 'two'])
})

test('more than a turn may hold back is written whole, in its order', () => {
  const lines = written(`for (let at = 0; at < 5000; at += 1) log.info(at + ' '.repeat(200)); process.exit(0)`)
  expect(lines.map(Number)).toEqual(Array.from({ length: 5000 }, (_, at) => at))
})
