import type { JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Form, PasswordField, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

interface RegistrationSentPageProps {
  page: PageContext
  state: FormState
  action: string
}

const SENT_TITLE = 'Look into your mail'
const LINK_TITLE = 'Finish your registration'
const TAKEN_TITLE = 'You have an account already'

/** The same page whoever the address belongs to, so that it tells nobody who has an account. */
export function RegistrationSentPage({ page, state, action }: RegistrationSentPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(SENT_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">One letter, and you are aboard.</p>}
    >
      <Form
        state={state}
        action={action}
        title={SENT_TITLE}
        lead={
          <>
            <p>
              A letter is on its way to the address that you entered. Open the link in it, and your account is ready and
              you are signed in. The link is good for 24 hours.
            </p>
            <p>Nothing after a few minutes? Look among the unwanted mail first.</p>
          </>
        }
        submit="Send the letter again"
        working="Sending…"
        after={
          <p>
            Was the address mistyped? <a href={page.urls.register}>Register once more</a>
          </p>
        }
      />
    </Layout>
  )
}

export interface RegistrationLinkPageProps {
  page: PageContext
  state: FormState
  action: string
  /** Null when the form is shown again after a refusal. */
  email: string | null
  asksPassword: boolean
}

/** Opening the link changes nothing, pressing the button does: mail scanners open links. */
export function RegistrationLinkPage({
  page,
  state,
  action,
  email,
  asksPassword,
}: RegistrationLinkPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(LINK_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">Last lock before open water.</p>}
    >
      <Form
        state={state}
        action={action}
        title={LINK_TITLE}
        lead={
          <>
            {email ? (
              <p>
                You opened the link that we sent to <bdi>{email}</bdi>.
              </p>
            ) : null}
            <p>
              {asksPassword
                ? 'You registered in another browser. Enter the password that you chose there, and your account is ready.'
                : 'Press the button, and your account is ready.'}
            </p>
          </>
        }
        submit="Finish and sign in"
        working="Finishing…"
        {...(asksPassword ? { after: <NotYou registerUrl={page.urls.register} /> } : {})}
      >
        {email && asksPassword ? (
          <input class="remembered" type="text" value={email} autocomplete="username" readonly hidden />
        ) : null}
        {asksPassword ? <PasswordField state={state} label="Password" autocomplete="current-password" /> : null}
      </Form>
    </Layout>
  )
}

function NotYou({ registerUrl }: { registerUrl: string }) {
  return (
    <p>
      You chose no password? Then somebody else typed your address, and nothing was made of it.{' '}
      <a href={registerUrl}>Register yourself</a>
    </p>
  )
}

/** Only for somebody who opened a letter to that very address. */
export function AddressTakenPage({ page, recoveryUrl }: { page: PageContext; recoveryUrl: string }): JSX.Element {
  return (
    <Layout page={page} title={TAKEN_TITLE} shape="plain" route="broken">
      <PageHeading title={TAKEN_TITLE}>
        <p>Since you registered, this address has become that of an account, so no second one was made.</p>
        <p class="what-now">Sign in with it. If you do not know its password, choose a new one.</p>
      </PageHeading>
      <div class="actions">
        <ButtonLink href={page.urls.signIn}>Sign in</ButtonLink>
        <ButtonLink href={recoveryUrl} kind="secondary">
          Choose a new password
        </ButtonLink>
      </div>
    </Layout>
  )
}
