import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { fullName, roleNames, staffRoles, type AccountStatus } from '../../accounts/account.ts'
import { may } from '../../accounts/permissions.ts'
import { reasonField, reasonForm } from '../../accounts/reason.ts'
import { oncePerForm } from '../../accounts/receipts/once-per-form.ts'
import { Fault } from '../../answers/fault.ts'
import type { Database } from '../../database/database.ts'
import { parseInvitation, roleField } from '../../flows/staff-invitation/input.ts'
import {
  inviteStaff,
  listInvitations,
  resendInvitation,
  revokeInvitation,
  type OpenInvitation,
} from '../../flows/staff-invitation/invite.ts'
import { changeRole, findStaff, listStaff, type StaffMember } from '../../flows/staff-role/change-role.ts'
import { restoreAccount, suspendAccount } from '../../flows/suspension/suspend.ts'
import type { FlashCode } from '../../http/flash.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { rowId } from '../../http/row-id.ts'
import type { Web } from '../../http/web.ts'
import type { Keys } from '../../lib/keys.ts'
import { momentInWords } from '../../lib/moments.ts'
import { parseWith } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import type { StandingProps } from '../../ui/standing.tsx'
import { urlOf, urls } from '../../urls.ts'
import { InvitePage, MemberActPage, MemberPage, StaffPage } from './page.tsx'

export interface StaffDesk {
  database: Database
  keys: Keys
}

const roles = staffRoles.map((role) => ({ value: role, label: roleNames[role] }))

export function staffRoutes(server: FastifyInstance, web: Web, { database, keys }: StaffDesk): void {
  const see = { access: 'staff', may: 'see-staff' } as const
  const manage = { access: 'staff', may: 'manage-staff' } as const

  server.get(urls.staff, { config: see }, async (request, reply) => {
    const [staff, invitations] = await Promise.all([listStaff(database), listInvitations(database)])
    const manages = may(web.signedIn(request), 'manage-staff')
    return web.send(
      reply,
      <StaffPage
        page={web.page(request, reply)}
        token={web.submissions.newToken(request, reply)}
        staff={staff.map(lineOf)}
        invitations={invitations.map((invitation) => invitationLine(invitation, manages))}
        inviteUrl={manages ? urls.staffInvitation : null}
      />,
    )
  })

  server.get(urls.staffInvitation, { config: manage }, async (request, reply) =>
    web.send(reply, inviteForm(request, reply, web.form(request, reply))),
  )

  server.post(
    urls.staffInvitation,
    { config: { ...manage, form: inviteForm } },
    async (request: FastifyRequest, reply) => {
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const parsed = parseInvitation(fieldsOf(request))
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)

      const inviting = { actorId: web.signedIn(request).id, origin: web.origin(request) }
      const { submission, form } = verdict
      const act = { act: 'invite', accountId: inviting.actorId, form, submission }
      const invited = await oncePerForm(database, act, (within) => inviteStaff(within, keys, parsed.value, inviting))
      if (invited) return web.redirect(reply, urls.staff, 'staff-invited')
      const words = 'This address belongs to somebody on the staff already.'
      return web.refuse(request, reply, 'fields-refused', [{ field: 'email', words }])
    },
  )

  server.post(urls.invitation, { config: manage }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.redirect(reply, urls.staff, 'send-once-more')
    const id = rowId(request)
    const inviting = { actorId: web.signedIn(request).id, origin: web.origin(request) }
    const revoking = fieldsOf(request)['act'] === 'revoke'
    const done = revoking
      ? await revokeInvitation(database, id, inviting)
      : await resendInvitation(database, keys, id, inviting)
    return web.redirect(
      reply,
      urls.staff,
      done ? (revoking ? 'invitation-revoked' : 'staff-invited') : 'invitation-over',
    )
  })

  server.get(urls.staffMember, { config: see }, async (request, reply) => {
    const member = await memberOf(request)
    const acts = may(web.signedIn(request), 'manage-staff') ? actsOn(member) : []
    return web.send(
      reply,
      <MemberPage
        page={web.page(request, reply)}
        name={nameOf(member)}
        standing={standings[member.status]}
        facts={factsOf(member)}
        acts={acts}
      />,
    )
  })

  for (const [url, act] of Object.entries(memberActs)) {
    const form = async (request: FastifyRequest, reply: FastifyReply, state: FormState) => {
      const member = await memberOf(request)
      return (
        <MemberActPage
          page={web.page(request, reply)}
          state={state}
          action={urlOf(url as ActUrl, member.id)}
          title={act.title(nameOf(member))}
          lead={act.lead}
          submit={act.submit}
          roles={act.roles ? roles : null}
        />
      )
    }
    server.get(url, { config: manage }, async (request, reply) => {
      const { role } = await memberOf(request)
      return web.send(reply, await form(request, reply, web.form(request, reply, { role })))
    })
    server.post(url, { config: { ...manage, form } }, async (request: FastifyRequest, reply: FastifyReply) => {
      const verdict = web.submissions.check(request)
      if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
      const parsed = parseWith(act.roles ? roleForm : reasonForm, fieldsOf(request))
      if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
      const { id, role } = await memberOf(request)
      const wish = { accountId: id, actorId: web.signedIn(request).id, reason: parsed.value.reason }
      const wanted = { role, ...parsed.value, ...wish }
      const outcome = await database.transaction((within) => act.carryOut(within, wanted, web.origin(request)))
      if (outcome === 'not-allowed') throw new Fault('not-allowed')
      const refusal = refusals[outcome]
      if (refusal) return web.refuse(request, reply, 'fields-refused', [{ field: null, words: refusal }])
      return web.redirect(reply, urlOf(urls.staffMember, id), act.done)
    })
  }

  async function memberOf(request: FastifyRequest): Promise<StaffMember> {
    const member = await findStaff(database, rowId(request))
    if (!member) throw new Fault('not-found')
    return member
  }

  function inviteForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return <InvitePage page={web.page(request, reply)} state={state} action={urls.staffInvitation} roles={roles} />
  }
}

