import { describe, expect, test } from 'vitest'
import { Connection } from '../../src/database/connection.ts'
import { sql } from '../../src/database/sql.ts'
import { MINUTE } from '../../src/lib/time.ts'
import { examine, invariantsOf } from '../../src/operations/doctor/doctor.ts'
import { planFor, repair, undoRepair } from '../../src/operations/doctor/repair.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { corruptions, dropGuards, populate } from '../support/corruptions.ts'

const EACH = 25
const kinds = Object.entries(corruptions)
const invariants = invariantsOf({ mailServer: false })

/** Append-only, or about the doctor itself: what a repair writes there stays when it is taken back. */
const RECORDS = new Set(['audit_events', 'runs', 'archived_rows', 'verdicts', 'directory_changes', 'schema_migrations'])

describe('P8: 500 corruptions of every kind, constraints dropped first', () => {
  test('are found, one for one; are mended, with every constraint, index and trigger; and come back by undo, to the byte', async () => {
    const db = await freshDatabase()
    const superuser = await connectionTo(db.superuserUrl)
    const client = await connectionTo(db.ownerUrl)
    const owner = await Connection.open(db.ownerUrl, 'meridian repair')
    const ids = await populate(client, kinds.length * EACH + 2)
    expect(await findingsOf(db.database)).toEqual([])

    const guards = await dropGuards(client)
    expect(guards).toBeGreaterThan(60)
    for (const [index, [, { damage }]] of kinds.entries()) {
      await damage(superuser, ids.slice(1 + index * EACH, 1 + (index + 1) * EACH))
    }
    const corrupted = await checksum()
    const found = await findingsOf(db.database)
    const rowsFound = Object.fromEntries(found.filter(([name]) => !name.endsWith('-in-place')))
    expect(rowsFound).toEqual(Object.fromEntries(kinds.map(([, { offends }]) => [offends, EACH])))
    expect(Object.values(rowsFound).reduce((sum, count) => sum + count, 0)).toBe(500)

    const { findings } = await examine(db.database, invariants, { patience: MINUTE })
    expect(planFor(findings).filter(({ deeds }) => deeds.length === 0)).toEqual([])
    expect(await checksum(), 'a plan changes nothing').toBe(corrupted)
    const { run, deeds } = await repair(owner, findings, 'meridian_app')
    expect(deeds.filter(({ failed }) => failed !== null)).toEqual([])
    expect((await examine(db.database, invariants, { patience: MINUTE })).findings).toEqual([])

    expect(await undoRepair(owner, run)).toMatchObject({ outcome: 'undone' })
    expect(await checksum()).toBe(corrupted)
    expect(
      Object.fromEntries((await findingsOf(db.database)).filter(([name]) => name === 'one-account-per-address')),
    ).toEqual({
      'one-account-per-address': EACH,
    })
    expect(await undoRepair(owner, run)).toEqual({ outcome: 'undone-before' })
    await owner.close()

    /** Of every row of every table, whatever its order. */
    async function checksum(): Promise<string> {
      const { rows: tables } = await superuser.query<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
      )
      const parts: string[] = []
      for (const { name } of tables.filter((table) => !RECORDS.has(table.name))) {
        const { rows } = await superuser.query(
          `select md5(coalesce(string_agg(t::text, '|' order by t::text collate "C"), '')) as sum from ${name} t`,
        )
        parts.push(`${name} ${rows[0].sum}`)
      }
      return parts.join('\n')
    }
  })

  test('an undo never overwrites what somebody changed after the repair: it is refused, and says whose it is', async () => {
    const db = await freshDatabase()
    const client = await connectionTo(db.ownerUrl)
    const owner = await Connection.open(db.ownerUrl, 'meridian repair')
    const [id] = (await populate(client, 3)) as [string, string, string]
    await client.query('alter table customer_profiles drop constraint customer_profiles_phone_number_check')
    await client.query(`update customer_profiles set phone_number = 'call me' where account_id = $1`, [id])
    const { findings } = await examine(db.database, invariants, { patience: MINUTE })
    const { run } = await repair(owner, findings, 'meridian_app')
    await db.query(`update customer_profiles set phone_number = '+14155550111' where account_id = $1`, [id])
    expect(await undoRepair(owner, run)).toMatchObject({
      outcome: 'changed-since',
      changed: { relation: 'customer_profiles', count: 1, accounts: [id] },
    })
    expect(await owner.row(sql`select phone_number from customer_profiles where account_id = ${id}`)).toEqual({
      phone_number: '+14155550111',
    })
    expect((await examine(db.database, invariants, { patience: MINUTE })).sound).toBe(true)
    await owner.close()
  })
})

async function findingsOf(database: Parameters<typeof examine>[0]): Promise<[string, number][]> {
  const { findings } = await examine(database, invariants, { patience: MINUTE })
  expect(findings.filter(({ unasked }) => unasked !== null)).toEqual([])
  return findings.map(({ invariant, count }) => [invariant, count])
}
