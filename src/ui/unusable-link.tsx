import type { JSX } from 'preact'
import { ButtonLink } from './button-link.tsx'
import { PageHeading } from './heading.tsx'
import { Layout } from './layout.tsx'
import type { PageContext } from './page.ts'

export interface UnusableLinkPageProps {
  page: PageContext
  title: string
  words: string
  whatNow: string
  next: { href: string; label: string }
}

/** For a link from a letter that has been used, has expired, or was never one. */
export function UnusableLinkPage({ page, title, words, whatNow, next }: UnusableLinkPageProps): JSX.Element {
  return (
    <Layout page={page} title={title} shape="plain" route="broken">
      <PageHeading title={title}>
        <p>{words}</p>
        <p class="what-now">{whatNow}</p>
      </PageHeading>
      <div class="actions">
        <ButtonLink href={next.href}>{next.label}</ButtonLink>
      </div>
    </Layout>
  )
}
