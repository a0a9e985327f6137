import type { JSX } from 'preact'
import { agoInWords } from '../../lib/moments.ts'
import type { Finding } from '../../operations/doctor/doctor.ts'
import type { Verdict } from '../../operations/doctor/verdicts.ts'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Standing } from '../../ui/standing.tsx'

export interface VerdictPageProps {
  page: PageContext
  verdict: Verdict | null
  /** What this version asks, each in a sentence that should hold. */
  asked: readonly string[]
  now: Date
}

export function VerdictPage({ page, verdict, asked, now }: VerdictPageProps): JSX.Element {
  return (
    <Layout page={page} title="Verdict" shape="console">
      <PageHeading title={titleFor(verdict)}>
        {verdict ? <Sentence verdict={verdict} now={now} /> : <Never />}
      </PageHeading>
      {verdict?.findings.length ? (
        <ol class="findings">
          {verdict.findings.map((finding) => (
            <FindingItem finding={finding} />
          ))}
        </ol>
      ) : null}
      <details class="more-fields always-holds">
        <summary>
          <span class="more-fields-title">What always holds</span>
          <span class="more-fields-hint">Every question that the doctor asks, by its right answer.</span>
        </summary>
        <ol class="always-holds-list">
          {asked.map((sentence) => (
            <li>{sentence}</li>
          ))}
        </ol>
      </details>
    </Layout>
  )
}

function titleFor(verdict: Verdict | null): string {
  if (verdict === null) return 'Not examined yet'
  if (verdict.sound) return 'The records are sound'
  return verdict.findings.some(({ unasked }) => unasked === null)
    ? 'Something is amiss'
    : 'Not everything could be asked'
}

function Sentence({ verdict: { asked, findings, givenAt }, now }: { verdict: Verdict; now: Date }) {
  const held = asked - findings.length
  return (
    <p>
      Of {asked} things that always hold, {held === asked ? 'all do' : `${held} do`}. Examined{' '}
      {agoInWords(givenAt, now)}; it happens once a day by itself, and whenever an operator runs{' '}
      <code>meridian doctor</code>.
    </p>
  )
}

function Never() {
  return (
    <p>
      The records are examined once a day by themselves, for the first time within an hour of the start. An operator can
      do it now with <code>meridian doctor</code>.
    </p>
  )
}

function FindingItem({ finding: { invariant, expects, remedy, count, examples, unasked } }: { finding: Finding }) {
  return (
    <li class="finding">
      <h2 class="finding-name">{expects}</h2>
      <p class="finding-standing">
        {unasked === null ? (
          <Standing kind="amiss" words={`${count} ${count === 1 ? 'does' : 'do'} not`} />
        ) : (
          <Standing kind="waiting" words="Could not be asked" />
        )}
        <span class="finding-code">{invariant}</span>
      </p>
      {unasked === null ? (
        <ul class="finding-examples">
          {examples.map(({ subject, found }) => (
            <li>
              <span class="finding-subject">{subject}</span> {found}
            </li>
          ))}
          {count > examples.length ? <li>and {count - examples.length} more</li> : null}
        </ul>
      ) : (
        <p class="finding-remedy">{unasked}</p>
      )}
      <p class="finding-remedy">{remedy}</p>
    </li>
  )
}
