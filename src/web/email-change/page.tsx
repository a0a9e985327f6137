import type { JSX } from 'preact'
import { Field, Form, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

interface EmailPageProps {
  page: PageContext
  state: FormState
  action: string
  /** Null where it is not known: before there is one, or when the form is shown again. */
  email: string | null
}

const CHANGE_TITLE = 'Change your email address'
const CONFIRM_TITLE = 'Confirm your new address'
const TAKE_BACK_TITLE = 'Take your address back'

export function EmailChangePage({ page, state, action, email }: EmailPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(CHANGE_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">Moved to another port?</p>}
    >
      <Form
        state={state}
        action={action}
        title={CHANGE_TITLE}
        lead={
          <>
            {email ? (
              <p>
                Your address is <Address email={email} />.
              </p>
            ) : null}
            <p>We send a link to the new one. Until you open it, everything stays as it is.</p>
          </>
        }
        submit="Send the link"
        working="Sending…"
      >
        <Field
          state={state}
          name="email"
          label="New email address"
          hint="Once it is confirmed, we tell the old address too."
          type="email"
          autocomplete="email"
          autocapitalize="none"
          inputMode="email"
        />
      </Form>
    </Layout>
  )
}

/** Opening the link changes nothing, pressing the button does: mail scanners open links. */
export function EmailConfirmationPage({ page, state, action, email }: EmailPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(CONFIRM_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">One press, and it is yours.</p>}
    >
      <Form
        state={state}
        action={action}
        title={CONFIRM_TITLE}
        lead={
          <p>
            Press the button, and {email ? <Address email={email} /> : 'the new address'} is the address of your
            account. The old one gets a letter about it.
          </p>
        }
        submit="Use the new address"
        working="Confirming…"
      />
    </Layout>
  )
}

export function TakeBackPage({ page, state, action, email }: EmailPageProps): JSX.Element {
  return (
    <Layout
      page={page}
      title={titleFor(TAKE_BACK_TITLE, state)}
      shape="form"
      aside={<p class="aside-line">About turn.</p>}
    >
      <Form
        state={state}
        action={action}
        title={TAKE_BACK_TITLE}
        lead={
          <>
            <p>
              Somebody gave your account another address. Press the button, and it is{' '}
              {email ? <Address email={email} /> : 'the former one'} again.
            </p>
            <p>
              Everybody is signed out, and the password stops working, for somebody else may know it. You choose a new
              one right after.
            </p>
          </>
        }
        submit="Take it back"
        working="Taking it back…"
      />
    </Layout>
  )
}

function Address({ email }: { email: string }) {
  return <bdi class="address">{email}</bdi>
}
