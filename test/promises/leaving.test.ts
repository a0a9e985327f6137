import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { closingTicket, closingMark } from '../../src/accounts/closing.ts'
import { enterChanged } from '../../src/accounts/directory/entries.ts'
import { identityHash } from '../../src/accounts/tombstones.ts'
import { sql } from '../../src/database/sql.ts'
import type { OwnData } from '../../src/flows/leaving/own-data.ts'
import { Keys } from '../../src/lib/keys.ts'
import { openLog } from '../../src/lib/log.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { MINUTE } from '../../src/lib/time.ts'
import { eraseDue, startErasure } from '../../src/operations/erasure/erasure.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

describe('everything held about me', () => {
  test('comes as JSON in one file, with every part of it and no secret', async () => {
    const { visitor, email } = await member({ username: 'jo.data', phone_number: '+49 30 901820' })
    const answer = await visitor.submit(urls.ownData, { format: 'json' })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename="everything-held-about-you-\d{4}-\d\d-\d\d\.json"$/,
    )
    const data = dataIn(answer)
    expect(data.account).toMatchObject({
      first_name: 'Ann',
      last_name: 'Archer',
      username: 'jo.data',
      status: 'active',
    })
    expect(data.address).toMatchObject({ entered: email, written_to: email, compared_as: email, confirmed_at: null })
    expect(data.profile).toMatchObject({ phone_number: '+4930901820', company: null })
    expect(data.password).toMatchObject({ set: true, changed_at: expect.stringMatching(/^\d{4}-.*Z$/) })
    expect(data.sessions).toEqual([expect.objectContaining({ network: visitor.network })])
    expect(data.letters).toContainEqual(expect.objectContaining({ kind: 'welcome', recipient: email }))
    expect(data.links).toEqual([expect.objectContaining({ purpose: 'confirmation', address: email, used_at: null })])
    expect(data.receipts).toHaveLength(1)
    expect(data.events.map(({ event }) => event)).toEqual(expect.arrayContaining(['customer-registered']))
    await expectNoSecret(answer.body, email)
  })

  test('comes as a document of its own to read, which fetches nothing', async () => {
    const { visitor, email } = await member({ first_name: '<b>Zoë', company: 'Löwe & Söhne' })
    const answer = await visitor.submit(urls.ownData, { format: 'html' })
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(answer.headers['content-disposition']).toMatch(/^attachment; .*\.html"$/)
    expect(answer.headers['cache-control']).toBe('no-store')
    for (const words of [email, '&lt;b>Zoë', 'Löwe &amp; Söhne', 'Customer registered', 'Welcome'])
      expect(answer.body).toContain(words)
    expect(answer.body).not.toMatch(/<script|<link|\bsrc=|url\(|\bhref=/)
    await expectNoSecret(answer.body, email)
  })

  test('is recorded, with its format', async () => {
    const { visitor, id } = await member()
    await visitor.submit(urls.ownData, { format: 'json' })
    await visitor.submit(urls.ownData, { format: 'html' })
    const events = await db.query(
      `select details, network from audit_events where account_id = $1 and event = 'data-downloaded' order by id`,
      [id],
    )
    expect(events).toEqual([
      { details: { format: 'json' }, network: visitor.network },
      { details: { format: 'html' }, network: visitor.network },
    ])
    expect(dataIn(await visitor.submit(urls.ownData, { format: 'json' })).events.slice(-1)[0]).toMatchObject({
      event: 'data-downloaded',
      by_you: true,
    })
  })

  test('has a part for every table that hangs on an account', async () => {
    const rows = await db.query<{ table_name: string }>(
      `select distinct conrelid::regclass::text as table_name from pg_constraint
       where contype = 'f' and confrelid in ('accounts'::regclass, 'codes'::regclass) order by 1`,
    )
    expect(rows.map(({ table_name }) => table_name)).toEqual([
      'codes',
      'customer_directory', // made of the account and the profile, for the staff's search
      'customer_profiles',
      'email_changes',
      'import_questions',
      'imported_rows',
      'invitations', // staff alone
      'known_browsers',
      'letters',
      'passwords',
      'receipts',
      'sessions',
      'staff_profiles', // staff alone
    ])
  })

  test('is of one moment, whatever is changed meanwhile', async () => {
    const { visitor } = await member()
    const token = await visitor.token(urls.customerProfile)
    const edits = Array.from({ length: 16 }, (_, index) =>
      visitor.post(urls.customerProfile, {
        submission: token,
        first_name: 'Ann',
        last_name: `Archer ${index}`,
        company: `Archer ${index}`,
      }),
    )
    const reads = Array.from({ length: 8 }, () => visitor.post(urls.ownData, { submission: token, format: 'json' }))
    for (const answer of await Promise.all(reads)) {
      const { account, profile } = dataIn(answer)
      expect(profile.company ?? 'Archer').toBe(account.last_name)
    }
    await Promise.all(edits)
  })

  test('is nobody else’s, and asks for the password again after ten minutes', async () => {
    expect((await new Visitor(site).get(urls.ownData)).headers.location).toContain(urls.customerSignIn)
    const { visitor, id } = await member()
    const token = await visitor.token(urls.ownData)
    await db.query(`update sessions set authenticated_at = now() - interval '11 minutes' where account_id = $1`, [id])
    for (const answer of [
      await visitor.get(urls.ownData),
      await visitor.post(urls.ownData, { submission: token, format: 'json' }),
      await visitor.get(urls.accountClosing),
      await visitor.post(urls.accountClosing, { submission: token }),
    ]) {
      expect([303, 307]).toContain(answer.status)
      expect(answer.headers.location).toContain(urls.reauthentication)
    }
    expect(await statusOf(id)).toBe('active')
  })

  test('2.4.1 is limited for each account', async () => {
    const { visitor } = await member()
    const submission = await visitor.token(urls.ownData)
    for (let time = 0; time < 10; time += 1)
      expect((await visitor.post(urls.ownData, { submission, format: 'json' })).status).toBe(200)
    expect((await visitor.post(urls.ownData, { submission, format: 'json' })).status).toBe(303)
    expect((await visitor.get(urls.ownData)).body).toContain('several times within the hour')
  })
})

describe('closing an account', () => {
  test('signs everybody out, writes a letter with the date, and lets nobody in', async () => {
    const { visitor, email, password, id } = await member()
    const elsewhere = new Visitor(site)
    await elsewhere.signIn(email, password)
    const answer = await visitor.submit(urls.accountClosing, { reason: 'I have sold\nthe boat.' })
    expect(answer.status).toBe(303)
    expect((await visitor.get(answer.headers.location ?? '')).body).toContain('Your account will be erased in 14 days')
    expect(await visitor.isSignedIn()).toBe(false)
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect(await db.count(`sessions where account_id = '${id}'`)).toBe(0)
    const [row] = await db.query(
      `select status, closing_reason, closes_at - now() between interval '13 days 23 hours' and interval '14 days' as in_time
       from accounts where id = $1`,
      [id],
    )
    expect(row).toEqual({ status: 'closing', closing_reason: 'I have sold\nthe boat.', in_time: true })
    const letter = await letterTo(email, 'will be erased')
    expect(letter.text).toContain(`On ${inFourteenDays()}, `)
    expect(letter.text).toContain('you can change your mind')

    const returned = await elsewhere.signIn(email, password)
    expect(returned.headers.location).toBe(urls.accountKeeping)
    expect((await elsewhere.get(urls.accountKeeping)).body).toContain(`will be erased on ${inFourteenDays()}`)
    expect(await elsewhere.isSignedIn()).toBe(false)
  })

  test('by a double click, or by 16 at once, or sent again later, is one closing, and each is told so', async () => {
    const { visitor, email, id } = await member()
    const form = { submission: await visitor.token(urls.accountClosing), reason: '' }
    const clicks = Array.from({ length: 16 }, () => visitor.at(site))
    const later = visitor.at(site)
    const answers = await Promise.all(clicks.map((click) => click.post(urls.accountClosing, form)))
    answers.push(await later.post(urls.accountClosing, form))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.location}`))).toEqual(
      new Set([`303 ${urls.landing}`]),
    )
    expect(await eventsOf(id, 'account-closing')).toBe(1)
    await letterTo(email, 'will be erased')
    expect(await db.count(`letters where account_id = '${id}' and kind = 'account-closing'`)).toBe(1)
  })

  test('with a wrong password shows nothing of it, and a browser without the ticket has no button', async () => {
    const { email } = await closed()
    const stranger = new Visitor(site)
    const wrong = await stranger.signIn(email, canaryPassword())
    const nobody = await stranger.signIn(canaryEmail(), canaryPassword())
    expect(wrong.status).toBe(422)
    expect(comparable(wrong)).toBe(comparable(nobody))
    expect((await stranger.get(urls.accountKeeping)).status).toBe(410)
  })

  test('with too long a reason is refused, and the reason still there', async () => {
    const { visitor, id } = await member()
    const answer = await visitor.submit(urls.accountClosing, { reason: 'because '.repeat(80) })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain('because because')
    expect(await statusOf(id)).toBe('active')
  })

  test('at the same time as 16 sign-ins leaves nobody in', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { visitor, email, password, id } = await member()
      const form = { submission: await visitor.token(urls.accountClosing) }
      const others = await Promise.all(
        Array.from({ length: 16 }, async () => {
          const other = new Visitor(site)
          return { other, form: { identifier: email, password, submission: await other.token(urls.customerSignIn) } }
        }),
      )
      const signIns = others.map((each) => each.other.post(urls.customerSignIn, each.form))
      await visitor.post(urls.accountClosing, form)
      await Promise.all(signIns)
      expect(await statusOf(id)).toBe('closing')
      expect(await db.count(`sessions where account_id = '${id}'`)).toBe(0)
      for (const { other } of others) expect(await other.isSignedIn()).toBe(false)
    }
  })

  test('ends what the registration’s replay could open', async () => {
    const visitor = new Visitor(site)
    const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    await visitor.post(urls.customerRegistration, form)
    const again = visitor.at(site)
    await visitor.submit(urls.accountClosing, {})
    again.cookies.delete('meridian-session')
    await again.post(urls.customerRegistration, form)
    expect(await again.isSignedIn()).toBe(false)
  })

  test('is a state of the account that the database grants with a date, and never without', async () => {
    await expect(db.query(`update accounts set status = 'closing'`)).rejects.toThrow(/closing_has_its_date/)
    await expect(db.query(`update accounts set closes_at = now() where status = 'active'`)).rejects.toThrow(
      /closing_has_its_date/,
    )
  })
})

describe('keeping an account that is closing', () => {
  test('makes it as it was, signed in, with a letter', async () => {
    const { email, password, id } = await closed()
    const visitor = await returning(email, password)
    const answer = await visitor.submit(urls.accountKeeping, {})
    expect(answer.headers.location).toBe(urls.landing)
    expect((await visitor.get(urls.landing)).body).toContain('Your account stays, just as it was.')
    expect(await visitor.isSignedIn()).toBe(true)
    expect(await db.query(`select status, closes_at, closing_reason from accounts where id = $1`, [id])).toEqual([
      { status: 'active', closes_at: null, closing_reason: null },
    ])
    expect(await eventsOf(id, 'account-kept')).toBe(1)
    await letterTo(email, 'stays')
    expect((await new Visitor(site).signIn(email, password)).headers.location).toBe(urls.landing)
  })

  test('by a double click is kept once, and each click is signed in', async () => {
    const { email, password, id } = await closed()
    const visitor = await returning(email, password)
    const form = { submission: await visitor.token(urls.accountKeeping) }
    const clicks = Array.from({ length: 16 }, () => visitor.at(site))
    const answers = await Promise.all(clicks.map((click) => click.post(urls.accountKeeping, form)))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.location}`))).toEqual(
      new Set([`303 ${urls.landing}`]),
    )
    for (const click of clicks) expect(await click.isSignedIn()).toBe(true)
    expect(await eventsOf(id, 'account-kept')).toBe(1)
    expect(await db.count(`sessions where account_id = '${id}'`)).toBe(1)
  })

  test('from 16 browsers at once is kept once', async () => {
    const { email, password, id } = await closed()
    const browsers = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const browser = await returning(email, password)
        return { browser, form: { submission: await browser.token(urls.accountKeeping) } }
      }),
    )
    const twice = [...browsers, ...browsers.map(({ browser, form }) => ({ browser: browser.at(site), form }))]
    const answers = await Promise.all(twice.map(({ browser, form }) => browser.post(urls.accountKeeping, form)))
    expect(answers.map(({ status }) => status).filter((status) => status === 303)).toHaveLength(2)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303, 410]))
    expect(await eventsOf(id, 'account-kept')).toBe(1)
  })

  test.each([
    ['altered', (ticket: string) => ticket.replace(/[^.]*$/, (signature) => [...signature].toReversed().join(''))],
    ['of another account', (ticket: string) => ticket.replace(/\.[0-9a-f-]{36}\./, `.${crypto.randomUUID()}.`)],
    ['made longer', (ticket: string) => `${ticket}.x`],
    ['empty in each part', () => '...'],
    ['signed under another secret', (ticket: string) => forged(ticket)],
  ])('is refused to a ticket that is %s', async (_, alter) => {
    const { email, password, id } = await closed()
    const visitor = await returning(email, password)
    const token = await visitor.token(urls.accountKeeping)
    visitor.cookies.set('meridian-closing', alter(visitor.cookies.get('meridian-closing') as string))
    const answer = await visitor.post(urls.accountKeeping, { submission: token })
    expect(answer.status).toBe(410)
    expect(answer.body).toContain('Sign in again')
    expect(await statusOf(id)).toBe('closing')
  })

  test('is refused to a ticket older than ten minutes, and to one of an earlier closing', async () => {
    const { email, password, id } = await closed()
    const visitor = await returning(email, password)
    const earlier = visitor.cookies.get('meridian-closing') as string
    const token = await visitor.token(urls.accountKeeping)

    visitor.cookies.set('meridian-closing', await agedTicket(id))
    expect((await visitor.post(urls.accountKeeping, { submission: token })).status).toBe(410)

    const another = await returning(email, password)
    await another.submit(urls.accountKeeping, {})
    await another.submit(urls.accountClosing, {})
    visitor.cookies.set('meridian-closing', earlier)
    expect((await visitor.post(urls.accountKeeping, { submission: token })).status).toBe(410)
    expect(await statusOf(id)).toBe('closing')
  })

  test('is refused once the password was disabled, whatever ticket there is', async () => {
    const { email, password, id } = await closed()
    const visitor = await returning(email, password)
    const token = await visitor.token(urls.accountKeeping)
    await db.query(`update passwords set disabled_at = now() where account_id = $1`, [id])
    expect((await visitor.post(urls.accountKeeping, { submission: token })).status).toBe(410)
    expect(await statusOf(id)).toBe('closing')
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
  })

  test('ends the session that somebody else has in that browser', async () => {
    const { email, password } = await closed()
    const other = await member()
    const visitor = await returning(email, password)
    visitor.cookies.set('meridian-session', other.visitor.sessionToken as string)
    await visitor.submit(urls.accountKeeping, {})
    expect(await visitor.isSignedIn()).toBe(true)
    expect(await other.visitor.isSignedIn()).toBe(false)
  })

  test('is what a recovery does, and its page says so before', async () => {
    const { email, id } = await closed()
    const visitor = new Visitor(site)
    await visitor.submit(urls.recovery, { identifier: email })
    const { pathname, search } = new URL(linkIn(await letterTo(email, 'Choose a new password')))
    await visitor.get(pathname + search)
    expect((await visitor.get(urls.newPassword)).body).toContain(`will be erased on ${inFourteenDays()}`)
    const fresh = canaryPassword()
    expect((await visitor.submit(urls.newPassword, { password: fresh })).headers.location).toBe(urls.landing)
    expect(await visitor.isSignedIn()).toBe(true)
    expect(await statusOf(id)).toBe('active')
    expect([await eventsOf(id, 'account-kept'), await eventsOf(id, 'password-recovered')]).toEqual([1, 1])
    expect((await new Visitor(site).signIn(email, fresh)).headers.location).toBe(urls.landing)
  })
})

