import { describe, expect, test } from 'vitest'
import { readAudit, readAuditFilter } from '../../src/audit/reader.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, customer, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'

const db = await freshDatabase()
const site = await openSite(db)
const manager = await staffMember(db, site, 'manager')
const person = await customer(site)
const id = await accountId(db, person.email)
await person.visitor.submit(urls.customerProfile, { first_name: 'Zora', last_name: 'Zimmer', email: person.email })

describe('the record', () => {
  test('cannot be altered, thinned or emptied by the application’s role', async () => {
    const client = await connectionTo(db.appUrl)
    for (const statement of [
      `update audit_events set event = 'signed-in'`,
      `delete from audit_events`,
      `truncate audit_events`,
      `drop table audit_events`,
      `alter table audit_events add column more text`,
      `insert into audit_events (id, event) overriding system value values (1, 'signed-in')`,
    ]) {
      await expect(client.query(statement), statement).rejects.toMatchObject({
        code: expect.stringMatching(/^(42501|23505)$/),
      })
    }
  })

  test('masks names and networks until they are asked for, and records that they were shown', async () => {
    const masked = await manager.visitor.get(urls.audit)
    expect(masked.body).toContain('Registered as a customer.')
    expect(masked.body).not.toContain('Zimmer')
    expect(masked.body).not.toContain(person.visitor.network)
    const events = await auditDuring(db, async () => {
      const shown = await manager.visitor.submit(urls.audit, { act: 'show' })
      expect(shown.body).toContain('Zimmer')
      expect(shown.body).toContain(person.visitor.network)
    })
    expect(events.map(({ event, details }) => [event, Number(details['count']) > 2])).toEqual([['audit-shown', true]])
  })

  test('is found by event, person, actor and day, with no address in a URL', async () => {
    const found = await manager.visitor.submit(urls.audit, {
      act: 'find',
      person: person.email,
      event: 'profile-changed',
    })
    expect(found.headers.location).toBe(`${urls.audit}?event=profile-changed&person=${id}`)
    const { body } = await manager.visitor.get(found.headers.location as string)
    expect(body).toContain('Changed the profile')
    expect(body).not.toContain('Registered as a customer.')
    const none = await manager.visitor.submit(urls.audit, { act: 'find', person: 'nobody@example.com' })
    expect([none.status, none.body.includes('No account has this address or id.')]).toEqual([422, true])
    const long = readAuditFilter({ until: '2001-01-01' })
    expect((await readAudit(db.database, long, null)).entries).toEqual([])
    expect(readAuditFilter({ from: '2026-02-31', person: `x' or true`, event: 'none' })).toEqual({
      event: null,
      person: null,
      actor: null,
      from: null,
      until: null,
    })
  })

  test('is paged without gap or repetition', async () => {
    const all = (await readAudit(db.database, readAuditFilter({}), null, 1000)).entries.map((entry) => entry.id)
    const walked: string[] = []
    let before: string | null = null
    do {
      const page: Awaited<ReturnType<typeof readAudit>> = await readAudit(db.database, readAuditFilter({}), before, 2)
      walked.push(...page.entries.map((entry) => entry.id))
      before = page.earlier
    } while (before !== null)
    expect(walked).toEqual(all)
  })
})
