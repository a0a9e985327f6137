import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { parseEmail, type Email } from '../../src/accounts/email.ts'
import { codeFor } from '../../src/accounts/codes/codes.ts'
import {
  inviteStaff,
  listInvitations,
  resendInvitation,
  revokeInvitation,
} from '../../src/flows/staff-invitation/invite.ts'
import { Keys } from '../../src/lib/keys.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, customer, staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const keys = new Keys([TEST_SECRET])
const origin = { network: '192.0.2.1', reference: 'MA-TEST' }
const admin = await accountId(db, (await staffMember(db, site, 'admin')).email)

describe('an invitation', () => {
  test('leaves by letter, and its link makes a staff account with its profile, of that address and role', async () => {
    const email = canaryEmail()
    expect(await invite(email, 'manager')).toBe(true)
    await vi.waitFor(() => expect(mailbox.to(email)).toHaveLength(1), { timeout: 10_000 })
    const letter = mailbox.to(email)[0] as Received
    expect(letter.text).toContain('Sam Stone invites you')
    const link = linkIn(letter)
    const invited = new Visitor(site)
    for (let scan = 0; scan < 3; scan += 1) await new Visitor(site).get(link)
    expect((await invited.get(link)).headers.location).toBe(urls.staffRegistration)
    const page = await invited.get(urls.staffRegistration)
    expect(page.body).toContain(email)
    expect(page.body).not.toContain('name="email"')

    const form = staffForm({ email: 'somebody.else@example.com' })
    const answer = await invited.submit(urls.staffRegistration, form)
    expect([answer.status, answer.headers.location]).toEqual([303, urls.console])
    const id = await accountId(db, email)
    expect(
      await db.query(
        `select a.kind, a.email_confirmed_at is not null as confirmed, p.role, p.department from accounts a join staff_profiles p on p.account_id = a.id where a.id = $1`,
        [id],
      ),
    ).toEqual([{ kind: 'staff', confirmed: true, role: 'manager', department: 'Freight' }])
    expect((await invited.get(urls.console)).status).toBe(200)
  })

  test('needs a password of fifteen characters', async () => {
    const { visitor } = await invited()
    const refused = await visitor.submit(urls.staffRegistration, staffForm({ password: 'kettle zebra 4' }))
    expect(refused.status).toBe(422)
    expect(refused.body).toContain('15 characters')
    expect((await visitor.submit(urls.staffRegistration, staffForm())).status).toBe(303)
  })

  test('used sixteen times at once makes one account, and the others get a page that helps', async () => {
    const { email, code } = await invited()
    const crowd = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const visitor = new Visitor(site)
        await visitor.get(`${urls.staffRegistration}?code=${code}`)
        return { visitor, token: await visitor.token(urls.staffRegistration) }
      }),
    )
    const answers = await Promise.all(
      crowd.map(({ visitor, token }) => visitor.post(urls.staffRegistration, { ...staffForm(), submission: token })),
    )
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    for (const { status, body } of answers.filter((answer) => answer.status !== 303)) {
      expect(status).toBe(410)
      expect(body).toContain('If you have registered with it already, sign in')
    }
    expect(await db.query(`select 1 from accounts where email_canonical = $1`, [email])).toHaveLength(1)
    expect(await db.query(`select 1 from invitations where email_canonical = $1`, [email])).toHaveLength(1)
  })

  test('accepted by one submission sent sixteen times at once is answered alike each time', async () => {
    const { visitor, email } = await invited()
    const fields = { ...staffForm(), submission: await visitor.token(urls.staffRegistration) }
    const answers = await Promise.all(Array.from({ length: 16 }, () => visitor.post(urls.staffRegistration, fields)))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.location}`))).toEqual(
      new Set([`303 ${urls.console}`]),
    )
    expect(await db.query(`select 1 from accounts where email_canonical = $1`, [email])).toHaveLength(1)
  })

  test('sent again voids the former link, taken back it opens nothing, expired neither: each says whom to ask', async () => {
    const { email, code, id } = await invited()
    expect(await resendInvitation(db.database, keys, id, { actorId: admin, origin })).toBe(true)
    expect(await resendInvitation(db.database, keys, id, { actorId: admin, origin }), 'of before').toBe(false)
    await expectUnusable(code)
    const second = await openOf(email)
    expect(await opens(codeFor(keys, 'invitation', second.id))).toBe(true)

    expect(await invite(email, 'admin'), 'invited anew').toBe(true)
    await expectUnusable(codeFor(keys, 'invitation', second.id))
    const third = await openOf(email)
    expect(third.role).toBe('admin')
    expect(await revokeInvitation(db.database, third.id, { actorId: admin, origin })).toBe(true)
    expect(await revokeInvitation(db.database, third.id, { actorId: admin, origin })).toBe(false)
    expect(await resendInvitation(db.database, keys, third.id, { actorId: admin, origin })).toBe(false)
    await expectUnusable(codeFor(keys, 'invitation', third.id))

    const expired = await invited()
    await db.query(`update invitations set expires_at = now() where id = $1`, [expired.id])
    await expectUnusable(expired.code)
    await expectUnusable('nBq3zWlYtX0pVhJd-7KcRg')
  })

  test('taken back while it is accepted is one or the other', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { visitor, email, id } = await invited()
      const fields = { ...staffForm(), submission: await visitor.token(urls.staffRegistration) }
      const [answer, revoked] = await Promise.all([
        visitor.post(urls.staffRegistration, fields),
        revokeInvitation(db.database, id, { actorId: admin, origin }),
      ])
      expect(answer.status).toBe(revoked ? 410 : 303)
      expect(await db.query(`select 1 from accounts where email_canonical = $1`, [email])).toHaveLength(revoked ? 0 : 1)
    }
  })

  test('is sent by admins and the operator alone, and to nobody who is staff already', async () => {
    const manager = await staffMember(db, site, 'manager')
    const managerId = await accountId(db, manager.email)
    expect(
      await inviteStaff(
        db.database,
        keys,
        { email: parsed(canaryEmail()), role: 'admin' },
        { actorId: managerId, origin },
      ),
    ).toBe(false)
    expect(
      await inviteStaff(
        db.database,
        keys,
        { email: parsed(canaryEmail()), role: 'admin' },
        { actorId: randomUUID(), origin },
      ),
    ).toBe(false)
    expect(
      await inviteStaff(db.database, keys, { email: parsed(canaryEmail()), role: 'admin' }, { actorId: null, origin }),
    ).toBe(true)
    expect(await invite(manager.email, 'admin')).toBe(false)
  })

  test('of one address sent many times at once is one, and no event holds the address', async () => {
    const email = canaryEmail()
    const events = await auditDuring(db, () => Promise.all(Array.from({ length: 8 }, () => invite(email))))
    expect(events.map(({ event }) => event)).toEqual(Array.from({ length: 8 }, () => 'staff-invited'))
    expect(JSON.stringify(events)).not.toContain(email)
    expect((await listInvitations(db.database)).filter((open) => open.email === email)).toHaveLength(1)
  })
})

describe('an invited customer', () => {
  test('is told before anything happens, signs in, and becomes staff under the same account', async () => {
    const { email, password } = await customer(site)
    const id = await accountId(db, email)
    await db.query(`update customer_profiles set company = 'Archer Ltd' where account_id = $1`, [id])
    const { visitor, code } = await invited(email)
    const told = await visitor.get(urls.staffRegistration)
    expect(told.body).toContain('You have an account already')
    expect(told.body).toContain('customer profile')
    const stranger = await visitor.submit(urls.staffSignIn, { identifier: email, password })
    expect(stranger.status).toBe(303)
    expect((await visitor.get(urls.staffRegistration)).body).toContain('Make my account a staff account')

    const elsewhere = new Visitor(site)
    await elsewhere.signIn(email, password)
    const next = canaryPassword()
    const fields = {
      password: next,
      department: 'Freight',
      submission: await visitor.token(urls.staffRegistration),
    }
    const answered = new Map(visitor.cookies)
    const answers = await Promise.all([1, 2, 3].map(() => visitor.post(urls.staffRegistration, fields)))
    for (const { status, headers } of answers) expect([status, headers.location]).toEqual([303, urls.console])
    expect((await visitor.get(urls.console)).status).toBe(200)
    expect((await elsewhere.get(urls.customerProfile)).status, 'signed out').toBe(303)
    expect((await new Visitor(site).signIn(email, password)).status, 'the former password').toBe(422)

    expect(await db.query(`select kind from accounts where email_canonical = $1`, [email])).toEqual([{ kind: 'staff' }])
    expect(await db.query(`select 1 from customer_profiles where account_id = $1`, [id])).toEqual([])
    const [kept] = await db.query<{ kind: string; former: { company: string } }>(
      `select r.kind, w.former from archived_rows w join runs r on r.id = w.run_id where w.account_id = $1`,
      [id],
    )
    expect(kept).toMatchObject({ kind: 'staff-from-customer', former: { company: 'Archer Ltd' } })
    await expectUnusable(code)

    const lost = new Visitor(site)
    for (const name of ['meridian-invitation', 'meridian-browser']) lost.cookies.set(name, answered.get(name) as string)
    const again = await lost.post(urls.staffRegistration, fields)
    expect([again.status, again.headers.location], 'sent again after its answer was lost').toEqual([303, urls.console])
  })

  test('cannot be made staff by somebody who has the link and not the account', async () => {
    const { email } = await customer(site)
    const { visitor } = await invited(email)
    const other = await customer(site)
    const thief = other.visitor
    thief.cookies.set('meridian-invitation', visitor.cookies.get('meridian-invitation') as string)
    expect((await thief.get(urls.staffRegistration)).headers.location).toBe(urls.landing)
    const outsider = await visitor.submit(urls.staffSignIn, { identifier: 'nobody', password: 'x' })
    expect(outsider.status).toBe(422)
    const token = await visitor.token(urls.staffSignIn)
    const answer = await visitor.post(urls.staffRegistration, { ...staffForm(), submission: token })
    expect(answer.status).toBe(422)
    expect(await db.query(`select kind from accounts where email_canonical = $1`, [email])).toEqual([
      { kind: 'customer' },
    ])
  })
})

function staffForm(fields: Record<string, string> = {}) {
  const { email: _, ...form } = registrationForm({ first_name: 'Ida', last_name: 'Invited', department: 'Freight' })
  return { ...form, ...fields } as Record<string, string>
}

function parsed(text: string): Email {
  return parseEmail(text) as Email
}

function invite(email: string, role: 'manager' | 'admin' = 'manager') {
  return inviteStaff(db.database, keys, { email: parsed(email), role }, { actorId: admin, origin })
}

async function openOf(email: string) {
  const found = (await listInvitations(db.database)).find((open) => open.email === email)
  if (!found) throw new Error('no such invitation')
  return found
}

async function invited(email = canaryEmail()) {
  await invite(email)
  const { id } = await openOf(email)
  const code = codeFor(keys, 'invitation', id)
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${code}`)
  return { visitor, email, code, id }
}

async function opens(code: string): Promise<boolean> {
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${code}`)
  return (await visitor.get(urls.staffRegistration)).status === 200
}

async function expectUnusable(code: string): Promise<void> {
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${code}`)
  const { status, body } = await visitor.get(urls.staffRegistration)
  expect(status).toBe(410)
  expect(body).toContain('ask the person who sent it to you')
}
