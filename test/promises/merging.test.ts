import { describe, expect, test } from 'vitest'
import { mergeAccounts, previewMerge, undoMerge, type MergeRequest } from '../../src/flows/merging/merge.ts'
import { rowsThatHang } from '../../src/flows/merging/hanging.ts'
import { newId } from '../../src/lib/random.ts'
import { invariantsOf, examine } from '../../src/operations/doctor/doctor.ts'
import { MINUTE } from '../../src/lib/time.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const origin = { network: null, reference: 'MA-TEST' }

describe('merging two people', () => {
  test('previews every row of every table that hangs on them, also of a table that came to be yesterday', async () => {
    const { kept, other } = await twoPeople()
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(`create table parcels (id int primary key, account_id uuid references accounts (id) on delete cascade);
      grant select, insert, delete on parcels to meridian_app`)
    await owner.query('insert into parcels values (1, $1)', [other.id])
    const preview = await previewMerge(db.database, kept.id, other.id)
    if ('refused' in preview) throw new Error(preview.refused)
    expect(Object.fromEntries(preview.other.hanging.map(({ name, count }) => [name, count]))).toEqual({
      codes: 1,
      customer_profiles: 1,
      known_browsers: 1,
      letters: 1,
      parcels: 1,
      passwords: 1,
      receipts: 1,
      sessions: 1,
    })
    expect(preview.fields.find(({ choice }) => choice === 'company')?.suggested).toBe('other')
    expect(preview.fields.find(({ choice }) => choice === 'email')?.suggested).toBe('kept')
    await owner.query('drop table parcels')
  })

  test('a preview brings no hash along, neither of a password nor of what is in a link, a cookie or a form', async () => {
    const { kept, other } = await twoPeople()
    const stored = await db.query<{ hash: string }>(
      `select hash from passwords where account_id = $1
       union all select code_hash::text from codes where account_id = $1
       union all select token_hash::text from sessions where account_id = $1
       union all select browser_hash::text from known_browsers where account_id = $1
       union all select receipt_hash::text from receipts where account_id = $1`,
      [other.id],
    )
    expect(stored.length).toBeGreaterThanOrEqual(5)
    const printed = JSON.stringify(await previewMerge(db.database, kept.id, other.id))
    expect(printed).toContain(other.email)
    for (const { hash } of stored) expect(printed).not.toContain(JSON.stringify(hash).slice(1, -1))
    expect(printed).not.toMatch(/"\w*(hash|password|secret|token)":/)
  })

  test('is one transaction that leaves one account, with what was chosen; the other’s sessions end; undo brings it back as it was', async () => {
    const { kept, other } = await twoPeople()
    const before = await everything()
    const merged = await mergeAccounts(db.database, requestFor(kept.id, other.id, ['email', 'company']))
    if (merged.outcome !== 'merged') throw new Error(merged.outcome)
    expect(await db.count(`accounts where id = '${other.id}'`)).toBe(0)
    const [account] = await db.query(
      `select email, company, first_name from accounts join customer_profiles on account_id = id where id = $1`,
      [kept.id],
    )
    expect(account).toEqual({ email: other.email, company: 'Löwe & Söhne', first_name: 'Amelia' })
    expect((await other.visitor.get(urls.customerProfile)).status, 'the other is signed out').toBe(303)
    expect((await kept.visitor.get(urls.customerProfile)).status, 'the kept one is not').toBe(200)
    expect((await examine(db.database, invariantsOf({ mailServer: false }), { patience: MINUTE })).findings).toEqual([])

    expect(await undoMerge(db.database, merged.run, null, origin)).toMatchObject({ outcome: 'undone' })
    expect(await everything()).toBe(before)
    expect((await other.visitor.get(urls.customerProfile)).status, 'and stays signed out').toBe(303)
    expect(await undoMerge(db.database, merged.run, null, origin)).toEqual({ outcome: 'undone-before' })
    const [{ events }] = (await db.query(
      `select count(*)::int as events from audit_events where event in ('accounts-merged', 'merge-undone') and account_id = any($1::uuid[])`,
      [[kept.id, other.id]],
    )) as [{ events: number }]
    expect(events).toBe(4)
  })

  test('tells the person at both addresses, and neither letter names the other; taken back, it says so to whoever was told', async () => {
    const { kept, other, run } = await merge(['email'])
    const letters = (kind: string) =>
      db.query<{ recipient: string; signs: boolean | null; text: string }>(
        `select recipient, (data -> 'signsIn')::boolean as signs, data::text as text from letters where kind = $1
         and recipient = any($2::text[]) order by id`,
        [kind, [kept.email, other.email]],
      )
    expect(await letters('accounts-merged')).toMatchObject([
      { recipient: other.email, signs: true },
      { recipient: kept.email, signs: false },
    ])
    expect((await letters('accounts-merged')).filter(({ text }) => text.includes('@'))).toEqual([])
    await db.query(`update letters set sent_at = now() where kind = 'accounts-merged' and recipient = $1`, [
      other.email,
    ])
    expect(await undoMerge(db.database, run, null, origin)).toMatchObject({ outcome: 'undone' })
    expect(await letters('accounts-merged'), 'what has not left does not leave').toMatchObject([
      { recipient: other.email },
    ])
    expect(await letters('merge-undone')).toMatchObject([{ recipient: other.email }])
    const [told] = await db.query(`select account_id from letters where kind = 'merge-undone' and recipient = $1`, [
      other.email,
    ])
    expect(told).toEqual({ account_id: other.id })
  })

  test('sixteen times at once is one merge, and both ways at once leaves one of the two', async () => {
    const { kept, other } = await twoPeople()
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        mergeAccounts(db.database, n % 2 ? requestFor(kept.id, other.id) : requestFor(other.id, kept.id)),
      ),
    )
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual([
      'merged',
      ...Array.from({ length: 15 }, () => 'no-such-account'),
    ])
    expect(await db.count(`accounts where id in ('${kept.id}', '${other.id}')`)).toBe(1)
  })

  test('taken back sixteen times at once is taken back once', async () => {
    const { run, kept, other } = await merge()
    const undoing = Array.from({ length: 16 }, () => undoMerge(db.database, run, null, origin))
    const outcomes = (await Promise.all(undoing)).map(({ outcome }) => outcome)
    expect(outcomes.toSorted()).toEqual(['undone', ...Array.from({ length: 15 }, () => 'undone-before')])
    const ids = `account_id in ('${kept.id}', '${other.id}')`
    expect(await db.count(`audit_events where event = 'merge-undone' and ${ids}`)).toBe(2)
  })

  test('is not taken back after thirty days, nor over what somebody changed since, nor into an address that is taken', async () => {
    const late = await merge()
    await db.query(`update runs set started_at = now() - interval '31 days' where id = $1`, [late.run])
    expect(await undoMerge(db.database, late.run, null, origin)).toEqual({ outcome: 'too-late' })

    const changed = await merge(['company'])
    await db.query(`update customer_profiles set company = 'Another' where account_id = $1`, [changed.kept.id])
    expect(await undoMerge(db.database, changed.run, null, origin)).toMatchObject({ outcome: 'changed-since' })

    const taken = await merge()
    await new Visitor(site).submit(urls.customerRegistration, registrationForm({ email: taken.other.email }))
    expect(await undoMerge(db.database, taken.run, null, origin)).toMatchObject({ outcome: 'in-the-way' })
    expect(await db.count(`accounts where id = '${taken.other.id}'`)).toBe(0)
  })

  test('refuses one account twice, strangers, and accounts that are closing', async () => {
    const { kept, other } = await twoPeople()
    const outcome = async (a: string, b: string) => (await mergeAccounts(db.database, requestFor(a, b))).outcome
    expect(await outcome(kept.id, kept.id)).toBe('same-account')
    expect(await outcome(kept.id, newId())).toBe('no-such-account')
    expect(await outcome(kept.id, 'nobody')).toBe('no-such-account')
    await db.query(`update accounts set status = 'closing', closes_at = now() where id = $1`, [other.id])
    expect(await outcome(kept.id, other.id)).toBe('closing')
  })
})

