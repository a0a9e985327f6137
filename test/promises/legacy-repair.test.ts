import { beforeAll, describe, expect, test } from 'vitest'
import { MINUTE } from '../../src/lib/time.ts'
import { examine } from '../../src/operations/doctor/doctor.ts'
import { legacyInvariants } from '../../src/operations/doctor/django/invariants.ts'
import { DECIDABLE, type Decisions } from '../../src/operations/doctor/django/mending.ts'
import { onLegacy } from '../../src/operations/doctor/django/open.ts'
import {
  planLegacyRepair,
  repairLegacy,
  type LegacyPlan,
  type LegacyRepair,
} from '../../src/operations/doctor/django/repair.ts'
import { undoLegacyRepair } from '../../src/operations/doctor/django/undo.ts'
import type { TestDatabase } from '../support/database.ts'
import { djangoOn, GROWN_LEGACY, hasDjango, inLegacy, legacyChecksum, legacyDatabase } from '../support/legacy.ts'

const undecided: Decisions = { rules: new Set(), keepers: [] }
const everything: Decisions = { rules: new Set(DECIDABLE), keepers: [] }

/** What a person does about what has no rule. */
const DECIDED = `
  update auth_user set username = username || '.renamed' where username in ('Case.Folded', 'whole@example.com');
  delete from bookings where what = 'of nobody'`

const legacy = await legacyDatabase()
await inLegacy(legacy, GROWN_LEGACY)

