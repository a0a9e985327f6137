import type { JSX } from 'preact'
import { anyTouched, Field, Form, MoreFields, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import {
  ADDRESS_FIELDS,
  AddressFields,
  BirthdayField,
  CompanyField,
  NameFields,
  PhoneField,
} from '../../ui/personal-fields.tsx'
import type { Countries } from '../../ui/personal-fields.tsx'

export interface RegistrationPageProps extends Countries {
  page: PageContext
  state: FormState
  action: string
  signInUrl: string
  minLength: number
  /** What no password may be made of: the brand, for one. */
  knownWords: readonly string[]
}

const TITLE = 'Create your account'

export function RegistrationPage(props: RegistrationPageProps): JSX.Element {
  const { page, state, action, signInUrl } = props
  return (
    <Layout page={page} title={titleFor(TITLE, state)} shape="form" aside={<WhatHappensNext />}>
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={
          <p>
            Have one already? <a href={signInUrl}>Sign in</a>
          </p>
        }
        submit="Create account"
        working="Creating your account…"
        after={<p>You will be signed in straight away.</p>}
      >
        <NameFields state={state} />
        <CredentialFields {...props} />
        <PhoneField {...props} />
        <CompanyField state={state} />
        <AddressAndBirthday {...props} />
      </Form>
    </Layout>
  )
}

/**
 * The email address stands right before the password: password managers that go by position save it as the name to
 * sign in with, and the optional username, which comes after, only where it was filled in.
 */
function CredentialFields({ state, minLength, knownWords }: RegistrationPageProps) {
  return (
    <>
      <Field state={state} name="email" label="Email" type="email" autocomplete="email" autocapitalize="none" />
      <PasswordField
        state={state}
        label="Password"
        autocomplete="new-password"
        strength={{ minLength, words: knownWords }}
      />
      <Field
        state={state}
        name="username"
        label="Username"
        hint="You can sign in with it instead of your email address."
        optional
        autocomplete="username"
        autocapitalize="none"
      />
    </>
  )
}

function AddressAndBirthday(props: RegistrationPageProps) {
  return (
    <MoreFields
      summary="Address and date of birth"
      hint="Optional. You can add them later, in your profile."
      open={anyTouched(props.state, [...ADDRESS_FIELDS, 'date_of_birth'])}
    >
      <AddressFields {...props} />
      <BirthdayField state={props.state} />
    </MoreFields>
  )
}

function WhatHappensNext() {
  return (
    <div class="aside-steps">
      <h2 class="aside-title">What happens next</h2>
      <ol>
        <li>
          <strong>You are signed in at once</strong>
          Nothing to confirm first.
        </li>
        <li>
          <strong>One email is on its way</strong>
          To welcome you, and to keep for your records.
        </li>
        <li>
          <strong>Your profile is yours to edit</strong>
          Whatever you leave out today, you can add there.
        </li>
      </ol>
    </div>
  )
}
