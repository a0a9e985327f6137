import type { JSX } from 'preact'
import { Form, TextArea, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface OwnDataPageProps {
  page: PageContext
  token: string
  action: string
  closingUrl: string
}

const HELD: readonly [what: string, words: string][] = [
  ['Your account', 'Your names, your email address in each form that we keep of it, and when it was opened.'],
  ['Your profile', 'Everything that you told us about yourself.'],
  ['Your password', 'That there is one, and when it was changed; never the password, which we do not know.'],
  ['Your sessions', 'Where you are signed in: browser, network and times.'],
  ['Our letters', 'Which we wrote you, to which address and when, and the links in them.'],
  ['What happened', 'Each sign-in and each change, when it was, and from which network.'],
]

/** The forms are no `data-form`: a download leaves the page as it is, and nothing is under way when it has come. */
export function OwnDataPage({ page, token, action, closingUrl }: OwnDataPageProps): JSX.Element {
  const title = 'Everything held about you'
  return (
    <Layout page={page} title={title} shape="form" aside={<p class="aside-line">Your chart, for your own drawer.</p>}>
      <div class="form">
        <h1>{title}</h1>
        <div class="lead">
          <p>You can take all of it with you, in one file.</p>
        </div>
        <dl class="held">
          {HELD.map(([what, words]) => (
            <div>
              <dt>{what}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
        <form class="actions" method="post" action={action}>
          <input type="hidden" name="submission" value={token} />
          <button class="button button-primary" type="submit" name="format" value="html">
            Download to read
          </button>
          <button class="button button-secondary" type="submit" name="format" value="json">
            Download as JSON
          </button>
        </form>
        <div class="form-after">
          <p>The first opens in any browser and prints well; the second is for programs.</p>
          <p>
            Leaving us? <a href={closingUrl}>Close your account</a>
          </p>
        </div>
      </div>
    </Layout>
  )
}

export interface AccountClosingPageProps {
  page: PageContext
  state: FormState
  action: string
  ownDataUrl: string
  /** The day on which the account would be erased, in words. */
  closesOn: string
}

export function AccountClosingPage({
  page,
  state,
  action,
  ownDataUrl,
  closesOn,
}: AccountClosingPageProps): JSX.Element {
  const title = 'Close your account'
  return (
    <Layout
      page={page}
      title={titleFor(title, state)}
      shape="form"
      aside={<p class="aside-line">Fair winds, wherever you go.</p>}
    >
      <Form
        state={state}
        action={action}
        title={title}
        lead={
          <ol class="steps">
            <li>
              <strong>At once</strong> you are signed out everywhere, and nobody can sign in any more.
            </li>
            <li>
              <strong>Until {closesOn}</strong> you can change your mind: sign in, and press the button that keeps your
              account. Nothing will be missing.
            </li>
            <li>
              <strong>Then</strong> everything that we hold about you is erased for good. We keep a fingerprint of your
              email address, so that no old list brings you back, and the bare record that an account was used. You can
              register anew at any time.
            </li>
          </ol>
        }
        submit="Close my account"
        working="Closing…"
        after={
          <p>
            Before you go: <a href={ownDataUrl}>download everything held about you</a>
          </p>
        }
      >
        <TextArea
          state={state}
          name="reason"
          label="Why are you leaving?"
          hint="Only if you like to tell us. It is erased with your account."
          optional
          rows={3}
        />
      </Form>
    </Layout>
  )
}

export interface AccountKeepingPageProps {
  page: PageContext
  state: FormState
  action: string
  /** Null when the form is shown again. */
  account: { firstName: string; closesOn: string } | null
}

export function AccountKeepingPage({ page, state, action, account }: AccountKeepingPageProps): JSX.Element {
  const title = 'Your account is closing'
  return (
    <Layout
      page={page}
      title={titleFor(title, state)}
      shape="form"
      aside={<p class="aside-line">There is still time to turn about.</p>}
      offersSignIn={false}
    >
      <Form
        state={state}
        action={action}
        title={title}
        lead={
          <>
            <p>
              {account ? (
                <>
                  <bdi>{account.firstName}</bdi>, it will be erased on {account.closesOn}.{' '}
                </>
              ) : null}
              You closed it, so nobody is let in. Until then you can keep it, just as it was.
            </p>
            <p>If you still want to leave, there is nothing to do.</p>
          </>
        }
        submit="Keep my account"
        working="One moment…"
        after={
          <p>
            Leave it closed, and <a href={page.urls.landing}>go to the front page</a>
          </p>
        }
      />
    </Layout>
  )
}
