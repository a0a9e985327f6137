import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { legacyFindings } from '../../src/django/findings.ts'
import { guards } from '../../src/operations/doctor/django/guards.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { onLegacy } from '../../src/operations/doctor/django/open.ts'
import { CONSTRAINT_MISSING, legacyInvariants } from '../../src/operations/doctor/django/invariants.ts'
import { examine, type Examination } from '../../src/operations/doctor/doctor.ts'
import { MINUTE } from '../../src/lib/time.ts'
import { emptyDatabase, freshDatabase, type TestDatabase } from '../support/database.ts'
import { hasDjango, inLegacy, legacyChecksum, legacyDatabase, SOUND_LEGACY } from '../support/legacy.ts'

const legacy = await legacyDatabase()

describe(`the doctor of a legacy database${hasDjango ? ', made by Django' : ''}`, () => {
  test('finds everything that can be amiss in it, and nobody’s name or address is in what it says', async () => {
    const before = await legacyChecksum(legacy)
    const { findings, asked, sound } = await doctor(legacy)
    expect(Object.fromEntries(findings.map(({ invariant, count }) => [invariant, count]))).toEqual({
      'several-profiles': 1,
      'profile-without-user': 1,
      'profile-of-wrong-kind': 2,
      'profile-missing': 2,
      'staff-without-profile': 2,
      'address-shared': 2,
      'username-shared': 1,
      'username-of-another': 1,
      'role-unknown': 1,
      'constraint-missing': 6,
    })
    expect(sound).toBe(false)
    expect(asked).toBe(Object.keys(legacyFindings).length + 1)
    expect(findings.filter(({ unasked }) => unasked !== null)).toEqual([])
    expect(JSON.stringify(findings)).not.toMatch(/@|Shared|Folded/)
    expect(await legacyChecksum(legacy), 'it changes nothing').toBe(before)
  })

  test('names by each finding those rows alone, and whose address or username it is', async () => {
    const { findings } = await doctor(legacy)
    const of = (name: string) => findings.find(({ invariant }) => invariant === name)?.examples
    expect(of('several-profiles')).toEqual([
      { subject: `auth_user ${await idOf('several.profiles')}`, found: 'has 3 rows in accounts_customerprofile' },
    ])
    const late = await idOf('shared.late')
    expect(of('address-shared')?.toSorted((a, b) => a.subject.localeCompare(b.subject))).toEqual(
      ['shared.early', 'shared.never'].map(() => ({
        subject: expect.stringMatching(/^auth_user \d+$/),
        found: `has the address of auth_user ${late}, in another case`,
      })),
    )
    expect(of('username-of-another')).toEqual([
      {
        subject: `auth_user ${await idOf('whole@example.com')}`,
        found: `its username is the address of auth_user ${await idOf('whole')}`,
      },
    ])
    expect(of('role-unknown')).toHaveLength(1)
  })

  test('docs/legacy-database.md has every finding, by its words', () => {
    const page = readFileSync(join(projectRoot, 'docs/legacy-database.md'), 'utf8')
    for (const [name, title] of Object.entries(legacyFindings)) expect(page).toContain(`| \`${name}\` | ${title} |`)
    for (const { name } of guards) expect(page).toContain(`\`${name}\``)
  })

  test('finds a database sound whose constraints came from somewhere else, under other names', async () => {
    const sound = await emptyDatabase()
    await inLegacy(sound, SOUND_LEGACY)
    expect(await doctor(sound)).toMatchObject({ sound: true, findings: [] })
    await inLegacy(
      sound,
      'drop index some_addresses; create unique index some_addresses on auth_user (lower(email)) where id > 5',
    )
    expect((await doctor(sound)).findings).toMatchObject([
      { invariant: CONSTRAINT_MISSING, count: 1, examples: [{ subject: 'constraint auth_user_email_lower_key' }] },
    ])
  })

  test('tells a foreign key that was never held to the rows before it', async () => {
    const unheld = await emptyDatabase()
    await inLegacy(unheld, SOUND_LEGACY)
    await inLegacy(
      unheld,
      `alter table accounts_staffprofile drop constraint a_user;
       alter table accounts_staffprofile add constraint a_user foreign key (user_id) references auth_user (id) not valid`,
    )
    expect((await doctor(unheld)).findings).toMatchObject([
      { examples: [{ subject: 'constraint a_user', found: 'was never held to the rows before it' }] },
    ])
  })
})

describe('what is no whole legacy database', () => {
  const cases: [what: string, statement: string, words: RegExp][] = [
    ['a missing table', 'drop table accounts_staffprofile', /accounts_staffprofile is missing/],
    ['a missing column', 'alter table auth_user drop is_active', /lacks is_active/],
    ['half a dump', 'alter table accounts_customerprofile drop constraint accounts_customerprofile_pkey', /cut off/],
    ['another version', `delete from django_migrations where app = 'auth'`, /run Django 3.2 or 4.2/],
  ]
  for (const [what, statement, words] of cases) {
    test(`${what} is told in words, and nothing is asked of it`, async () => {
      const broken = await emptyDatabase()
      await inLegacy(broken, SOUND_LEGACY)
      await inLegacy(broken, statement)
      await expect(doctor(broken)).rejects.toMatchObject({
        code: 'legacy-not-whole',
        details: expect.stringMatching(words),
      })
    })
  }

  test('nor is one of this program, nor one that is not there', async () => {
    const own = await freshDatabase()
    await expect(doctor(own)).rejects.toMatchObject({ code: 'legacy-not-whole' })
    const gone = { ...own, superuserUrl: own.superuserUrl.replace(/[^/]*$/, 'not_there') }
    await expect(doctor(gone)).rejects.toMatchObject({
      code: 'legacy-unreachable',
      details: expect.stringContaining('not_there'),
    })
  })

  test('columns that the site came to have are welcome', async () => {
    const grown = await emptyDatabase()
    await inLegacy(grown, SOUND_LEGACY)
    await inLegacy(grown, 'alter table accounts_customerprofile add company text')
    expect((await doctor(grown)).sound).toBe(true)
  })
})

function doctor(database: Pick<TestDatabase, 'superuserUrl'>): Promise<Examination> {
  return onLegacy(database.superuserUrl, 'a test', (connection) =>
    examine(connection, legacyInvariants(), { patience: MINUTE }),
  )
}

async function idOf(username: string): Promise<number | undefined> {
  const [row] = await inLegacy<{ id: number }>(legacy, `select id from auth_user where username = '${username}'`)
  return row?.id
}
