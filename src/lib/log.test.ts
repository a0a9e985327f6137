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
