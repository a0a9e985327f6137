import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { staffMember } from '../support/hostile-people.ts'
import { CHEAP_HASHES, openSite, TEST_SECRET } from '../support/site.ts'

const db = await freshDatabase()
const site = await openSite(db)
const admin = await staffMember(db, site, 'admin')
const colleague = await staffMember(db, site, 'manager')

test('the operator lists, invites, suspends, restores and changes roles, and reads of it', async () => {
  const email = canaryEmail()
  expect(await run('staff', 'invite', email, '--role', 'admin')).toMatchObject({ code: 0 })
  expect(await run('staff', 'invite', colleague.email, '--role', 'admin', '--json')).toMatchObject({
    code: 1,
    json: { outcome: 'staff-already' },
  })
  const list = await run('staff', 'list', '--json')
  expect(list.json).toMatchObject({ staff: [{}, {}], invitations: [{ email, role: 'admin' }] })

  const why = ['--reason', 'Left the house', '--json']
  expect(await run('staff', 'suspend', colleague.email, ...why)).toMatchObject({
    code: 0,
    json: { outcome: 'suspended' },
  })
  expect((await colleague.visitor.get(urls.console)).status).toBe(303)
  expect((await run('staff', 'restore', colleague.email, ...why)).json).toEqual({ outcome: 'restored' })
  expect((await run('staff', 'role', colleague.email, '--role', 'customer_care', ...why)).json).toEqual({
    outcome: 'changed',
  })
  expect(await run('staff', 'suspend', admin.email, ...why)).toMatchObject({ code: 1, json: { outcome: 'last-admin' } })
  expect(await run('staff', 'suspend', 'nobody@example.com', ...why)).toMatchObject({ code: 1 })

  const told = await run('audit', '--event', 'account-suspended')
  expect(told.out).toContain('Was suspended by the operator: Left the house.')
  expect((await run('audit', '--json', '--most', '1')).json).toMatchObject({ entries: [{ event: 'role-changed' }] })
  expect((await run('audit', '--from', 'yesterday')).code).toBe(1)
}, 60_000)

interface Ran {
  code: number
  out: string
  json: unknown
}

function run(...args: string[]): Promise<Ran> {
  const env = { ...process.env, ...CHEAP_HASHES, DATABASE_URL: db.appUrl, SECRET: TEST_SECRET }
  return new Promise((resolve) => {
    execFile(process.execPath, [join(projectRoot, 'dist/main.mjs'), ...args], { env }, (error, out) => {
      const code = error ? Number(error.code) : 0
      resolve({ code, out, json: args.includes('--json') ? JSON.parse(out || 'null') : null })
    })
  })
}