describe(`P8 the legacy database itself is mended${hasDjango ? ', as Django made it' : ''}`, () => {
  let before: string
  let guardsBefore: unknown
  let plan: LegacyPlan
  let done: LegacyRepair
  let mended: string

  beforeAll(async () => {
    before = await legacyChecksum(legacy)
    guardsBefore = await guardsOf(legacy)
    plan = await planned(legacy, undecided)
    expect(await legacyChecksum(legacy), 'a plan changes nothing').toBe(before)
    done = await repaired(legacy, undecided)
    mended = await legacyChecksum(legacy)
  })

  test('what was planned is what is done', () => {
    expect(plan.deeds.length).toBeGreaterThan(4)
    expect(done).toMatchObject({
      deeds: plan.deeds,
      waiting: plan.waiting,
      guards: plan.guards,
      failures: [],
      refused: [],
    })
    expect(counts(done.deeds)).toEqual({
      'profile-without-user accounts_customerprofile': 1,
      'several-profiles accounts_customerprofile': 1,
      'several-profiles accounts_staffprofile': 1,
      'profile-missing accounts_customerprofile': 2,
      'staff-without-profile accounts_staffprofile': 2,
    })
  })

  test('what only a person can decide is left as it was, and keeps the constraint waiting that it is in the way of', async () => {
    expect(counts(done.waiting)).toEqual({
      'role-unknown accounts_staffprofile': 1,
      'profile-without-user accounts_customerprofile': 1,
      'profile-of-wrong-kind accounts_customerprofile': 1,
      'profile-of-wrong-kind accounts_staffprofile': 1,
      'several-profiles accounts_staffprofile': 1,
      'address-shared auth_user': 3,
      'username-shared auth_user': 1,
      'username-of-another auth_user': 1,
    })
    expect(Object.fromEntries(done.guards.map(({ name, waitsFor }) => [name, waitsFor]))).toEqual({
      auth_user_username_lower_key: ['username-shared'],
      auth_user_email_lower_key: ['address-shared'],
      accounts_customerprofile_user_id_key: [],
      accounts_customerprofile_user_id_fk_auth_user_id: ['profile-without-user'],
      accounts_staffprofile_user_id_key: ['several-profiles'],
      accounts_staffprofile_user_id_fk_auth_user_id: [],
    })
    const left = (await doctor(legacy)).findings.map(({ invariant, count }) => [invariant, count])
    expect(left).toEqual([
      ['several-profiles', 1],
      ['profile-without-user', 1],
      ['profile-of-wrong-kind', 2],
      ['address-shared', 3],
      ['username-shared', 1],
      ['username-of-another', 1],
      ['role-unknown', 1],
      ['constraint-missing', 4],
    ])
  })

  test('several profiles are merged field by field, those of nobody’s expecting too, and what refers to them refers to the one', async () => {
    const rows = await inLegacy(
      legacy,
      `select p.id, phone_number, address, city, country, company, tags, prefs,
         (select min(id) from accounts_customerprofile) <= p.id as ok,
         (select count(*)::int from bookings b where b.profile_id = p.id) as bookings
       from accounts_customerprofile p join auth_user u on u.id = p.user_id where username = 'several.profiles'`,
    )
    expect(rows).toMatchObject([
      {
        phone_number: '+49 30 901820',
        address: 'Old Street 1',
        city: 'Hamburg',
        country: 'Germany',
        company: 'Acme',
        tags: ['a', 'b'],
        prefs: { sms: true },
        bookings: 3,
      },
    ])
  })

  test('every row that was changed, removed or made is in the archive of that database, whole, with why', async () => {
    const rows = await inLegacy<{ relation: string; removed: number; changed: number; made: number }>(
      legacy,
      `select relation, (count(*) filter (where made is null))::int as removed, (count(*) filter (where former is null))::int as made,
         (count(*) filter (where former is not null and made is not null))::int as changed
       from meridian_archive.archived_rows where run_id = '${done.run}' group by relation order by relation`,
    )
    expect(rows).toEqual([
      { relation: '(schema)', removed: 0, changed: 0, made: 2 },
      { relation: 'accounts_customerprofile', removed: 3, changed: 1, made: 2 },
      { relation: 'accounts_staffprofile', removed: 1, changed: 1, made: 2 },
      { relation: 'bookings', removed: 0, changed: 2, made: 0 },
    ])
    expect(done.rows).toBe(12)
    const [orphan] = await inLegacy<{ former: object; why: string }>(
      legacy,
      `select former, why from meridian_archive.archived_rows where former ->> 'user_id' = '987654'`,
    )
    expect(orphan).toMatchObject({
      former: { phone_number: '+1 202 555 0199', company: '' },
      why: expect.stringContaining('gone'),
    })
  })

  test('a second run changes nothing, and is none', async () => {
    expect(await planned(legacy, undecided)).toMatchObject({ deeds: [], waiting: done.waiting })
    expect(await repaired(legacy, undecided)).toMatchObject({ run: null, rows: 0, deeds: [] })
    expect(await legacyChecksum(legacy)).toBe(mended)
    expect(await inLegacy(legacy, 'select from meridian_archive.runs')).toHaveLength(1)
  })

  test('once a person has decided, everything is sound, and the double creation fails at the database', async () => {
    const [one, two, late] = await Promise.all(['equal.one', 'equal.two', 'shared.late'].map(idOf))
    const decided = { ...everything, keepers: [Number(two)] }
    const decidedPlan = await planned(legacy, decided)
    await inLegacy(legacy, DECIDED)
    const people = await legacyChecksum(legacy)
    const second = await repaired(legacy, decided)
    expect(decidedPlan.deeds).toEqual(second.deeds.filter(({ finding }) => finding !== 'profile-without-user'))
    expect(second).toMatchObject({ waiting: [], failures: [], refused: [] })
    expect((await doctor(legacy)).findings).toEqual([])
    expect(
      await inLegacy(
        legacy,
        `select id, email from auth_user where id in (${one}, ${two}, ${late}) or username like 'shared.%' order by username`,
      ),
    ).toMatchObject([
      { id: one, email: '' },
      { id: two, email: 'equal@example.com' },
      { email: '' },
      { id: late, email: 'shared@example.com' },
      { email: '' },
    ])
    expect(
      await inLegacy(
        legacy,
        `select from meridian_archive.archived_rows where former ? 'password' or made ? 'password'`,
      ),
    ).toEqual([])

    // The signal and the form, each with its profile; the two requests that each found the address free; the half customer.
    await expect(inLegacy(legacy, `select customer(${one})`)).rejects.toMatchObject({
      code: '23505',
      constraint: 'accounts_customerprofile_user_id_key',
    })
    await expect(inLegacy(legacy, `select someone('somebody', 'EQUAL@example.com', false)`)).rejects.toMatchObject({
      constraint: 'auth_user_email_lower_key',
    })
    await expect(inLegacy(legacy, `select someone('DESK', 'else@example.com', false)`)).rejects.toMatchObject({
      constraint: 'auth_user_username_lower_key',
    })
    await expect(inLegacy(legacy, `select customer(555555)`)).rejects.toMatchObject({
      constraint: 'accounts_customerprofile_user_id_fk_auth_user_id',
    })

    expect(await undone(legacy, second.run as string)).toEqual({ outcome: 'undone', rows: second.rows })
    expect(await legacyChecksum(legacy)).toBe(people)
    await inLegacy(
      legacy,
      `update auth_user set username = replace(username, '.renamed', '') where username like '%.renamed';
       insert into bookings (id, what, profile_id)
       select max(b.id), 'of nobody', (select id from accounts_customerprofile where user_id = 987655) from (select id + 1 as id from bookings) b`,
    )
    expect(await legacyChecksum(legacy)).toBe(mended)
  })

  test('undo brings back the checksum of every table, and takes the constraints away again', async () => {
    expect(await undone(legacy, done.run as string)).toEqual({ outcome: 'undone', rows: done.rows })
    expect(await legacyChecksum(legacy)).toBe(before)
    expect(await guardsOf(legacy)).toEqual(guardsBefore)
    expect(await undone(legacy, done.run as string)).toEqual({ outcome: 'undone-before' })
    expect(await undone(legacy, 'nonsense')).toEqual({ outcome: 'no-such-run' })
  })
})

