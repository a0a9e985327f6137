import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrate, readMigrations } from '../src/database/migrations.ts'
import { dumpSchema } from '../src/database/schema-dump.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { connectionTo, emptyDatabase, freshDatabase } from './support/database.ts'

describe('the schema', () => {
  test('is what migrations/schema.sql says (to make that file anew: npm run meridian -- migrate --dump)', async () => {
    const db = await freshDatabase()
    expect(await dumpSchema(db.database)).toBe(readFileSync(join(projectRoot, 'migrations/schema.sql'), 'utf8'))
  })

  test('is made once, however often and by however many nodes at once it is migrated', async () => {
    const db = await emptyDatabase()
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(db)))
    expect(applied.flat().toSorted()).toEqual(readMigrations().map(({ name }) => name))
    expect(await migrate(db)).toEqual([])
  })

  test('needs no owner when there is nothing to migrate', async () => {
    const db = await freshDatabase()
    expect(await migrate({ ownerUrl: db.appUrl, appUrl: db.appUrl })).toEqual([])
  })

  test('that the role may not make is refused in words', async () => {
    const db = await emptyDatabase()
    await expect(migrate({ ownerUrl: db.appUrl, appUrl: db.appUrl })).rejects.toMatchObject({ code: 'schema-missing' })
  })

  test('from the future is refused, and left as it is', async () => {
    const db = await freshDatabase()
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(`insert into schema_migrations (name, checksum) values ('9999-hoverboards.sql', 'x')`)
    await expect(migrate(db)).rejects.toMatchObject({
      code: 'schema-from-the-future',
      details: expect.stringContaining('9999-hoverboards'),
    })
  })

  test('with a migration that reads differently now is refused', async () => {
    const db = await freshDatabase()
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(`update schema_migrations set checksum = 'x' where name like '0002%'`)
    await expect(migrate(db)).rejects.toMatchObject({ code: 'schema-altered' })
  })

  test('of a database that does not answer is a fault in words, not a wait', async () => {
    const nowhere = 'postgres://somebody@127.0.0.1:9/nothing'
    await expect(migrate({ ownerUrl: nowhere, appUrl: nowhere })).rejects.toMatchObject({
      code: 'database-unreachable',
    })
  })
})

describe('13.2.2 the role of the application', () => {
  test.each([
    'create table mine (id int)',
    'alter table accounts add column admin boolean',
    'drop table letters',
    'create index on accounts (first_name)',
    'truncate sessions',
    'update audit_events set event = event',
    'delete from audit_events',
    'insert into schema_migrations (name, checksum) values ($$x$$, $$x$$)',
    'create role another',
    'create function f() returns int language sql as $$ select 1 $$',
    `set session_replication_role = 'replica'`,
  ])('may not: %s', async (statement) => {
    const db = await freshDatabase()
    await expect(db.query(statement)).rejects.toThrow(/permission denied|must be owner/)
  })
})
