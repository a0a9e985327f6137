import type { JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Globe } from '../../ui/globe.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext, Viewer } from '../../ui/page.ts'

/** From here on a name is set smaller, to keep it off the globe. */
const LONG_NAME = 28

export function LandingPage({ page }: { page: PageContext }): JSX.Element {
  return (
    <Layout page={page} title={page.brand} shape="landing">
      <section class="hero">
        {page.viewer ? <Greeting viewer={page.viewer} brand={page.brand} /> : <Introduction page={page} />}
        <Globe
          class="hero-globe"
          centre={{ longitude: 64, latitude: 26 }}
          tilt={-16}
          scale={50}
          routes={[
            { from: { longitude: 4.1, latitude: 51.9 }, to: { longitude: 103.8, latitude: 1.3 } },
            { from: { longitude: 4.1, latitude: 51.9 }, to: { longitude: 18.4, latitude: -33.9 } },
          ]}
        />
      </section>
      {page.viewer ? null : <Tenets />}
    </Layout>
  )
}

function Introduction({ page }: { page: PageContext }) {
  return (
    <div class="hero-words">
      <h1>
        <span class="sentence">Your assets move.</span> <span class="sentence">Your account stays put.</span>
      </h1>
      <p class="lead">
        {page.brand} looks after assets on their way from one place to the next. Your account is where we know you by
        name, and where you keep your details right.
      </p>
      <div class="actions">
        <ButtonLink href={page.urls.register}>Create your account</ButtonLink>
        <a class="action-link" href={page.urls.signIn}>
          Sign in
        </a>
      </div>
    </div>
  )
}

function Greeting({ viewer, brand }: { viewer: Viewer; brand: string }) {
  return (
    <div class="hero-words">
      <h1 class={viewer.name.length > LONG_NAME ? 'greeting greeting-long' : 'greeting'}>
        Good to see you, <bdi>{viewer.name}</bdi>
      </h1>
      <p class="lead">
        {viewer.kind === 'staff' ? `You are signed in to ${brand} as staff.` : `You are signed in to ${brand}.`}
      </p>
      <div class="actions">
        {viewer.kind === 'staff' ? (
          <>
            <ButtonLink href={viewer.homeUrl}>Open the console</ButtonLink>
            <a class="action-link" href={viewer.profileUrl}>
              Your profile
            </a>
          </>
        ) : (
          <ButtonLink href={viewer.profileUrl}>Go to your account</ButtonLink>
        )}
      </div>
    </div>
  )
}

function Tenets() {
  return (
    <section class="tenets" aria-label="What to expect">
      <ul>
        <li>
          <h2>A minute to open</h2>
          <p>A name, an email address, a password. Everything else is optional, and can wait.</p>
        </li>
        <li>
          <h2>Opened once, whatever happens</h2>
          <p>Press twice, lose the connection, send it again: you end up with one account, and a clear answer.</p>
        </li>
        <li>
          <h2>Yours to keep right</h2>
          <p>What we hold about you is on one page, and you can correct it there whenever it changes.</p>
        </li>
      </ul>
    </section>
  )
}