describe('erasure', () => {
  test('leaves nothing personal anywhere, and the audit with the account’s number alone', async () => {
    const needle = `Quill${Math.random().toString(36).slice(2, 10)}`
    const person = {
      first_name: `${needle}first`,
      last_name: `${needle}last`,
      username: `${needle}.user`,
      phone_number: '+49 30 90182017',
      company: `${needle} Ltd`,
      address: `1 ${needle} Street`,
      city: `${needle} City`,
      state: `${needle} State`,
      country: 'DE',
      postal_code: 'QX91 7ZZ',
      date_of_birth: '1931-03-07',
    }
    const { visitor, email, password, id } = await member(person)
    await new Visitor(site).signIn(email, canaryPassword())
    await new Visitor(site).signIn(email, password)
    await visitor.submit(urls.recovery, { identifier: email }).catch(() => {})
    await visitor.submit(urls.ownData, { format: 'json' })
    await visitor.submit(urls.customerProfile, { first_name: needle, last_name: needle, company: `${needle} GmbH` })
    await db.query(
      `insert into letters (id, kind, recipient, data) values (gen_random_uuid(), 'registration-link', $1, $2)`,
      [email.toUpperCase(), { firstName: needle }],
    )
    await visitor.submit(urls.accountClosing, { reason: `${needle} is leaving` })
    await letterTo(email, 'will be erased')
    const needles = [needle, email, '90182017', 'QX91 7ZZ', '1931-03-07']
    expect((await placesOf(needles)).length).toBeGreaterThan(3)
    await becomeDue(id)
    expect(await eraseDue(db.database)).toEqual([id])
    await enterChanged(db.database)
    expect(await placesOf(needles)).toEqual([])
    expect(await placesOf([id])).toEqual(['audit_events'])
    const [last] = await db.query(
      `select event, actor_id, network, details from audit_events where account_id = $1 order by id desc limit 1`,
      [id],
    )
    expect(last).toEqual({ event: 'account-erased', actor_id: null, network: null, details: {} })
  })

  test('keeps a tombstone by which an import knows the address, or the username where there was none', async () => {
    const withAddress = await closed()
    const withoutAddress = await closed({ username: 'old.salt' })
    await db.query(
      `update accounts set email = null, email_delivery = null, email_canonical = null, email_canonical_version = null where id = $1`,
      [withoutAddress.id],
    )
    for (const { id } of [withAddress, withoutAddress]) await becomeDue(id)
    await eraseDue(db.database)
    for (const hash of [
      identityHash('email', sql`${withAddress.email}::text`),
      identityHash('username', sql`${'old.salt'}::text`),
    ])
      expect(await db.database.row(sql`select from tombstones where identity_hash = ${hash}`)).not.toBeNull()
  })

  test('lets the same person register anew, by the same names, and leave again', async () => {
    const { email, id } = await closed({ username: 'phoenix' })
    await becomeDue(id)
    await eraseDue(db.database)
    const visitor = new Visitor(site)
    const { answer } = await visitor.register({ email, username: 'phoenix' })
    expect(answer.status).toBe(303)
    expect(await visitor.isSignedIn()).toBe(true)
    await visitor.submit(urls.accountClosing, {})
    const second = await idOf(email)
    await becomeDue(second)
    expect(await eraseDue(db.database)).toEqual([second])
  })

  test('waits for the day: nobody is erased before, and nobody who is not closing', async () => {
    const { id, email, password } = await closed()
    await member()
    expect(await eraseDue(db.database)).toEqual([])
    expect(await statusOf(id)).toBe('closing')
    await becomeDue(id)
    expect(await eraseDue(db.database)).toEqual([id])
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
  })

  test('by 16 nodes at once erases each account once', async () => {
    const ids = await Promise.all(Array.from({ length: 16 }, async () => (await closed()).id))
    await Promise.all(ids.map(becomeDue))
    const erased = await Promise.all(Array.from({ length: 16 }, () => eraseDue(db.database)))
    expect(erased.flat().toSorted()).toEqual(ids.toSorted())
    expect(await db.count(`audit_events where event = 'account-erased' and account_id in ('${ids.join("','")}')`)).toBe(
      16,
    )
  })

  test('at the same time as keeping ends in one of the two, whole', async () => {
    const ends = []
    for (let round = 0; round < 12; round += 1) {
      const { email, password, id } = await closed()
      await becomeDue(id)
      const visitor = await returning(email, password)
      const form = { submission: await visitor.token(urls.accountKeeping) }
      const clicks = Array.from({ length: 8 }, () => visitor.at(site))
      const head = round % 3 === 0 ? clicks.map((click) => click.post(urls.accountKeeping, form)) : []
      const erasing = Array.from({ length: 8 }, () => eraseDue(db.database))
      const tail = round % 3 === 0 ? [] : clicks.map((click) => click.post(urls.accountKeeping, form))
      const statuses = (await Promise.all([...head, ...tail])).map(({ status }) => status)
      const erased = (await Promise.all(erasing)).flat()
      const inside = await Promise.all(clicks.map((click) => click.isSignedIn()))
      const kept = (await statusOf(id)) === 'active'
      ends.push(kept)
      expect(new Set(statuses)).toEqual(new Set([kept ? 303 : 410]))
      expect(new Set(inside)).toEqual(new Set([kept]))
      expect(erased).toEqual(kept ? [] : [id])
      expect([await eventsOf(id, 'account-kept'), await eventsOf(id, 'account-erased')]).toEqual(kept ? [1, 0] : [0, 1])
    }
    expect(ends).toContain(false)
  })

  test('is done by every node in the background, and by the command, which says whom', async () => {
    const background = await closed()
    await becomeDue(background.id)
    const erasure = startErasure({ database: db.database, log: await openLog('silent', false), every: 20 })
    await expect.poll(() => statusOf(background.id), { timeout: 10_000 }).toBeUndefined()
    await erasure.stop()

    const { id } = await closed()
    await becomeDue(id)
    expect(JSON.parse(await meridian('erase', '--json'))).toEqual({ erased: [id] })
    expect(await meridian('erase')).toBe('No closed account is due.\n')
  })
})

