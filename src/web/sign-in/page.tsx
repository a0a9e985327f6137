import type { JSX } from 'preact'
import { Field, Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface SignInPageProps {
  page: PageContext
  state: FormState
  action: string
  audience: 'customer' | 'staff'
  registerUrl: string
  recoveryUrl: string | null
}

export function SignInPage({ page, state, action, audience, registerUrl, recoveryUrl }: SignInPageProps): JSX.Element {
  const title = audience === 'staff' ? 'Staff sign-in' : 'Sign in'
  return (
    <Layout
      page={page}
      title={titleFor(title, state)}
      shape="form"
      aside={<Welcome audience={audience} />}
      offersSignIn={false}
    >
      <Form
        state={state}
        action={action}
        title={title}
        lead={audience === 'staff' ? <StaffLead /> : <CustomerLead registerUrl={registerUrl} />}
        submit="Sign in"
        working="Signing you in…"
      >
        <Field
          state={state}
          name="identifier"
          label="Email or username"
          autocomplete="username"
          autocapitalize="none"
          inputMode="email"
        />
        <PasswordField
          state={state}
          label="Password"
          autocomplete="current-password"
          {...(recoveryUrl ? { after: <a href={recoveryUrl}>Forgotten your password?</a> } : {})}
        />
      </Form>
    </Layout>
  )
}

function CustomerLead({ registerUrl }: { registerUrl: string }) {
  return (
    <p>
      New here? <a href={registerUrl}>Create your account</a>
    </p>
  )
}

function StaffLead() {
  return <p>Staff accounts are by invitation. New here? Open the link in your invitation first.</p>
}

function Welcome({ audience }: { audience: SignInPageProps['audience'] }) {
  return <p class="aside-line">{audience === 'staff' ? 'Good to have you on watch.' : 'Back on course in a moment.'}</p>
}
