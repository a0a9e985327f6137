import type { JSX } from 'preact'
import { Facts } from '../../ui/facts.tsx'
import { Form, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { CustomerProfileFields, NameFields, StaffContactFields } from '../../ui/personal-fields.tsx'
import type { DefaultCountry } from '../../ui/personal-fields.tsx'
import { capitalised } from '../../ui/words.tsx'

interface Own {
  page: PageContext
  state: FormState
  action: string
  /** Where one goes from here, for what is no part of the profile. */
  links: readonly ProfileLink[]
}

export interface ProfileLink {
  href: string
  words: string
}

export interface ProfilePageProps extends Own, DefaultCountry {
  /** Where a new confirmation link is asked for. */
  confirmAgain: string
  account: CustomerAccount | null
}

export interface CustomerAccount {
  name: string
  email: string
  username: string | null
  memberSince: string
  emailConfirmed: boolean
}

export interface StaffProfilePageProps extends Own {
  account: StaffAccount | null
}

export interface StaffAccount {
  name: string
  email: string
  username: string | null
  memberSince: string
  role: string
}

const TITLE = 'Your profile'
const SAVE = { submit: 'Save changes', working: 'Saving…' }

export function ProfilePage(props: ProfilePageProps): JSX.Element {
  const { page, state, action, links, account, confirmAgain } = props
  return (
    <Layout
      page={page}
      title={titleFor(TITLE, state)}
      shape="form"
      aside={account ? <Signature name={account.name} /> : null}
    >
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={account ? <AccountLead account={account} confirmAgain={confirmAgain} token={state.token} /> : null}
        after={<ProfileLinks links={links} />}
        {...SAVE}
      >
        <CustomerProfileFields person="You" {...props} />
      </Form>
    </Layout>
  )
}

export function StaffProfilePage({ page, state, action, links, account }: StaffProfilePageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(TITLE, state)}
      shape="form"
      aside={account ? <Signature name={account.name} /> : null}
    >
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={account ? <StaffFacts account={account} /> : null}
        after={<ProfileLinks links={links} />}
        {...SAVE}
      >
        <NameFields state={state} />
        <StaffContactFields state={state} />
      </Form>
    </Layout>
  )
}

function AccountLead({
  account,
  confirmAgain,
  token,
}: {
  account: CustomerAccount
  confirmAgain: string
  token: string
}) {
  return (
    <>
      <CustomerFacts account={account} />
      {account.emailConfirmed || account.email === '' ? null : (
        <ConfirmationReminder action={confirmAgain} token={token} />
      )}
    </>
  )
}

function CustomerFacts({ account }: { account: CustomerAccount }) {
  return (
    <Facts
      facts={[
        { label: 'Email', value: account.email, remark: account.emailConfirmed ? 'Confirmed' : 'Not confirmed yet' },
        ...usernameFact(account.username),
        { label: 'Member since', value: account.memberSince },
      ]}
    />
  )
}

/** Quiet, and gone with the confirmation: the account works without it. */
function ConfirmationReminder({ action, token }: { action: string; token: string }) {
  return (
    <form class="reminder" method="post" action={action}>
      <input type="hidden" name="submission" value={token} />
      <p>
        Confirm your address with the link in our letter, so that you can get back in should you ever lose your
        password.
      </p>
      <button class="button button-secondary" type="submit">
        Send me a new link
      </button>
    </form>
  )
}

function StaffFacts({ account }: { account: StaffAccount }) {
  return (
    <Facts
      facts={[
        { label: 'Email', value: account.email },
        ...usernameFact(account.username),
        { label: 'Role', value: capitalised(account.role) },
        { label: 'Member since', value: account.memberSince },
      ]}
    />
  )
}

function ProfileLinks({ links }: { links: readonly ProfileLink[] }) {
  return (
    <ul class="profile-links">
      {links.map(({ href, words }) => (
        <li>
          <a href={href}>{words}</a>
        </li>
      ))}
    </ul>
  )
}

function usernameFact(username: string | null) {
  return username ? [{ label: 'Username', value: username }] : []
}

function Signature({ name }: { name: string }) {
  return (
    <p class="aside-line">
      <bdi>{name}</bdi>
    </p>
  )
}