interface Member {
  visitor: Visitor
  email: string
  password: string
  id: string
}

async function member(fields: FormFields = {}): Promise<Member> {
  const visitor = new Visitor(site)
  const { email, password, answer } = await visitor.register(fields)
  if (answer.status !== 303) throw new Error(answer.body)
  return { visitor, email, password, id: await idOf(email) }
}

/** Somebody who has just closed their account. */
async function closed(fields: FormFields = {}): Promise<Member> {
  const one = await member(fields)
  const { status } = await one.visitor.submit(urls.accountClosing, { reason: 'Enough.' })
  if (status !== 303) throw new Error(`closing: ${status}`)
  return one
}

/** A browser in which somebody has given the right password of an account that is closing. */
async function returning(email: string, password: string): Promise<Visitor> {
  const visitor = new Visitor(site)
  await visitor.signIn(email, password)
  return visitor
}

async function idOf(email: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(`select id from accounts where email_canonical = $1`, [email])
  return row?.id as string
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await db.query<{ status: string }>(`select status from accounts where id = $1`, [id]))[0]?.status
}

function eventsOf(id: string, event: string): Promise<number> {
  return db.count(`audit_events where account_id = '${id}' and event = '${event}'`)
}

async function becomeDue(id: string): Promise<void> {
  await db.query(`update accounts set closes_at = now() - interval '1 second' where id = $1 and status = 'closing'`, [
    id,
  ])
}

