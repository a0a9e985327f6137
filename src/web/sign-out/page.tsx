import type { JSX } from 'preact'
import { Form, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface SignOutPageProps {
  page: PageContext
  state: FormState
  action: string
}

export function SignOutPage({ page, state, action }: SignOutPageProps): JSX.Element {
  return (
    <Layout page={page} title={titleFor('Sign out', state)} shape="form">
      <Form
        state={state}
        action={action}
        title="Sign out?"
        lead={<p>This ends your session in this browser. Your account and your details stay as they are.</p>}
        submit="Sign out"
        working="Signing you out…"
        after={
          page.viewer ? (
            <p>
              Or <a href={page.viewer.homeUrl}>stay signed in</a>.
            </p>
          ) : null
        }
      />
    </Layout>
  )
}