test.runIf(hasDjango)(
  'Django itself shows everybody their page afterwards, and its double registration is refused',
  async () => {
    const site = await legacyDatabase()
    await inLegacy(site, GROWN_LEGACY)
    await inLegacy(site, DECIDED)
    expect(await repaired(site, everything)).toMatchObject({ waiting: [], failures: [], refused: [] })
    const said = djangoOn(site)
    expect(said).toEqual({
      shown: said.users,
      users: said.users,
      signed_in: 'shared.late',
      city: 'Bremen',
      twice: 'accounts_customerprofile_user_id_key',
      created: false,
      address: 'auth_user_email_lower_key',
      username: 'auth_user_username_lower_key',
      unique: ['accounts_customerprofile_user_id_key'],
      left: 0,
    })
    expect(said.users).toBeGreaterThan(40)
  },
)

function counts(of: readonly { finding: string; table: string; count: number }[]): Record<string, number> {
  return Object.fromEntries(of.map(({ finding, table, count }) => [`${finding} ${table}`, count]))
}

async function planned(database: TestDatabase, decisions: Decisions): Promise<LegacyPlan> {
  return onLegacy(database.superuserUrl, 'a test', async (connection) => {
    const plan = await planLegacyRepair(connection, decisions)
    if (plan.outcome !== 'planned') throw new Error(plan.outcome)
    const { outcome: _, ...rest } = plan
    return rest
  })
}

function repaired(database: TestDatabase, decisions: Decisions): Promise<LegacyRepair> {
  return onLegacy(database.superuserUrl, 'a test', (connection) => repairLegacy(connection, decisions))
}

function undone(database: TestDatabase, run: string) {
  return onLegacy(database.superuserUrl, 'a test', (connection) => undoLegacyRepair(connection, run))
}

function doctor(database: TestDatabase) {
  return onLegacy(database.superuserUrl, 'a test', (connection) =>
    examine(connection, legacyInvariants(), { patience: MINUTE }),
  )
}

function guardsOf(database: TestDatabase) {
  return inLegacy(
    database,
    `select conname::text as name, pg_get_constraintdef(oid) as definition from pg_constraint where connamespace = 'public'::regnamespace
     union all select indexname::text, indexdef from pg_indexes where schemaname = 'public' order by 1, 2`,
  )
}

async function idOf(username: string): Promise<number | undefined> {
  const [row] = await inLegacy<{ id: number }>(legacy, `select id from auth_user where username = '${username}'`)
  return row?.id
}
