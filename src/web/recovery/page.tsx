import type { JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Field, Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

interface RecoveryPageProps {
  page: PageContext
  state: FormState
  action: string
}

const REQUEST_TITLE = 'Forgotten your password?'
const NEW_PASSWORD_TITLE = 'Choose a new password'

export function RecoveryPage({ page, state, action }: RecoveryPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(REQUEST_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">It happens on every voyage.</p>}
    >
      <Form
        state={state}
        action={action}
        title={REQUEST_TITLE}
        lead={<p>Tell us who you are, and we write to the address of your account with a link to choose a new one.</p>}
        submit="Send me a link"
        working="Sending…"
        after={
          <p>
            It came back to you? <a href={page.urls.signIn}>Sign in</a>
          </p>
        }
      >
        <Field
          state={state}
          name="identifier"
          label="Email or username"
          autocomplete="username"
          autocapitalize="none"
          inputMode="email"
        />
      </Form>
    </Layout>
  )
}

/** The same page whoever was named, so that it tells nobody who has an account. */
export function RecoverySentPage({ page }: { page: PageContext }): JSX.Element {
  return (
    <Layout page={page} title="Look into your mail" shape="plain">
      <PageHeading title="Look into your mail">
        <p>
          If there is an account by that name, a letter with a link is on its way to its address. The link is good for
          an hour.
        </p>
        <p class="what-now">
          Nothing after a few minutes? Look among the unwanted mail, and check that you named the right account.
        </p>
      </PageHeading>
      <div class="actions">
        <ButtonLink href={page.urls.signIn}>Back to sign-in</ButtonLink>
      </div>
    </Layout>
  )
}

export interface NewPasswordPageProps extends RecoveryPageProps {
  /** Null when the form is shown again. */
  email: string | null
  /** In words, for an account that is about to be erased. */
  closesOn: string | null
  minLength: number
  knownWords: readonly string[]
}

export function NewPasswordPage({
  page,
  state,
  action,
  email,
  closesOn,
  minLength,
  knownWords,
}: NewPasswordPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(NEW_PASSWORD_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">A fresh start, with the old charts.</p>}
    >
      <Form
        state={state}
        action={action}
        title={NEW_PASSWORD_TITLE}
        lead={
          <p>
            {email ? (
              <>
                For the account of <bdi>{email}</bdi>.{' '}
              </>
            ) : null}
            {closesOn
              ? `This account will be erased on ${closesOn}. With a new password you keep it.`
              : 'Everybody who is signed in to it now is signed out.'}
          </p>
        }
        submit="Save and sign in"
        working="Saving…"
      >
        {email ? <input class="remembered" type="text" value={email} autocomplete="username" readonly hidden /> : null}
        <PasswordField
          state={state}
          label="New password"
          autocomplete="new-password"
          strength={{ minLength, words: email ? [...knownWords, email] : knownWords }}
        />
      </Form>
    </Layout>
  )
}
