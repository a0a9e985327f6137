import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'
import type { Summary } from '../../src/torture/summary.ts'
import { freshDatabase } from '../support/database.ts'
import { ownFolder } from '../support/folder.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const folder = ownFolder()
await new Visitor(site).register()

describe('meridian torture', () => {
  test('refuses what is not marked as staging, and makes nothing', async () => {
    const { code, stderr } = await meridian('--url', site.url, '--database', db.appUrl)
    expect(code).toBe(1)
    expect(stderr).toContain('not marked as staging')
    expect(stderr).toContain('(storm-refused)')
    expect(await db.count('accounts')).toBe(1)
  })

  test('marks only for somebody who knows how many accounts there are', async () => {
    const { code, stderr } = await meridian('mark-staging', '--url', site.url, '--database', db.superuserUrl)
    expect(code).toBe(1)
    expect(stderr).toContain('--accounts 1')
    expect((await meridian('--url', site.url, '--database', db.appUrl)).code).toBe(1)
  })

  test('storms what is marked, reports, and leaves only what was there', async () => {
    const marked = ['mark-staging', '--url', site.url, '--database', db.superuserUrl, '--accounts', '1']
    expect(await meridian(...marked)).toMatchObject({ code: 0 })
    const report = join(folder, 'storm.html')
    const storm = ['--url', site.url, '--database', db.appUrl, '--seconds', '2', '--people', '4', '--report', report]
    const { code, stdout, stderr } = await meridian(...storm, '--json')
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const { acts, verdicts } = JSON.parse(stdout) as Summary
    expect(acts.done).toBeGreaterThan(0)
    expect(verdicts.filter(({ holds }) => holds === false)).toEqual([])
    expect(verdicts.filter(({ holds }) => holds === true).length).toBeGreaterThanOrEqual(8)
    expect(readFileSync(report, 'utf8')).toContain('Everything held')
    expect(await db.count('accounts')).toBe(1)
    expect(await db.count('customer_profiles')).toBe(1)
  })

  test('refuses a site that the mark does not name, and what is unmarked again', async () => {
    const other = await meridian('--url', 'https://accounts.example.com', '--database', db.appUrl)
    expect(other.code).toBe(1)
    expect(other.stderr).toContain(`marked for ${site.url}`)
    expect(await meridian('unmark-staging', '--database', db.superuserUrl)).toMatchObject({ code: 0 })
    expect((await meridian('--url', site.url, '--database', db.appUrl)).stderr).toContain('not marked')
  })
})

function meridian(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = [join(projectRoot, 'dist/main.mjs'), 'torture', ...args]
    execFile(process.execPath, command, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}
