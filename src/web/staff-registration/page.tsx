import type { JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { NameFields, StaffContactFields } from '../../ui/personal-fields.tsx'
import { capitalised } from '../../ui/words.tsx'

export interface StaffRegistrationPageProps {
  page: PageContext
  state: FormState
  action: string
  invitation: Invitation
  minLength: number
  knownWords: readonly string[]
}

export interface Invitation {
  /** Null while nobody is named in it, as in the first administrator's. */
  email: string | null
  role: string
}

const TITLE = 'Join the staff'

export function StaffRegistrationPage(props: StaffRegistrationPageProps): JSX.Element {
  const { page, state, action, invitation, minLength, knownWords } = props
  return (
    <Layout
      page={page}
      title={titleFor(TITLE, state)}
      shape="form"
      aside={<p class="aside-line">You are invited aboard {page.brand}.</p>}
    >
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={<InvitationFacts invitation={invitation} />}
        submit="Create staff account"
        working="Creating your account…"
        after={<p>You will be signed in straight away. The invitation works once.</p>}
      >
        <NameFields state={state} />
        {invitation.email === null ? (
          <Field
            state={state}
            name="email"
            label="Work email"
            type="email"
            autocomplete="email"
            autocapitalize="none"
          />
        ) : (
          <RememberedEmail email={invitation.email} />
        )}
        <PasswordField
          state={state}
          label="Password"
          autocomplete="new-password"
          strength={{ minLength, words: invitation.email ? [...knownWords, invitation.email] : knownWords }}
        />
        <StaffContactFields state={state} />
      </Form>
    </Layout>
  )
}

export interface InvitationUnusablePageProps {
  page: PageContext
  words: string
}

export function InvitationUnusablePage({ page, words }: InvitationUnusablePageProps): JSX.Element {
  return (
    <Layout page={page} title="This invitation cannot be used" shape="plain" route="broken">
      <PageHeading title="This invitation cannot be used">
        <p>{words}</p>
        <p>Ask whoever invited you for a new one: it takes them a moment.</p>
      </PageHeading>
      <div class="actions">
        <ButtonLink href={page.urls.staffSignIn} kind="secondary">
          Staff sign-in
        </ButtonLink>
      </div>
    </Layout>
  )
}

function InvitationFacts({ invitation: { email, role } }: { invitation: Invitation }) {
  return (
    <Facts
      facts={[...(email ? [{ label: 'Email', value: email }] : []), { label: 'Role', value: capitalised(role) }]}
    />
  )
}

/** Not sent and not shown: it tells password managers which name the new password belongs to. */
function RememberedEmail({ email }: { email: string }) {
  return <input class="remembered" type="text" value={email} autocomplete="username" readonly hidden />
}
