import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { findings } from '../../src/operations/django-import/findings.ts'
import { importDjango, type ImportReport, type ImportRequest } from '../../src/operations/django-import/import.ts'
import { openQuestions } from '../../src/operations/django-import/questions.ts'
import { importRuns } from '../../src/operations/django-import/runs.ts'
import { undoImport } from '../../src/operations/django-import/undo.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { emptyDatabase, freshDatabase } from '../support/database.ts'
import { ownFolder } from '../support/folder.ts'
import { IMPORTED_STATE } from '../support/imported-state.ts'
import { hasDjango, importFrom, inLegacy, LEGACY_PASSWORD, legacyDatabase } from '../support/legacy.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { Visitor, registrationForm } from '../support/visitor.ts'
import { urls } from '../../src/urls.ts'

/** More rows than the legacy database has. */
const EVERY_ROW = 100_000

const legacy = await legacyDatabase()
const db = await freshDatabase()
const site = await openSite(db, { LIMITS: 'off' })

const request = (changes: Partial<ImportRequest> = {}): ImportRequest => ({
  ...importFrom(legacy.superuserUrl, db.appUrl),
  examples: EVERY_ROW,
  ...changes,
})

async function state(): Promise<string> {
  return (await db.query<{ sum: string }>(IMPORTED_STATE))[0]?.sum as string
}

const profileOf = async (username: string) =>
  (
    await db.query('select p.* from customer_profiles p join accounts a on a.id = p.account_id where a.username = $1', [
      username,
    ])
  )[0]

const rowsIn = ({ found }: ImportReport) =>
  found.flatMap(({ finding, examples }) => examples.map((row) => `${finding}: ${row}`)).toSorted()

const checksumOfLegacy = () =>
  inLegacy(
    legacy,
    `select md5(string_agg(t::text, ' ' order by id)) from auth_user t union all
    select md5(string_agg(t::text, ' ' order by id)) from accounts_customerprofile t`,
  )

