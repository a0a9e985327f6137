import type { ComponentChildren, JSX } from 'preact'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface SessionsPageProps {
  page: PageContext
  token: string
  action: string
  passwordUrl: string
  sessions: readonly SessionLine[]
}

/** A place where somebody is signed in, in words. */
export interface SessionLine {
  id: string
  device: string
  network: string
  signedIn: string
  lastSeen: string
  current: boolean
}

/** What is sent instead of a session's id to end all but this one. */
export const ALL_OTHERS = 'others'

const TITLE = 'Where you are signed in'

export function SessionsPage({ page, token, action, passwordUrl, sessions }: SessionsPageProps): JSX.Element {
  const send = { token, action }
  return (
    <Layout page={page} title={TITLE} shape="form" aside={<p class="aside-line">Here, and wherever else.</p>}>
      <PageHeading title={TITLE}>
        <p>These browsers can use your account without the password. End what you no longer use.</p>
      </PageHeading>
      <ul class="sessions">
        {sessions.map((session) => (
          <SessionItem session={session} {...send} />
        ))}
      </ul>
      {sessions.some(({ current }) => !current) ? (
        <>
          <EndForm {...send} end={ALL_OTHERS}>
            End all others
          </EndForm>
          <p class="sessions-remark">
            Something here that is not you? End it, then <a href={passwordUrl}>change your password</a>.
          </p>
        </>
      ) : (
        <p class="sessions-alone">You are signed in nowhere else.</p>
      )}
    </Layout>
  )
}

function SessionItem({ session, ...send }: { session: SessionLine; token: string; action: string }) {
  const { id, device, network, signedIn, lastSeen, current } = session
  return (
    <li class="session">
      <div class="session-words">
        <h2 class="session-device">
          {device}
          {current ? <span class="session-here">This browser</span> : null}
        </h2>
        <dl class="session-facts">
          <SessionFact label="Last seen">{lastSeen}</SessionFact>
          <SessionFact label="Signed in">{signedIn}</SessionFact>
          <SessionFact label="Network">
            <bdi>{network}</bdi>
          </SessionFact>
        </dl>
      </div>
      {current ? null : (
        <EndForm {...send} end={id}>
          End{' '}
          <span class="visually-hidden">
            {device}, last seen {lastSeen}
          </span>
        </EndForm>
      )}
    </li>
  )
}

function SessionFact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="session-fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function EndForm(props: { token: string; action: string; end: string; children: ComponentChildren }) {
  return (
    <form class="session-end" method="post" action={props.action}>
      <input type="hidden" name="submission" value={props.token} />
      <input type="hidden" name="end" value={props.end} />
      <button class="button button-secondary" type="submit">
        {props.children}
      </button>
    </form>
  )
}
