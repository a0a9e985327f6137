import type { JSX } from 'preact'
import { Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface PasswordChangePageProps {
  page: PageContext
  state: FormState
  action: string
  username: string | null
  minLength: number
  knownWords: readonly string[]
  recoveryUrl: string
}

const TITLE = 'Change your password'

export function PasswordChangePage(props: PasswordChangePageProps): JSX.Element {
  const { page, state, action, username, minLength, knownWords, recoveryUrl } = props
  return (
    <Layout
      page={page}
      title={titleFor(TITLE, state)}
      shape="form"
      aside={<p class="aside-line">New locks, same house.</p>}
    >
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={
          <p>You stay signed in here. Everywhere else you are signed out, and so is anybody who should not be in.</p>
        }
        submit="Save the new password"
        working="Saving…"
      >
        {username ? (
          <input class="remembered" type="text" value={username} autocomplete="username" readonly hidden />
        ) : null}
        <PasswordField
          state={state}
          name="current_password"
          label="Current password"
          autocomplete="current-password"
          after={<a href={recoveryUrl}>Forgotten your password?</a>}
        />
        <PasswordField
          state={state}
          label="New password"
          autocomplete="new-password"
          strength={{ minLength, words: knownWords }}
        />
      </Form>
    </Layout>
  )
}
