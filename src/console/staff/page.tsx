import type { ComponentChildren, JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Facts, type Fact } from '../../ui/facts.tsx'
import { Field, Form, SelectField, TextArea, titleFor, type FormState, type SelectOption } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Standing, type StandingProps } from '../../ui/standing.tsx'
import { Table } from '../../ui/table.tsx'

export interface StaffLine {
  name: string
  href: string
  role: string
  department: string
  standing: StandingProps
}

export interface InvitationLine {
  email: string
  role: string
  by: string
  until: string
  standing: StandingProps
  /** Where it is sent again or taken back; null for who may not. */
  action: string | null
}

export interface StaffPageProps {
  page: PageContext
  token: string
  staff: readonly StaffLine[]
  invitations: readonly InvitationLine[]
  /** Null for who may not invite. */
  inviteUrl: string | null
}

export function StaffPage({ page, token, staff, invitations, inviteUrl }: StaffPageProps): JSX.Element {
  return (
    <Layout page={page} title="Staff" shape="console">
      <div class="heading-row">
        <PageHeading title="Staff" />
        {inviteUrl ? <ButtonLink href={inviteUrl}>Invite somebody</ButtonLink> : null}
      </div>
      <Table
        caption="Who is on the staff"
        rows={staff}
        none="Nobody."
        columns={[
          { label: 'Name', head: true, value: ({ name, href }) => <a href={href}>{name}</a> },
          { label: 'Role', value: ({ role }) => role },
          { label: 'Department', value: ({ department }) => <bdi>{department}</bdi> },
          { label: 'Standing', value: ({ standing }) => <Standing {...standing} /> },
        ]}
      />
      <h2 class="console-part">Open invitations</h2>
      <Table
        caption="Invitations that were neither accepted nor taken back"
        rows={invitations}
        none="None is open."
        columns={[
          { label: 'Address', head: true, value: ({ email }) => <bdi>{email}</bdi> },
          { label: 'Role', value: ({ role }) => role },
          { label: 'Invited by', value: ({ by }) => <bdi>{by}</bdi> },
          { label: 'Good until', value: ({ until }) => until },
          { label: 'Standing', value: ({ standing }) => <Standing {...standing} /> },
          ...(inviteUrl
            ? [{ label: 'Action', value: (line: InvitationLine) => <Acts line={line} token={token} /> }]
            : []),
        ]}
      />
    </Layout>
  )
}

function Acts({ line: { action, email }, token }: { line: InvitationLine; token: string }) {
  if (action === null) return null
  return (
    <form method="post" action={action} class="row-actions">
      <input type="hidden" name="submission" value={token} />
      <button class="button button-secondary button-small" type="submit" name="act" value="resend">
        Send again<span class="visually-hidden"> to {email}</span>
      </button>
      <button class="button button-secondary button-small" type="submit" name="act" value="revoke">
        Take back<span class="visually-hidden"> from {email}</span>
      </button>
    </form>
  )
}

export interface InvitePageProps {
  page: PageContext
  state: FormState
  action: string
  roles: readonly SelectOption[]
}

export function InvitePage({ page, state, action, roles }: InvitePageProps): JSX.Element {
  const title = 'Invite somebody to the staff'
  return (
    <Layout page={page} title={titleFor(title, state)} shape="form" aside={<p class="aside-line">One more aboard.</p>}>
      <Form
        state={state}
        action={action}
        title={title}
        lead={<p>They get a letter with a link that works once, within 72 hours, and choose their password alone.</p>}
        submit="Send the invitation"
        working="Sending…"
        after={<p>Inviting the same address again replaces the former link.</p>}
      >
        <Field state={state} name="email" label="Work email" type="email" autocomplete="off" autocapitalize="none" />
        <SelectField
          state={state}
          name="role"
          label="Role"
          autocomplete="off"
          placeholder="Choose a role"
          options={roles}
          hint="Customer care finds and helps. Managers also suspend customers and see reports. Admins also manage the staff."
        />
      </Form>
    </Layout>
  )
}

export interface MemberPageProps {
  page: PageContext
  name: string
  standing: StandingProps
  facts: readonly Fact[]
  acts: readonly { href: string; label: string }[]
}

export function MemberPage({ page, name, standing, facts, acts }: MemberPageProps): JSX.Element {
  return (
    <Layout page={page} title={name} shape="console">
      <div class="person-heading">
        <PageHeading title={<bdi>{name}</bdi>} />
        <Standing {...standing} />
      </div>
      <div class="member-facts">
        <Facts facts={facts} />
      </div>
      {acts.length > 0 ? (
        <div class="actions">
          {acts.map(({ href, label }) => (
            <ButtonLink href={href} kind="secondary">
              {label}
            </ButtonLink>
          ))}
        </div>
      ) : null}
    </Layout>
  )
}

export interface MemberActPageProps {
  page: PageContext
  state: FormState
  action: string
  title: string
  lead: ComponentChildren
  submit: string
  /** For a change of role: which there are. */
  roles: readonly SelectOption[] | null
}

export function MemberActPage(props: MemberActPageProps): JSX.Element {
  const { page, state, action, title, lead, submit, roles } = props
  return (
    <Layout
      page={page}
      title={titleFor(title, state)}
      shape="form"
      aside={<p class="aside-line">Kept in the record.</p>}
    >
      <Form state={state} action={action} title={title} lead={<p>{lead}</p>} submit={submit} working="One moment…">
        {roles ? <SelectField state={state} name="role" label="Role" autocomplete="off" options={roles} /> : null}
        <TextArea state={state} name="reason" label="Why" hint="A sentence, which the record keeps." rows={2} />
      </Form>
    </Layout>
  )
}
