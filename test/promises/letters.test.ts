import { describe, expect, test } from 'vitest'
import { openPost } from '../../src/mail/post.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

const stateOf = async (recipient: string) =>
  (
    await db.query(
      `select sent_at is not null as sent, given_up_at is not null as given_up, attempts, last_error, claimed_until
    from letters where recipient = $1`,
      [recipient],
    )
  )[0]

/** As if the pause before the next try were over. */
const becomeDue = () => db.query(`update letters set due_at = now() where sent_at is null`)

describe('P7: mail never decides a registration', () => {
  test('a customer who registers gets one welcome, with a link to this site and nobody else', async () => {
    const { email } = await new Visitor(site).register()
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(1)
    const [letter] = mailbox.to(email)
    expect(letter?.subject).toBe('Welcome to Meridian Asset Logistics')
    expect(letter?.text).toContain('Welcome, Ann.')
    expect(new URL(linkIn(letter as Received)).origin).toBe(site.url)
    await expect.poll(() => stateOf(email)).toMatchObject({ sent: true, attempts: 1 })
  })

  test.each(['refuses for now', 'hangs', 'dies after taking'] as const)(
    'while the server %s, registering works, and the letter arrives later',
    async (manner) => {
      mailbox.manner = manner
      const { answer, email } = await new Visitor(site).register()
      expect(answer.status).toBe(303)
      await expect
        .poll(() => stateOf(email), { timeout: 40_000 })
        .toMatchObject({ sent: false, attempts: 1, last_error: expect.any(String) })
      mailbox.manner = 'takes'
      await becomeDue()
      await expect.poll(() => stateOf(email), { timeout: 15_000 }).toMatchObject({ sent: true })
      const ids = new Set(mailbox.to(email).map(({ messageId }) => messageId))
      expect(ids.size, 'a duplicate is recognisable').toBe(1)
    },
  )

  test('a letter that the server will never take is given up, visibly and without an address in its reason', async () => {
    mailbox.manner = 'refuses for good'
    const { email } = await new Visitor(site).register()
    await expect.poll(() => stateOf(email), { timeout: 15_000 }).toMatchObject({ given_up: true, attempts: 1 })
    mailbox.manner = 'takes'
    const [row] = await db.query<{ last_error: string }>(`select last_error from letters where recipient = $1`, [email])
    expect(row?.last_error).toContain('no such mailbox')
    expect(row?.last_error).not.toContain(email)
  })

  test('12.3.1 nothing is sent in clear to a server that offers no TLS', async () => {
    const stripped = await Mailbox.open()
    const post = openPost({
      url: stripped.settings.SMTP_URL,
      from: 'a@example.com',
      brand: 'Meridian',
      domain: 'example.com',
      requireTls: true,
    })
    await expect(post.send({ id: 'x', recipient: 'ann@example.com', subject: '', text: '', html: '' })).rejects.toThrow(
      /STARTTLS|TLS/,
    )
    expect(stripped.received).toEqual([])
    post.close()
  })

  test('1.3.11 a name cannot write into the head of a letter', async () => {
    const { answer } = await new Visitor(site).register({ first_name: 'Ann\r\nBcc: eve@example.com' })
    expect(answer.status).toBe(422)
  })
})

describe('confirming an address', () => {
  test('takes a press of the button: opening the link changes nothing, and its code leaves the address at once', async () => {
    const { visitor, link, email } = await welcomed()
    const opened = await visitor.get(pathOf(link))
    expect(opened.headers.location).toBe(urls.confirmation)
    await visitor.get(urls.confirmation)
    expect(await confirmed(email)).toBe(false)
    const answer = await visitor.submit(urls.confirmation, {})
    expect(answer.status).toBe(303)
    expect((await visitor.get(urls.landing)).body).toContain('Your email address is confirmed.')
    expect(await confirmed(email)).toBe(true)
  })

  test('works in another browser, and twice is once', async () => {
    const { link, email } = await welcomed()
    const elsewhere = new Visitor(site)
    await elsewhere.get(pathOf(link))
    const form = { submission: await elsewhere.token(urls.confirmation) }
    const answers = await Promise.all(Array.from({ length: 16 }, () => elsewhere.post(urls.confirmation, form)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(await confirmed(email)).toBe(true)
    expect(
      await db.count(
        `audit_events e join accounts a on a.id = e.account_id where a.email_canonical = '${email}' and event = 'email-confirmed'`,
      ),
    ).toBe(1)
  })

  test.each([
    ['expired', `update codes set expires_at = now() - interval '1 second' where purpose = 'confirmation'`],
    [
      'sent to an address that the account no longer has',
      `update codes set email_canonical = 'former@example.com' where purpose = 'confirmation'`,
    ],
    ['of another purpose', `update codes set purpose = 'recovery' where purpose = 'confirmation'`],
  ])('with a link that is %s is refused in words', async (_, statement) => {
    const { visitor, link } = await welcomed()
    await db.query(statement)
    await visitor.get(pathOf(link))
    const answer = await visitor.submit(urls.confirmation, {})
    expect(answer.status).toBe(410)
    expect(answer.body).toContain('This link no longer works')
  })

  test('with an altered link is refused in words', async () => {
    const { visitor, link } = await welcomed()
    await visitor.get(pathOf(link).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')))
    expect((await visitor.submit(urls.confirmation, {})).status).toBe(410)
  })

  test('can be asked for again from the profile, a few times an hour', async () => {
    const { visitor, email } = await welcomed()
    for (let time = 0; time < 3; time += 1) {
      const answer = await visitor.post(urls.confirmationRequest, {
        submission: await visitor.token(urls.customerProfile),
      })
      expect(answer.headers.location).toBe(urls.customerProfile)
    }
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(4)
    await visitor.post(urls.confirmationRequest, { submission: await visitor.token(urls.customerProfile) })
    expect((await visitor.get(urls.customerProfile)).body).toContain('several times within the hour')
  })
})

async function welcomed() {
  const visitor = new Visitor(site)
  const { email, password } = await visitor.register()
  await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(1)
  return { visitor, email, password, link: linkIn(mailbox.to(email)[0] as Received) }
}

async function confirmed(email: string): Promise<boolean> {
  const [row] = await db.query<{ confirmed: boolean }>(
    `select email_confirmed_at is not null as confirmed from accounts where email_canonical = $1`,
    [email],
  )
  return row?.confirmed ?? false
}

function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return pathname + search
}
