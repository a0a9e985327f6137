import type { JSX } from 'preact'
import { Facts } from '../../ui/facts.tsx'
import { FieldGroup, Form, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import {
  AddressFields,
  BirthdayField,
  CompanyField,
  NameFields,
  PhoneField,
  StaffContactFields,
} from '../../ui/personal-fields.tsx'
import type { Countries } from '../../ui/personal-fields.tsx'
import { capitalised } from '../../ui/words.tsx'

interface Own {
  page: PageContext
  state: FormState
  action: string
}

export interface ProfilePageProps extends Own, Countries {
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
  const { page, state, action, account } = props
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
        lead={account ? <CustomerFacts account={account} /> : null}
        {...SAVE}
      >
        <FieldGroup legend="You">
          <NameFields state={state} />
          <BirthdayField state={state} />
        </FieldGroup>
        <FieldGroup legend="Contact">
          <PhoneField {...props} />
          <CompanyField state={state} />
        </FieldGroup>
        <FieldGroup legend="Address">
          <AddressFields {...props} />
        </FieldGroup>
      </Form>
    </Layout>
  )
}

export function StaffProfilePage({ page, state, action, account }: StaffProfilePageProps): JSX.Element {
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
        {...SAVE}
      >
        <NameFields state={state} />
        <StaffContactFields state={state} />
      </Form>
    </Layout>
  )
}

function CustomerFacts({ account }: { account: CustomerAccount }) {
  return (
    <Facts
      facts={[
        { label: 'Email', value: account.email, ...(account.emailConfirmed ? { remark: 'Confirmed' } : {}) },
        ...usernameFact(account.username),
        { label: 'Member since', value: account.memberSince },
      ]}
    />
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