async function letterTo(email: string, subject: string): Promise<Received> {
  const found = () => mailbox.to(email).find((letter) => letter.subject.includes(subject))
  await expect.poll(found, { timeout: 15_000 }).toBeDefined()
  return found() as Received
}

function dataIn({ body }: Answer): OwnData {
  return JSON.parse(body) as OwnData
}

/** Not a hash, not a token, not a code, in whatever spelling. */
async function expectNoSecret(body: string, email: string): Promise<void> {
  const rows = await db.query<{ secret: Buffer | string }>(
    `with account as (select id from accounts where email_canonical = $1)
     select hash::text as secret from passwords, account where account_id = account.id
     union all select encode(token_hash, 'hex') from sessions, account where account_id = account.id
     union all select encode(code_hash, 'hex') from codes, account where account_id = account.id
     union all select encode(receipt_hash, 'hex') from receipts, account where account_id = account.id
     union all select encode(browser_hash, 'hex') from known_browsers, account where account_id = account.id`,
    [email],
  )
  expect(rows.length).toBeGreaterThan(3)
  for (const { secret } of rows) expect(body).not.toContain(secret)
  expect(body).not.toMatch(/argon2|_hash|\\\\x/)
}

function inFourteenDays(): string {
  return new Date(Date.now() + 14 * 24 * 60 * MINUTE).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
}

