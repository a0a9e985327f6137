import { expect, test, describe } from 'vitest'
import { Connection } from '../../src/database/connection.ts'
import { expectedSchema, expectedGrants } from '../../src/database/expected-schema.ts'
import { examine, invariantsOf } from '../../src/operations/doctor/doctor.ts'
import { keepVerdict, lastVerdict } from '../../src/operations/doctor/verdicts.ts'
import { sql } from '../../src/database/sql.ts'
import { keepHouse } from '../../src/operations/housekeeping/housekeeping.ts'
import { firstIdAt } from '../../src/lib/random.ts'
import { DAY, MINUTE, SECOND } from '../../src/lib/time.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const invariants = invariantsOf({ mailServer: true })
const patience = { patience: MINUTE }

describe('the doctor', () => {
  test('finds a database sound in which people registered', async () => {
    for (let n = 0; n < 3; n += 1) {
      const visitor = new Visitor(site)
      const { status } = await visitor.submit(urls.customerRegistration, registrationForm())
      expect(status).toBe(303)
    }
    const { findings, sound, asked } = await examine(db.database, invariants, patience)
    expect(findings).toEqual([])
    expect(sound).toBe(true)
    expect(asked).toBe(invariants.length)
  })

  test('has an invariant for every table, each by a name of its own', () => {
    const names = invariants.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('one-account-per-address')
    expect(names).toContain('one-profile-of-its-kind')
    for (const { name } of expectedSchema()) {
      expect(names, name).toContain(`${name.replaceAll('_', '-')}-are-well-formed`)
    }
    expect(expectedGrants().some(({ relation }) => relation === 'audit_events')).toBe(true)
  })

  test('takes no lock that anybody waits for, and waits for none: it says what it could not ask', async () => {
    const holder = await connectionTo(db.ownerUrl)
    await holder.query('begin; lock table letters in access exclusive mode')
    const { findings } = await examine(db.database, invariants, { patience: SECOND })
    await holder.query('rollback')
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.map(({ unasked }) => unasked)).toEqual(findings.map(() => expect.stringContaining('timeout')))
  })

  test('can write nothing while it asks', async () => {
    const connection = await Connection.open(db.appUrl, 'a test')
    const [first] = invariants
    const writing = {
      ...(first as (typeof invariants)[0]),
      offenders: sql`select nextval('audit_events_id_seq')::text as subject, 'x' as found`,
    }
    const { findings } = await examine(connection, [writing], patience)
    expect(findings[0]?.unasked).toMatch(/read-only|permission denied/)
    await connection.close()
  })

  test('keeps its verdict, which holds nothing that somebody typed', async () => {
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(`alter table accounts drop constraint accounts_email_canonical_key`)
    await owner.query(`update accounts set email_canonical = (select min(email_canonical) from accounts)`)
    const examination = await examine(db.database, invariants, patience)
    await keepVerdict(db.database, examination)
    const verdict = await lastVerdict(db.database)
    expect(verdict?.sound).toBe(false)
    expect(verdict?.findings.map(({ invariant, count }) => [invariant, count])).toEqual([
      ['constraints-in-place', 1],
      ['one-account-per-address', 2],
      ['addresses-are-canonical', 2],
    ])
    expect(JSON.stringify(verdict)).not.toContain('@')
  })

  test('keeps verdicts for ninety days, and the last one always', async () => {
    const owner = await connectionTo(db.ownerUrl)
    await owner.query('delete from verdicts')
    for (const days of [200, 100]) {
      await owner.query(
        `insert into verdicts (id, given_at, sound, asked, findings) values ($1, now() - $2 * interval '1 day', true, 1, '[]')`,
        [firstIdAt(new Date(Date.now() - days * DAY)), days],
      )
    }
    expect((await keepHouse(db.database)).removed.verdicts).toBe(1)
    expect(await db.count(`verdicts where given_at > now() - interval '101 days'`)).toBe(1)
  })
})