const roleForm = z.object({ reason: reasonField, role: roleField })

type ActUrl = typeof urls.staffRole | typeof urls.staffSuspension | typeof urls.staffRestoration

interface MemberAct {
  title: (name: string) => string
  lead: string
  submit: string
  roles: boolean
  carryOut: (...wanted: Parameters<typeof changeRole>) => Promise<string>
  done: FlashCode
}

/** What an admin does to a colleague: each asks why, and sent twice it is one. */
const memberActs: Record<ActUrl, MemberAct> = {
  [urls.staffRole]: {
    title: (name) => `Change the role of ${name}`,
    lead: 'The new role counts from their very next click.',
    submit: 'Change the role',
    roles: true,
    carryOut: changeRole,
    done: 'role-changed',
  },
  [urls.staffSuspension]: {
    title: (name) => `Suspend ${name}`,
    lead: 'They are signed out everywhere at once, and nobody signs in to the account until it is restored.',
    submit: 'Suspend',
    roles: false,
    carryOut: suspendAccount,
    done: 'staff-suspended',
  },
  [urls.staffRestoration]: {
    title: (name) => `Restore ${name}`,
    lead: 'They can sign in again, in the role that they had.',
    submit: 'Restore',
    roles: false,
    carryOut: restoreAccount,
    done: 'staff-restored',
  },
}

/** Why nothing was done; whatever is not here was done, now or before. */
const refusals: Record<string, string> = {
  'last-admin': 'This is the last active admin. Make somebody else an admin first.',
  'own-account': 'This is your own account. Ask another admin.',
  closing: 'This account is closing, and cannot be suspended.',
}

function actsOn({ id, status }: StaffMember) {
  return [
    { href: urlOf(urls.staffRole, id), label: 'Change the role' },
    status === 'suspended'
      ? { href: urlOf(urls.staffRestoration, id), label: 'Restore' }
      : { href: urlOf(urls.staffSuspension, id), label: 'Suspend' },
  ]
}

function nameOf({ first_name, last_name }: StaffMember): string {
  return fullName({ firstName: first_name, lastName: last_name })
}

function lineOf(member: StaffMember) {
  return {
    name: nameOf(member),
    href: urlOf(urls.staffMember, member.id),
    role: roleNames[member.role],
    department: member.department ?? '–',
    standing: standings[member.status],
  }
}

function factsOf(member: StaffMember) {
  return [
    { label: 'Email', value: member.email ?? '–' },
    { label: 'Role', value: roleNames[member.role] },
    { label: 'Department', value: member.department ?? '–' },
    { label: 'Phone', value: member.phone_number ?? '–' },
    { label: 'Joined', value: momentInWords(member.created_at) },
  ]
}

const standings: Record<AccountStatus, StandingProps> = {
  active: { kind: 'good', words: 'Active' },
  suspended: { kind: 'amiss', words: 'Suspended' },
  closing: { kind: 'over', words: 'Closing' },
}

function invitationLine(invitation: OpenInvitation, manages: boolean) {
  const { id, email, role, invited_by, expired, expires_at } = invitation
  const standing: StandingProps = expired ? { kind: 'amiss', words: 'Expired' } : { kind: 'waiting', words: 'Open' }
  const action = manages ? urlOf(urls.invitation, id) : null
  return {
    email,
    role: roleNames[role],
    by: invited_by ?? 'the operator',
    until: momentInWords(expires_at),
    standing,
    action,
  }
}