describe(`P8 the legacy site's data${hasDjango ? ', made by Django' : ''}`, () => {
  let empty: string
  let predicted: ImportReport
  let applied: ImportReport
  const signedIn: string[] = []
  beforeAll(async () => {
    empty = await state()
    predicted = await importDjango(request({ apply: false }))
  })

  test('docs/moving-from-django.md has every finding, with its words', () => {
    const page = readFileSync(join(projectRoot, 'docs/moving-from-django.md'), 'utf8')
    for (const [name, { title, remedy }] of Object.entries(findings)) {
      expect(page).toContain(`| \`${name}\` | ${title} | ${remedy} |`)
    }
  })

  test('a dry run writes nothing, and finds an example of everything that can be found in one database', async () => {
    expect(await state()).toBe(empty)
    expect(await db.count('runs')).toBe(0)
    const onlyLater = ['profile-late', 'address-taken', 'username-taken', 'erased']
    expect(Object.keys(findings).filter((name) => !predicted.found.some(({ finding }) => finding === name))).toEqual(
      onlyLater,
    )
  })

  test('a dry run says how long writing will take, and what that rests on: in words, on the page and to a program', () => {
    const { reading, writing, basis } = predicted.seconds
    expect(writing / reading).toBeCloseTo(1.3)
    expect(basis).toMatch(/^what reading and checking took just now/)
    const page = join(ownFolder(), 'report.html')
    const words = execFileSync(
      process.execPath,
      [join(projectRoot, 'dist/main.mjs'), 'import', 'django', legacy.superuserUrl, '--html', page],
      { env: { ...process.env, DATABASE_URL: db.appUrl, SECRET: TEST_SECRET }, encoding: 'utf8' },
    )
    const sentence = new RegExp(`\\d s to read and check; about \\d+ s to write, which is ${basis}`)
    expect(words).toMatch(sentence)
    expect(readFileSync(page, 'utf8')).toMatch(sentence)
  })

  test('what was predicted is what is done, row for row', async () => {
    applied = await importDjango(request())
    const { run: _, seconds: __, applied: ___, ...rest } = applied
    expect(predicted).toMatchObject(rest)
    const done = await db.query<{ row: string }>(
      `select f || ': ' || relation || ' ' || legacy_id as row from imported_rows, unnest(findings) f`,
    )
    expect(done.map(({ row }) => row).toSorted()).toEqual(rowsIn(predicted))
    expect(await db.count('accounts')).toBe(predicted.accounts.customers + predicted.accounts.staff)
    expect(await db.count('archived_rows')).toBe(predicted.archived)
    expect(await db.count('import_questions')).toBe(predicted.questions)
  })

  test('every account has its profile, and every row remembers its origin', async () => {
    const [row] = await db.query<{ users: string; profiles: string }>(
      `select count(*) filter (where relation = 'auth_user') as users, count(*) filter (where relation <> 'auth_user') as profiles from imported_rows`,
    )
    expect(Number(row?.users)).toBe(applied.read.users)
    expect(Number(row?.profiles)).toBe(applied.read.customerProfiles + applied.read.staffProfiles)
  })

  test('several profiles are merged field by field, the newest first, and all are archived', async () => {
    expect(await profileOf('several.profiles')).toMatchObject({
      phone_number: '+4930901820',
      city: 'Hamburg',
      address: 'Old Street 1',
      country: 'DE',
      postal_code: null,
    })
    const archived = await db.query(`select former from archived_rows where why like '%several-profiles%'`)
    expect(archived).toHaveLength(3)
  })

  test('of an address that several have, the last to have signed in keeps it, and nobody is merged', async () => {
    const shared = await db.query<{ username: string; email_canonical: string | null }>(
      `select username, email_canonical from accounts where username like 'shared.%' order by username`,
    )
    expect(shared).toEqual([
      { username: 'shared.early', email_canonical: null },
      { username: 'shared.late', email_canonical: 'shared@example.com' },
      { username: 'shared.never', email_canonical: null },
    ])
  })

  test('a username that is somebody else’s address names its owner alone', async () => {
    const [impostor] = await db.query(`select username from accounts where email_canonical = 'impostor@example.com'`)
    expect(impostor).toEqual({ username: null })
    const [whole] = await db.query(`select username from accounts where email_canonical = 'whole@example.com'`)
    expect(whole).toEqual({ username: 'whole' })
  })

  test('roles, superusers, and who is not active', async () => {
    const staff = await db.query<{ username: string; role: string; status: string }>(
      `select username, role, status from accounts join staff_profiles on account_id = id order by username`,
    )
    expect(Object.fromEntries(staff.map(({ username, role, status }) => [username, `${role} ${status}`]))).toEqual({
      admin: 'admin active',
      desk: 'customer_care active',
      'inactive.staff': 'manager suspended',
      manager: 'manager active',
      'staff.with.customer.profile': 'customer_care active',
      'staff.without.profile': 'customer_care active',
      'superuser.without.profile': 'admin active',
      'unknown.role': 'customer_care active',
    })
  })

  test('its run and its questions are listed', async () => {
    const [run] = await importRuns(db.database)
    expect(run).toMatchObject({ id: applied.run, source: 'django', undone_at: null })
    expect(run?.finished_at).not.toBeNull()
    expect(run?.accounts).toBe(applied.accounts.customers + applied.accounts.staff)
    const questions = await openQuestions(db.database)
    expect(questions).toHaveLength(applied.questions)
    expect(questions.filter(({ account }) => account === null)).toHaveLength(applied.accounts.leftAside)
  })

  test('an archive holds no password', async () => {
    expect(await db.query(`select from archived_rows where former ? 'password'`)).toEqual([])
  })

  test('a second run changes nothing, and one after a new sign-up brings just that', async () => {
    const before = await state()
    expect(await importDjango(request())).toMatchObject({ run: null, found: [], before: applied.read.users })
    expect(await state()).toBe(before)
    await inLegacy(
      legacy,
      `insert into auth_user select 5000, password, null, false, 'late.comer', 'Late', 'Comer', 'shared@example.COM', false, true, now()
       from auth_user where username = 'whole'`,
    )
    const later = await importDjango(request())
    expect(later.accounts).toMatchObject({ customers: 1, staff: 0 })
    expect(later.found.map(({ finding }) => finding)).toEqual(['profile-missing', 'address-shared'])
    await undoImport(db.appUrl, later.run as string)
    await inLegacy(legacy, 'delete from auth_user where id = 5000')
    expect(await state()).toBe(before)
  })

  test('every user whom nothing keeps out signs in with the old password, and has argon2id from then on', async () => {
    const people = await db.query<{ id: string; name: string }>(
      `select id, coalesce(username, email) as name from accounts join passwords on account_id = id where status = 'active'`,
    )
    expect(people.length).toBeGreaterThan(30)
    for (const { id, name } of people) {
      const visitor = new Visitor(site)
      const submission = await visitor.token(urls.customerSignIn)
      const answer = await visitor.post(urls.customerSignIn, {
        identifier: name,
        password: LEGACY_PASSWORD,
        submission,
      })
      expect(answer.status, name).toBe(303)
      const [row] = await db.query<{ hash: string }>('select hash from passwords where account_id = $1', [id])
      expect(row?.hash).toMatch(/^\$argon2id\$/)
      signedIn.push(id)
    }
  })

  test('an undoing takes back who did nothing since, and keeps and lists the others', async () => {
    const legacyBefore = await checksumOfLegacy()
    const { removed, kept } = await undoImport(db.appUrl, applied.run as string)
    expect(kept).toEqual(signedIn.toSorted())
    const left = await db.query<{ id: string }>('select id from accounts order by id')
    expect(left.map(({ id }) => id)).toEqual(kept)
    expect(removed).toBeGreaterThan(0)
    expect(removed + kept.length).toBe(applied.accounts.customers + applied.accounts.staff)
    expect(await checksumOfLegacy()).toEqual(legacyBefore)
  })

  test('where nobody did anything, both databases have the checksum that they had', async () => {
    await db.query('delete from accounts')
    await db.query('delete from imported_rows')
    await db.query('delete from archived_rows')
    await db.query('delete from imported_password_schemes')
    expect(await state()).toBe(empty)
    const { run } = await importDjango(request())
    const imported = await state()
    expect(imported).not.toBe(empty)
    expect((await undoImport(db.appUrl, run as string)).kept).toEqual([])
    expect(await state()).toBe(empty)
    const again = await importDjango(request())
    expect(await state()).toBe(imported)
    await undoImport(db.appUrl, again.run as string)
  })

  test('who registered here keeps the address; who was erased stays erased', async () => {
    const visitor = new Visitor(site)
    const submission = await visitor.token(urls.customerRegistration)
    await visitor.post(urls.customerRegistration, { ...registrationForm({ email: 'whole@example.com' }), submission })
    await db.query(
      `insert into tombstones (identity_hash) values (sha256(convert_to('meridian tombstone: email: no.profile@example.com', 'UTF8')))`,
    )
    const report = await importDjango(request())
    expect(report.found.map(({ finding }) => finding)).toEqual(expect.arrayContaining(['address-taken', 'erased']))
    expect(await db.query(`select from accounts where email_canonical = 'no.profile@example.com'`)).toEqual([])
    const [holder] = await db.query(`select username from accounts where email_canonical = 'whole@example.com'`)
    expect(holder).toEqual({ username: null })
    await undoImport(db.appUrl, report.run as string)
  })
})

