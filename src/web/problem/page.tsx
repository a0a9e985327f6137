import type { JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Reference } from '../../ui/words.tsx'

export interface ProblemPageProps {
  page: PageContext
  title: string
  words: string
  whatNow: string
  /** What to quote when writing to us: it leads to the log. */
  reference: string | null
  retryAfterSeconds?: number
  action?: { href: string; label: string }
}

export function ProblemPage(props: ProblemPageProps): JSX.Element {
  const { page, title, words, whatNow, reference, retryAfterSeconds, action } = props
  return (
    <Layout page={page} title={title} shape="plain" route="broken">
      <PageHeading title={title}>
        <p>{words}</p>
        <p class="what-now">{whatNow}</p>
        {retryAfterSeconds ? <p>Best tried again in {duration(retryAfterSeconds)}.</p> : null}
      </PageHeading>
      {action ? (
        <div class="actions">
          {retryAfterSeconds ? <TryAgain /> : null}
          <ButtonLink href={action.href} kind={retryAfterSeconds ? 'secondary' : 'primary'}>
            {action.label}
          </ButtonLink>
        </div>
      ) : null}
      {reference ? <QuoteThis reference={reference} /> : null}
    </Layout>
  )
}

/** An empty address is the one that the page was asked for by. */
function TryAgain() {
  return <ButtonLink href="">Try again</ButtonLink>
}

function QuoteThis({ reference }: { reference: string }) {
  return (
    <dl class="quote-this">
      <dt>If you write to us, quote</dt>
      <dd>
        <Reference code={reference} />
      </dd>
    </dl>
  )
}

function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? 'a second' : `${seconds} seconds`
  return `${Math.ceil(seconds / 60)} minutes`
}
