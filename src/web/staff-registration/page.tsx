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
  /** Whether it is a customer who is signed in, and becomes staff under the same account. */
  customer: boolean
  minLength: number
  knownWords: readonly string[]
}

export interface Invitation {
  /** Null while nobody is named in it, as in the first administrator's. */
  email: string | null
  /** In words; null while it cannot be read. */
  role: string | null
}

const TITLE = 'Join the staff'

export function StaffRegistrationPage(props: StaffRegistrationPageProps): JSX.Element {
  const { page, state, action, invitation, customer, minLength, knownWords } = props
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
        lead={
          <>
            {customer ? <WhatBecomes /> : null}
            <InvitationFacts invitation={invitation} />
          </>
        }
        submit={customer ? 'Make my account a staff account' : 'Create staff account'}
        working={customer ? 'Changing your account…' : 'Creating your account…'}
        after={<p>You will be signed in straight away. The invitation works once.</p>}
      >
        {customer ? null : <NameFields state={state} />}
        {invitation.email === null && !customer ? (
          <Field
            state={state}
            name="email"
            label="Work email"
            type="email"
            autocomplete="email"
            autocapitalize="none"
          />
        ) : (
          <RememberedEmail email={invitation.email ?? ''} />
        )}
        <PasswordField
          state={state}
          label={customer ? 'New password' : 'Password'}
          autocomplete="new-password"
          strength={{ minLength, words: invitation.email ? [...knownWords, invitation.email] : knownWords }}
        />
        <StaffContactFields state={state} />
      </Form>
    </Layout>
  )
}

export interface InvitedCustomerPageProps {
  page: PageContext
  invitation: Invitation
  signInUrl: string
  recoveryUrl: string
}

/** For whom the invited address has a customer account already, before anything happens to it. */
export function InvitedCustomerPage({
  page,
  invitation,
  signInUrl,
  recoveryUrl,
}: InvitedCustomerPageProps): JSX.Element {
  return (
    <Layout page={page} title="You have an account already" shape="plain">
      <PageHeading title="You have an account already">
        <p>There is a customer account with the address that was invited. Sign in to it, and you can accept.</p>
        <WhatBecomes />
        <InvitationFacts invitation={invitation} />
      </PageHeading>
      <div class="actions">
        <ButtonLink href={signInUrl}>Sign in and go on</ButtonLink>
        <ButtonLink href={recoveryUrl} kind="secondary">
          Forgotten your password?
        </ButtonLink>
      </div>
    </Layout>
  )
}

function WhatBecomes() {
  return (
    <p>
      When you accept, your customer account becomes your staff account: same address, same account. Your customer
      profile is put into the archive, you choose a longer password, and you are signed out everywhere else. Until you
      press the button that says so, nothing changes.
    </p>
  )
}

export interface InvitationUnusablePageProps {
  page: PageContext
  words: string
  /** Whom to ask. */
  whatNow: string
}

export function InvitationUnusablePage({ page, words, whatNow }: InvitationUnusablePageProps): JSX.Element {
  return (
    <Layout page={page} title="This invitation cannot be used" shape="plain" route="broken">
      <PageHeading title="This invitation cannot be used">
        <p>{words}</p>
        <p class="what-now">{whatNow}</p>
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
      facts={[
        ...(email ? [{ label: 'Email', value: email }] : []),
        ...(role ? [{ label: 'Role', value: capitalised(role) }] : []),
      ]}
    />
  )
}

/** Not sent and not shown: it tells password managers which name the new password belongs to. */
function RememberedEmail({ email }: { email: string }) {
  return <input class="remembered" type="text" value={email} autocomplete="username" readonly hidden />
}
