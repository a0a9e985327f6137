import { describe, expect, test } from 'vitest'
import { newId } from '../../src/lib/random.ts'
import type { Place } from '../../src/lib/place.ts'
import {
  letterPageStatement,
  letterStates,
  LETTERS_ON_A_PAGE,
  listLetters,
  type LetterFilter,
} from '../../src/mail/outbox-reader.ts'
import { letterKinds } from '../../src/mail/outbox.ts'
import { urlOf, urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, customer, staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
/** One that mails, and one on the same database that cannot. */
const site = await openSite(db, { ...mailbox.settings })
const other = await freshDatabase()
const mute = await openSite(other)
const care = await staffMember(db, site, 'customer_care')
const carer = await staffMember(other, mute, 'customer_care')
const admin = await staffMember(other, mute, 'admin')

const letterTo = async (of: typeof db, recipient: string) =>
  (await of.query<{ id: string }>(`select id from letters where recipient = $1`, [recipient]))[0]?.id ?? ''

describe('a letter that the mail server would not take', () => {
  test('stands in the list under its state, masked, and leaves once staff let it be tried again', async () => {
    mailbox.manner = 'refuses for good'
    const { email } = await new Visitor(site).register()
    const id = await letterTo(db, email)
    const page = urlOf(urls.letter, id)
    await expect
      .poll(async () => (await care.visitor.get(page)).body, { timeout: 15_000 })
      .toContain('Nothing tries it again by itself.')
    const { body: list } = await care.visitor.get(`${urls.letters}?state=given+up&kind=welcome`)
    expect(list).toContain(page)
    expect(list).toContain('Given up')
    expect((await care.visitor.get(`${urls.letters}?state=sent`)).body).not.toContain(page)
    const { body } = await care.visitor.get(page)
    for (const text of [list, body]) expect(text).not.toContain(email)
    expect(body).toContain('no such mailbox')

    mailbox.manner = 'takes'
    const events = await auditDuring(db, async () => {
      const answer = await care.visitor.submit(page, {})
      expect(answer.headers.location).toBe(page)
      expect((await care.visitor.get(page)).body).toContain('It is due now')
    })
    expect(events).toEqual([
      expect.objectContaining({
        event: 'letter-retried',
        account_id: await accountId(db, email),
        details: { letter: 'welcome' },
        network: care.visitor.network,
      }),
    ])
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(1)
    await expect
      .poll(async () => (await care.visitor.get(page)).body, { timeout: 15_000 })
      .toContain('The mail server took it')
  })

  test('that has left is not sent twice, and nothing is recorded', async () => {
    const { email } = await new Visitor(site).register()
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(1)
    const page = urlOf(urls.letter, await letterTo(db, email))
    await expect.poll(async () => (await care.visitor.get(page)).body, { timeout: 15_000 }).not.toContain('about to be')
    const events = await auditDuring(db, async () => {
      const answer = await care.visitor.post(page, { submission: await care.visitor.token(urls.letters) })
      expect(answer.status).toBe(303)
    })
    expect(events).toEqual([])
    expect((await care.visitor.get(page)).body).toContain('Nothing was changed')
    expect(mailbox.to(email).length).toBe(1)
  })

  test('is not touched by a form of another browser', async () => {
    const { email } = await new Visitor(site).register()
    const page = urlOf(urls.letter, await letterTo(db, email))
    const events = await auditDuring(db, () => care.visitor.post(page, { submission: 'x.y' }))
    expect(events).toEqual([])
  })
})

describe('the words of a letter', () => {
  test('are read by an admin where no mail server takes them, and every reading is recorded', async () => {
    const { email } = await customer(mute)
    const id = await letterTo(other, email)
    const page = urlOf(urls.letter, id)
    const words = urlOf(urls.letterWords, id)
    expect((await admin.visitor.get(page)).body).toContain(words)
    expect((await carer.visitor.get(page)).body).not.toContain(words)
    const events = await auditDuring(other, async () => {
      const { body } = await admin.visitor.post(words, { submission: await admin.visitor.token(page) })
      expect(body).toContain('Welcome, Ann.')
      expect(body).toContain(`href="${mute.url}${urls.confirmation}?code=`)
      const again = await admin.visitor.post(words, { submission: await admin.visitor.token(page) })
      expect(linkIn({ text: again.body } as Received)).toContain('?code=')
    })
    const reading = { event: 'letter-read', account_id: await accountId(other, email), details: { letter: 'welcome' } }
    expect(events).toEqual([expect.objectContaining(reading), expect.objectContaining(reading)])
  })

  test('are nobody’s besides, and asking is recorded nowhere', async () => {
    const { email } = await customer(mute)
    const words = urlOf(urls.letterWords, await letterTo(other, email))
    const events = await auditDuring(other, async () => {
      const token = await carer.visitor.token(urls.letters)
      expect((await carer.visitor.post(words, { submission: token })).status).toBe(403)
      expect((await admin.visitor.post(words, {})).status, 'without a form').toBe(303)
      const nowhere = urlOf(urls.letterWords, newId())
      const answer = await admin.visitor.post(nowhere, { submission: await admin.visitor.token(urls.letters) })
      expect(answer.status).toBe(404)
    })
    expect(events).toEqual([])
  })

  test('ask for the password again, when it was given a while ago', async () => {
    const { email } = await customer(mute)
    const page = urlOf(urls.letter, await letterTo(other, email))
    const token = await admin.visitor.token(page)
    await other.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    const answer = await admin.visitor.post(`${page}words/`, { submission: token })
    await other.query(`update sessions set authenticated_at = now()`)
    expect(answer.status).toBe(307)
    expect(answer.headers.location).toContain(urls.reauthentication)
  })

  test('have no address where a mail server takes them', async () => {
    const boss = await staffMember(db, site, 'admin')
    const { email } = await new Visitor(site).register()
    const page = urlOf(urls.letter, await letterTo(db, email))
    expect((await boss.visitor.get(page)).body).not.toContain('words/')
    expect((await boss.visitor.get(`${page}words/`)).status).toBe(404)
    expect((await boss.visitor.post(`${page}words/`, { submission: 'x' })).status).toBe(404)
  })
})

describe('the list', async () => {
  const many = await freshDatabase()
  await many.query(
    `insert into letters (id, kind, recipient, sent_at, given_up_at, last_error, attempts)
     select (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-000000000000')::uuid, ($1::text[])[1 + n % 12], 'a@example.com',
       case when n % 100 > 4 then now() end, case when n % 100 = 0 then now() end,
       case when n % 100 < 4 then '550 no' end, 1
     from generate_series(1, 10000) as n`,
    [letterKinds],
  )

  test.each<LetterFilter>([
    { state: null, kind: null },
    { state: 'given up', kind: null },
    { state: 'failing', kind: 'welcome' },
  ])('shows each letter once, from either end, while others are written: %o', async (filter) => {
    const { text, values } = letterPageStatement(filter, { end: 'first' }, 1_000_000)
    const all = (await many.query<{ id: string }>(text, values)).map(({ id }) => id)
    expect(all.length).toBeGreaterThan(LETTERS_ON_A_PAGE)
    const known = new Set(all)
    const down = await walk(filter, { end: 'first' }, (ids) => ({ after: ids.at(-1) ?? '' }), 'later')
    expect(down.flat().filter((id) => known.has(id))).toEqual(all)
    const up = await walk(filter, { end: 'last' }, (ids) => ({ before: ids[0] ?? '' }), 'earlier')
    const seen = up.toReversed().flat()
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((id) => known.has(id))).toEqual(all)
  })

  test('reads no more of an index than a page, whatever is chosen', async () => {
    const owner = await connectionTo(many.ownerUrl)
    await owner.query('analyze letters')
    for (const state of [null, ...letterStates]) {
      const { text, values } = letterPageStatement({ state, kind: null }, { end: 'first' }, LETTERS_ON_A_PAGE)
      const { rows } = await owner.query<{ 'QUERY PLAN': string }>(`explain (costs off) ${text}`, values)
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan, `${state}`).toMatch(/Index Scan/)
      expect(plan, `${state}`).not.toMatch(/Seq Scan|Sort/)
    }
  })

  /** One more, for a courier to fail with. */
  async function write(): Promise<void> {
    await many.query(
      `insert into letters (id, kind, recipient, last_error) values ($1, 'welcome', 'a@example.com', '550 no')`,
      [newId()],
    )
  }

  async function walk(
    filter: LetterFilter,
    start: Place,
    next: (ids: string[]) => Place,
    more: 'earlier' | 'later',
  ): Promise<string[][]> {
    const pages: string[][] = []
    for (let place = start; ;) {
      const page = await listLetters(many.database, filter, place)
      const ids = page.letters.map(({ id }) => id)
      pages.push(ids)
      await write()
      if (!page[more]) return pages
      place = next(ids)
    }
  }
})
