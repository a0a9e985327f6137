import { describe, expect, test } from 'vitest'
import { urlOf, urlOfPair, urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { Visitor, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const manager = await staffMember(db, site, 'manager')
const care = await staffMember(db, site, 'customer_care')
const desk = manager.visitor
const reason = 'Both are hers, said by telephone'

describe('merging two people in the console', () => {
  test('from a person’s page to one account, pressed twice at once, and back to two', async () => {
    const { kept, other } = await twoPeople()
    const choosing = urlOf(urls.mergeWith, kept.id)
    expect((await desk.get(urlOf(urls.person, kept.id))).body).toContain(`href="${choosing}"`)

    const comparing = urlOfPair(urls.mergeOf, kept.id, other.id)
    expect((await desk.submit(choosing, { other: ` ${other.email.toUpperCase()}` })).headers.location).toBe(comparing)
    const { body } = await desk.get(comparing)
    for (const hidden of [kept.email, other.email, '+442079460958', '1957-07-24', 'Atchison'])
      expect(body).not.toContain(hidden)
    expect(chosen(body)).toEqual({
      take_name: 'kept',
      take_email: 'kept',
      take_phone_number: 'kept',
      take_company: 'other',
      take_address: 'other',
      take_date_of_birth: 'other',
    })
    expect(body.replaceAll(/<[^>]+>/g, ' ')).toMatch(/Signed-in browsers\s+1\s+1\s+End, for good/)

    const refused = await desk.submit(comparing, { take_name: 'other', take_company: 'kept', reason: ' ' })
    expect(refused.status).toBe(422)
    expect(refused.body).toContain('Say why')
    expect(chosen(refused.body)).toMatchObject({ take_name: 'other', take_company: 'kept' })
    expect(await db.count(`accounts where id = '${other.id}'`)).toBe(1)

    const fields = { ...chosen(body), take_email: 'other', reason, submission: await desk.token(comparing) }
    const clicks = await Promise.all([1, 2, 3, 4].map(() => desk.post(comparing, fields)))
    const [run] = await db.query<{ id: string }>(`select id from runs where kind = 'merge'`)
    const result = urlOf(urls.merged, run?.id ?? '')
    for (const { status, headers } of clicks) expect([status, headers.location]).toEqual([303, result])
    expect(await db.count(`runs where kind = 'merge'`)).toBe(1)
    const [account] = await db.query(
      `select email, first_name, company, city, phone_number from accounts join customer_profiles on account_id = id
       where id = any($1::uuid[])`,
      [[kept.id, other.id]],
    )
    expect(account).toEqual({
      email: other.email,
      first_name: 'Amelia',
      company: 'Löwe & Söhne',
      city: 'Atchison',
      phone_number: '+442079460958',
    })
    expect(await other.visitor.isSignedIn()).toBe(false)
    expect(await kept.visitor.isSignedIn()).toBe(true)
    expect((await desk.get(comparing)).headers.location, 'the comparison leads to what came of it').toBe(result)
    expect((await desk.get(result)).body).toContain(reason)
    expect((await desk.get(urls.merges)).body).toContain(`href="${result}"`)

    const undo = { submission: await desk.token(result) }
    const undone = await Promise.all([1, 2].map(() => desk.post(result, undo)))
    for (const { status, headers } of undone) expect([status, headers.location]).toEqual([303, result])
    expect((await desk.get(result)).body).toContain('Both accounts are as they were')
    const both = await db.query(`select email from accounts where id = any($1::uuid[])`, [[kept.id, other.id]])
    expect(new Set(both.map(({ email }) => email))).toEqual(new Set([kept.email, other.email]))
    const events = await db.query(
      `select event, count(*)::int from audit_events where details ->> 'run' = $1 group by event order by event`,
      [run?.id],
    )
    expect(events).toEqual([
      { event: 'accounts-merged', count: 2 },
      { event: 'merge-undone', count: 2 },
    ])
  })

  test('says what is in the way of taking it back', async () => {
    const { kept, other } = await twoPeople()
    const comparing = urlOfPair(urls.mergeOf, kept.id, other.id)
    const result = (await desk.submit(comparing, { take_company: 'other', reason })).headers.location as string
    await db.query(`update customer_profiles set company = 'Another' where account_id = $1`, [kept.id])
    await desk.submit(result, {})
    expect((await desk.get(result)).body).toContain('has been changed since')
    await db.query(`update runs set started_at = now() - interval '31 days' where id = $1`, [result.split('/').at(-2)])
    const late = await desk.get(result)
    expect(late.body).not.toContain('Take the merge back')
    expect(await db.count(`accounts where id = '${other.id}'`)).toBe(0)
  })

  test('refuses nobody, one account twice, staff, strangers, and what would leave no name', async () => {
    const { kept, other } = await twoPeople()
    const told = async (fields: FormFields) => {
      const { status, body } = await desk.submit(urls.merges, fields)
      expect(status).toBe(422)
      return body
    }
    expect(await told({ kept: '', other: other.id })).toContain('Say which account')
    expect(await told({ kept: kept.email, other: 'nobody.has.this' })).toContain('No account has that name')
    expect(await told({ kept: kept.email, other: kept.id })).toContain('the same account, named twice')
    expect(await told({ kept: kept.email, other: manager.email })).toContain('Only customers are merged')

    const managerId = await accountId(db, manager.email)
    expect((await desk.get(urlOfPair(urls.mergeOf, kept.id, managerId))).headers.location).toBe(urls.merges)
    expect((await desk.get(urlOfPair(urls.mergeOf, kept.id, 'nobody'))).status).toBe(404)
    expect((await desk.get(urlOfPair(urls.mergeOf, kept.id, managerId.replaceAll(/\d/g, '9')))).status).toBe(404)

    await db.query(
      `update accounts set username = 'ida', username_canonical = 'ida', email = null, email_delivery = null,
         email_canonical = null, email_canonical_version = null, email_confirmed_at = null where id = $1`,
      [other.id],
    )
    const comparing = urlOfPair(urls.mergeOf, kept.id, other.id)
    const nameless = await desk.submit(comparing, { take_email: 'other', take_username: 'kept', reason })
    expect(nameless.status).toBe(422)
    expect(nameless.body).toContain('Keep an address or a username')
    expect(await db.count(`accounts where id = '${other.id}'`)).toBe(1)
  })

  test('is for managers, and asks for the password again', async () => {
    const { kept, other } = await twoPeople()
    const comparing = urlOfPair(urls.mergeOf, kept.id, other.id)
    expect((await care.visitor.get(urlOf(urls.person, kept.id))).body).not.toContain('Merge with another')
    for (const url of [urls.merges, urlOf(urls.mergeWith, kept.id), comparing])
      expect((await care.visitor.get(url)).status).toBe(403)
    const submission = await care.visitor.token(urls.signInHelp)
    expect((await care.visitor.post(comparing, { reason, submission })).status).toBe(403)

    const token = await desk.token(comparing)
    await db.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    const asked = await desk.post(comparing, { reason, submission: token })
    expect([asked.status, asked.headers.location]).toEqual([
      307,
      `${urls.reauthentication}?next=${encodeURIComponent(comparing)}`,
    ])
    expect(await db.count(`accounts where id = '${other.id}'`)).toBe(1)
  })
})

/** Each radio pair of the page by the side that is chosen. */
function chosen(body: string): FormFields {
  const radios = [...body.matchAll(/<input type="radio"[^>]*>/g)].map(([input]) => input)
  const checked = radios.filter((input) => /\bchecked\b/.test(input))
  expect(radios).toHaveLength(checked.length * 2)
  const attribute = (input: string, name: string) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1] ?? ''
  return Object.fromEntries(checked.map((input) => [attribute(input, ' name'), attribute(input, 'value')]))
}

async function twoPeople() {
  const [kept, other] = await Promise.all([
    person({ first_name: 'Amelia', phone_number: '+442079460958' }),
    person({
      first_name: 'A.',
      company: 'Löwe & Söhne',
      city: 'Atchison',
      country: 'US',
      date_of_birth: '1957-07-24',
    }),
  ])
  return { kept, other }
}

async function person(fields: FormFields) {
  const visitor = new Visitor(site)
  const { email } = await visitor.register(fields)
  return { visitor, email, id: await accountId(db, email) }
}
