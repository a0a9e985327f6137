import type { JSX } from 'preact'
import { DayBars } from '../../ui/day-bars.tsx'
import type { DayCount } from '../../ui/day-bars.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface ConsoleHomePageProps {
  page: PageContext
  facts: readonly Figure[]
  days: readonly { day: string; registrations: number }[]
}

export interface Figure {
  label: string
  value: string | number
  href?: string
}

export function ConsoleHomePage({ page, facts, days }: ConsoleHomePageProps): JSX.Element {
  const counts: DayCount[] = days.map(({ day, registrations }) => ({ day, count: registrations }))
  return (
    <Layout page={page} title="Console" shape="console">
      <PageHeading title="Today" />
      <dl class="figures">
        {facts.map((figure) => (
          <FigureBlock {...figure} />
        ))}
      </dl>
      <DayBars title="Registrations" counts={counts} unit={['registration', 'registrations']} />
    </Layout>
  )
}

function FigureBlock({ label, value, href }: Figure) {
  return (
    <div class="figure">
      <dt>{label}</dt>
      <dd>{href ? <a href={href}>{value}</a> : value}</dd>
    </div>
  )
}