describe('a source that is not whole stops the import before anything is written, in words', () => {
  const cases: [what: string, statement: string, words: RegExp][] = [
    ['a missing table', 'drop table accounts_staffprofile', /accounts_staffprofile is missing/],
    ['a missing column', 'alter table auth_user drop is_active', /lacks is_active/],
    ['an extra column', 'alter table accounts_customerprofile add company text', /leave behind: company/],
    [
      'a dump cut in half',
      'alter table accounts_customerprofile drop constraint accounts_customerprofile_pkey',
      /cut off/,
    ],
    ['a wrong version', `delete from django_migrations where app = 'auth'`, /run Django 3.2 or 4.2/],
  ]
  for (const [what, statement, words] of cases) {
    test(what, async () => {
      const broken = await emptyDatabase()
      await inLegacy(broken, readFileSync(join(projectRoot, 'test/support/legacy-django.sql'), 'utf8'))
      await inLegacy(broken, statement)
      const before = await state()
      await expect(importDjango(request({ sourceUrl: broken.superuserUrl }))).rejects.toMatchObject({
        code: 'legacy-not-whole',
        details: expect.stringMatching(words),
      })
      expect(await state()).toBe(before)
    })
  }

  test('a run that does not exist cannot be taken back', async () => {
    await expect(undoImport(db.appUrl, 'nonsense')).rejects.toMatchObject({ code: 'run-unknown' })
  })
})