/** The page without what differs between any two: the token, and what was typed. */
function comparable({ body }: Answer): string {
  return body.replaceAll(/value="[^"]*"/g, 'value')
}

function forged(ticket: string): string {
  const [, accountId = '', mark = ''] = ticket.split('.')
  return closingTicket(new Keys(['another secret that is just as long as the right one']), { accountId, mark })
}

/** What sign-in would have given eleven minutes ago. */
async function agedTicket(accountId: string): Promise<string> {
  const row = await db.database.row<{ mark: string }>(
    sql`select ${closingMark} as mark from accounts a where id = ${accountId}`,
  )
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 11 * MINUTE)
  try {
    return closingTicket(new Keys([TEST_SECRET]), { accountId, mark: row?.mark as string })
  } finally {
    clock.mockRestore()
  }
}

/** The tables in which one of these words stands, in whichever column. */
async function placesOf(needles: string[]): Promise<string[]> {
  const superuser = await connectionTo(db.superuserUrl)
  const { rows } = await superuser.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  )
  const places = []
  for (const { name } of rows) {
    const { rows: found } = await superuser.query(
      `select 1 from ${name} as held, unnest($1::text[]) as needle where strpos(lower(held::text), lower(needle)) > 0 limit 1`,
      [needles],
    )
    if (found.length > 0) places.push(name)
  }
  return places
}

async function meridian(...args: string[]): Promise<string> {
  const env = { ...process.env, NODE_ENV: 'test', DATABASE_URL: db.appUrl, SECRET: TEST_SECRET }
  const { stdout } = await promisify(execFile)(process.execPath, [join(projectRoot, 'dist/main.mjs'), ...args], { env })
  return stdout
}
