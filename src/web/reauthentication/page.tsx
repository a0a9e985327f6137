import type { JSX } from 'preact'
import { Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface ReauthenticationPageProps {
  page: PageContext
  /** Its values are those of the form that waits for the password; they go along unseen. */
  state: FormState
  action: string
  username: string | null
  recoveryUrl: string
}

const TITLE = 'Your password, please'

export function ReauthenticationPage({
  page,
  state,
  action,
  username,
  recoveryUrl,
}: ReauthenticationPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(TITLE, state)}
      shape="form"
      aside={<p class="aside-line">Just to be sure that it is you.</p>}
    >
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={
          <p>
            You gave it a while ago, and much depends on the next step. Give it once more, and we go on where you were.
          </p>
        }
        submit="Go on"
        working="One moment…"
      >
        {Object.entries(state.values).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        {username ? (
          <input class="remembered" type="text" value={username} autocomplete="username" readonly hidden />
        ) : null}
        <PasswordField
          state={state}
          name="current_password"
          label="Password"
          autocomplete="current-password"
          after={<a href={recoveryUrl}>Forgotten your password?</a>}
        />
      </Form>
    </Layout>
  )
}
