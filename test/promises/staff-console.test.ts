import { describe, expect, test, vi } from 'vitest'
import { changeRole } from '../../src/flows/staff-role/change-role.ts'
import { urlOf, urls } from '../../src/urls.ts'
import { canaryEmail } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const admin = await staffMember(db, site, 'admin')
const adminId = await accountId(db, admin.email)
const reason = 'Moves to another desk'

describe('in the console, an admin', () => {
  test('invites somebody, who registers from the letter and stands in the list', async () => {
    const email = canaryEmail()
    const fields = { email, role: 'customer_care', submission: await admin.visitor.token(urls.staffInvitation) }
    const clicks = await Promise.all([1, 2].map(() => admin.visitor.post(urls.staffInvitation, fields)))
    for (const { status, headers } of clicks) expect([status, headers.location]).toEqual([303, urls.staff])
    expect((await admin.visitor.get(urls.staff)).body).toContain(email)
    await vi.waitFor(() => expect(mailbox.to(email)).toHaveLength(1), { timeout: 10_000 })

    const invited = new Visitor(site)
    await invited.get(linkIn(mailbox.to(email)[0] as Received))
    const { email: _, ...form } = registrationForm({ first_name: 'Ida', last_name: 'Invited' })
    expect((await invited.submit(urls.staffRegistration, form)).headers.location).toBe(urls.console)
    const list = (await admin.visitor.get(urls.staff)).body
    expect(list).toContain('Ida Invited')
    expect(list).not.toContain(email)
    const refused = await admin.visitor.submit(urls.staffInvitation, { email, role: 'admin' })
    expect(refused.status).toBe(422)
    expect(refused.body).toContain('belongs to somebody on the staff already')
    expect((await admin.visitor.submit(urls.staffInvitation, { email: 'x', role: 'king' })).status).toBe(422)
  })

  test('invites an address anew from a form that is opened anew: another letter, and the former link opens nothing', async () => {
    const wanted = { email: canaryEmail(), role: 'manager' }
    for (const letters of [1, 2]) {
      expect((await admin.visitor.submit(urls.staffInvitation, wanted)).headers.location).toBe(urls.staff)
      await vi.waitFor(() => expect(mailbox.to(wanted.email)).toHaveLength(letters), { timeout: 10_000 })
    }
    const opened = await Promise.all(
      mailbox.to(wanted.email).map(async (letter) => {
        const invited = new Visitor(site)
        await invited.get(linkIn(letter))
        return (await invited.get(urls.staffRegistration)).status
      }),
    )
    expect(opened).toEqual([410, 200])
  })

  test('sends an invitation again, and takes it back', async () => {
    const email = canaryEmail()
    await admin.visitor.submit(urls.staffInvitation, { email, role: 'manager' })
    const action = async () => {
      const { body } = await admin.visitor.get(urls.staff)
      return /action="(\/dashboard\/staff\/invitations\/[^"]+)"/.exec(body)?.[1] as string
    }
    const submission = await admin.visitor.token(urls.staff)
    const first = await action()
    expect((await admin.visitor.post(first, { act: 'resend', submission })).headers.location).toBe(urls.staff)
    expect(await action()).not.toBe(first)
    await admin.visitor.post(await action(), { act: 'revoke', submission })
    const list = (await admin.visitor.get(urls.staff)).body
    expect(list).toContain('is taken back')
    expect(list).not.toContain(email)
  })

  test('changes a role, which counts from the very next request, and is recorded with why', async () => {
    const manager = await staffMember(db, site, 'manager')
    const id = await accountId(db, manager.email)
    expect((await manager.visitor.get(urls.staff)).status).toBe(200)
    const events = await auditDuring(db, () =>
      admin.visitor.submit(urlOf(urls.staffRole, id), { role: 'customer_care', reason }),
    )
    expect(events.find(({ event }) => event === 'role-changed')?.details).toEqual({
      from: 'manager',
      to: 'customer_care',
      reason,
    })
    expect((await manager.visitor.get(urls.staff)).status).toBe(403)
    const twice = await auditDuring(db, () =>
      admin.visitor.submit(urlOf(urls.staffRole, id), { role: 'customer_care', reason }),
    )
    expect(twice).toEqual([])
  })

  test('suspends a colleague on the very next request, and restores them', async () => {
    const colleague = await staffMember(db, site, 'manager')
    const id = await accountId(db, colleague.email)
    expect((await admin.visitor.submit(urlOf(urls.staffSuspension, id), { reason: '' })).status).toBe(422)
    const answer = await admin.visitor.submit(urlOf(urls.staffSuspension, id), { reason })
    expect(answer.headers.location).toBe(urlOf(urls.staffMember, id))
    expect((await colleague.visitor.get(urls.console)).headers.location).toContain(urls.staffSignIn)
    expect((await new Visitor(site).signIn(colleague.email, colleague.password)).status).toBe(422)
    await admin.visitor.submit(urlOf(urls.staffRestoration, id), { reason })
    expect((await new Visitor(site).signIn(colleague.email, colleague.password)).status).toBe(303)
  })

  test('cannot suspend themselves, nor stop being the last admin, and is told what to do', async () => {
    const own = await admin.visitor.submit(urlOf(urls.staffSuspension, adminId), { reason })
    expect([own.status, own.body.includes('Ask another admin')]).toEqual([422, true])
    const last = await admin.visitor.submit(urlOf(urls.staffRole, adminId), { role: 'manager', reason })
    expect([last.status, last.body.includes('Make somebody else an admin first')]).toEqual([422, true])
    expect(last.body).toContain(reason)
  })
})

test('two admins who demote each other at once leave one', async () => {
  for (let round = 0; round < 10; round += 1) {
    const other = await accountId(db, (await staffMember(db, site, 'admin')).email)
    const demote = (accountId: string, actorId: string) =>
      db.database.transaction((within) =>
        changeRole(within, { accountId, actorId, role: 'manager', reason }, { network: null, reference: null }),
      )
    const outcomes = await Promise.all([demote(other, adminId), demote(adminId, other)])
    expect(outcomes.filter((outcome) => outcome === 'changed')).toHaveLength(1)
    await db.query(`update staff_profiles set role = 'admin' where account_id = $1`, [adminId])
    await db.query(`update staff_profiles set role = 'manager' where account_id = $1`, [other])
  }
})
