import type { ComponentChildren, JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { Globe, MeridianMark } from './globe.tsx'
import type { Route } from './globe.tsx'
import { NoticeBar } from './notice.tsx'
import type { PageContext, Viewer } from './page.ts'

export interface LayoutProps {
  page: PageContext
  title: string
  children: ComponentChildren
  shape?: 'form' | 'landing' | 'plain' | 'console'
  /** Words on the chart that stands beside a form. */
  aside?: ComponentChildren
  /** How the route on that chart runs; pages about a fault break it. */
  route?: 'whole' | 'broken'
  /** Whether the header offers visitors to sign in; the page where they do does not lead to itself. */
  offersSignIn?: boolean
}

export function renderDocument(element: JSX.Element): string {
  return `<!doctype html>${renderToString(element)}`
}

/** The whole document: one frame for customers' pages, staff's pages and problems. */
export function Layout(props: LayoutProps): JSX.Element {
  const { page, title, children, shape = 'plain', aside, route = 'whole', offersSignIn = true } = props
  return (
    <html lang="en">
      <Head page={page} title={title} />
      <body class={`shape-${shape}`}>
        <a class="skip-link" href="#main">
          Skip to the content
        </a>
        <Header page={page} offersSignIn={offersSignIn} />
        {shape === 'console' && page.viewer ? <Sections viewer={page.viewer} /> : null}
        <main id="main" tabindex={-1}>
          {page.notice ? <NoticeBar notice={page.notice} /> : null}
          {children}
        </main>
        {shape === 'form' || shape === 'plain' ? <Chart route={route}>{aside}</Chart> : null}
        <Footer page={page} />
      </body>
    </html>
  )
}

function Head({ page, title }: { page: PageContext; title: string }) {
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="theme-color" content="#f3f4f0" media="(prefers-color-scheme: light)" />
      <meta name="theme-color" content="#0b141c" media="(prefers-color-scheme: dark)" />
      <meta name="format-detection" content="telephone=no" />
      <title>{title === page.brand ? title : `${title} · ${page.brand}`}</title>
      {page.assets.font ? (
        <link rel="preload" href={page.assets.font} as="font" type="font/woff2" crossorigin="anonymous" />
      ) : null}
      <link rel="stylesheet" href={page.assets.css} />
      <link rel="icon" type="image/svg+xml" href={FAVICON} />
      <script type="module" src={page.assets.js} />
    </head>
  )
}

function Header({ page, offersSignIn }: { page: PageContext; offersSignIn: boolean }) {
  return (
    <header class="site-header">
      <a class="wordmark" href={page.urls.landing}>
        <MeridianMark />
        <span class="wordmark-name">{page.brand}</span>
      </a>
      {page.viewer || (offersSignIn && !page.viewerUnknown) ? (
        <nav class="site-nav" aria-label="Account">
          {page.viewer ? <SignedIn viewer={page.viewer} /> : <SignedOut page={page} />}
        </nav>
      ) : null}
    </header>
  )
}

function SignedIn({ viewer }: { viewer: Viewer }) {
  return (
    <>
      {viewer.kind === 'staff' ? (
        <a class="nav-link" href={viewer.homeUrl}>
          Console
        </a>
      ) : null}
      <a class="nav-link nav-person" href={viewer.profileUrl}>
        <span class="visually-hidden">Your profile, </span>
        <bdi>{viewer.name}</bdi>
      </a>
      <form class="nav-form" method="post" action={viewer.signOutUrl}>
        {viewer.signOutToken ? <input type="hidden" name="submission" value={viewer.signOutToken} /> : null}
        <button class="nav-link nav-button" type="submit">
          Sign out
        </button>
      </form>
    </>
  )
}

function SignedOut({ page }: { page: PageContext }) {
  return (
    <a class="nav-link" href={page.urls.signIn}>
      Sign in
    </a>
  )
}

/** The way about the console: every part that this person may open. */
function Sections({ viewer: { sections } }: { viewer: Viewer }) {
  return (
    <nav class="sections" aria-label="Console">
      <ul>
        {sections.map(({ href, label, current }) => (
          <li>
            <a class="section-link" href={href} aria-current={current ? 'page' : undefined}>
              {label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** The night chart beside a form; on a narrow screen the horizon beneath it. */
function Chart({ children, route }: { children?: ComponentChildren; route: 'whole' | 'broken' }) {
  return (
    <div class="chart">
      <div class="chart-sheet">
        {children ? <aside class="chart-words">{children}</aside> : null}
        <Globe
          class="chart-globe"
          centre={{ longitude: 58, latitude: 24 }}
          tilt={-18}
          scale={60}
          routes={route === 'broken' ? [{ ...PASSAGE, broken: true }] : [PASSAGE]}
        />
      </div>
    </div>
  )
}

/** Rotterdam to Singapore, as the crow would fly. */
const PASSAGE: Route = {
  from: { longitude: 4.1, latitude: 51.9 },
  to: { longitude: 103.8, latitude: 1.3 },
}

function Footer({ page }: { page: PageContext }) {
  return (
    <footer class="site-footer">
      <p>{page.brand}</p>
      {page.viewer ? null : (
        <p>
          <a href={page.urls.staffSignIn}>Staff sign-in</a>
        </p>
      )}
    </footer>
  )
}

const FAVICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -16 32 32"><rect x="-16" y="-16" width="32" height="32" rx="6" fill="#0f1a24"/>' +
    '<g transform="rotate(20)" fill="none" stroke-width="2"><circle r="10.5" stroke="#f3f4f0"/>' +
    '<path d="M-10.5 0A10.5 3.6 0 0 0 10.5 0" stroke="#f3f4f0"/><path d="M0-10.5A5.4 10.5 0 0 1 0 10.5" stroke="#ff6f4d"/></g></svg>',
)}`
