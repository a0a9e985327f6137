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
import type { DefaultCountry } from '../../ui/personal-fields.tsx'

/** open: signed in at once. verify-first: signed in by the link in a letter. */
export type RegistrationMode = 'open' | 'verify-first'

export interface RegistrationPageProps extends DefaultCountry {
  page: PageContext
  state: FormState
  action: string
  signInUrl: string
  minLength: number
  /** What no password may be made of: the brand, for one. */
  knownWords: readonly string[]
  mode: RegistrationMode
}

const TITLE = 'Create your account'

export function RegistrationPage(props: RegistrationPageProps): JSX.Element {
  const { page, state, action, signInUrl, mode } = props
  return (
    <Layout page={page} title={titleFor(TITLE, state)} shape="form" aside={<WhatHappensNext mode={mode} />}>
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
        after={
          <p>
            {mode === 'open'
              ? 'You will be signed in straight away.'
              : 'We send you a letter with a link, which signs you in.'}
          </p>
        }
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

function WhatHappensNext({ mode }: { mode: RegistrationMode }) {
  return (
    <div class="aside-steps">
      <h2 class="aside-title">What happens next</h2>
      <ol>
        {steps[mode].map(([what, more]) => (
          <li>
            <strong>{what}</strong>
            {more}
          </li>
        ))}
      </ol>
    </div>
  )
}

const YOURS_TO_EDIT = ['Your profile is yours to edit', 'Whatever you leave out today, you can add there.'] as const

const steps: Record<RegistrationMode, readonly (readonly [what: string, more: string])[]> = {
  open: [
    ['You are signed in at once', 'Nothing to confirm first.'],
    ['One letter is on its way', 'To welcome you, and to confirm your address when you have a moment.'],
    YOURS_TO_EDIT,
  ],
  'verify-first': [
    ['One letter is on its way', 'With a link that is good for 24 hours.'],
    ['You open the link', 'Your account is ready, and you are signed in.'],
    YOURS_TO_EDIT,
  ],
}