function requestFor(keptId: string, otherId: string, take: MergeRequest['take'] = []): MergeRequest {
  return { keptId, otherId, take, actorId: null, reason: 'a test', origin }
}

async function merge(take: MergeRequest['take'] = []) {
  const people = await twoPeople()
  const merged = await mergeAccounts(db.database, requestFor(people.kept.id, people.other.id, take))
  if (merged.outcome !== 'merged') throw new Error(merged.outcome)
  return { ...people, run: merged.run }
}

async function twoPeople() {
  const [kept, other] = [
    await person({ first_name: 'Amelia' }),
    await person({ first_name: 'A.', company: 'Löwe & Söhne' }),
  ]
  return { kept, other }
}

async function person(fields: Record<string, string>) {
  const visitor = new Visitor(site)
  const form = registrationForm(fields)
  expect((await visitor.submit(urls.customerRegistration, form)).status).toBe(303)
  const email = form['email' as keyof typeof form] as string
  const [row] = await db.query<{ id: string }>('select id from accounts where email = $1', [email])
  expect((await rowsThatHang(db.database, row?.id ?? '')).length).toBeGreaterThan(5)
  return { visitor, email, id: row?.id as string }
}

/** Every account with its profile, password and letters: what an undo has to bring back. */
async function everything(): Promise<string> {
  const parts: string[] = []
  for (const table of ['accounts', 'customer_profiles', 'passwords', 'letters']) {
    const [row] = await db.query<{ sum: string }>(
      `select md5(string_agg(t::text, '|' order by t::text collate "C")) as sum from ${table} t`,
    )
    parts.push(`${table} ${row?.sum}`)
  }
  return parts.join('\n')
}
