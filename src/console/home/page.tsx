import type { JSX } from 'preact'
import { DayBars, type DayCount } from '../../ui/day-bars.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

export interface ConsoleHomePageProps {
  page: PageContext
  figures: readonly Figure[]
  ways: readonly { href: string; words: string }[]
  registrations: readonly DayCount[]
  signIns: readonly DayCount[]
  /** Null for whom they are not to be seen by. */
  refusals: readonly { words: string; count: number }[] | null
}

export interface Figure {
  label: string
  value: string | number
  /** What the figure leaves open. */
  remark?: string
  href?: string
  /** Whether somebody has to look. */
  amiss?: boolean
}

export function ConsoleHomePage(props: ConsoleHomePageProps): JSX.Element {
  const { page, figures, ways, registrations, signIns, refusals } = props
  return (
    <Layout page={page} title="Console" shape="console">
      <PageHeading title="Today" />
      <nav class="ways" aria-label="What you may want to do">
        <ul>
          {ways.map(({ href, words }) => (
            <li>
              <a href={href}>{words}</a>
            </li>
          ))}
        </ul>
      </nav>
      <dl class="figures">
        {figures.map((figure) => (
          <FigureBlock {...figure} />
        ))}
      </dl>
      <div class="charts">
        <DayBars
          name="registrations"
          title="Registrations"
          counts={registrations}
          unit={['registration', 'registrations']}
        />
        <DayBars name="sign-ins" title="Sign-ins" counts={signIns} unit={['sign-in', 'sign-ins']} />
      </div>
      {refusals ? <Refusals refusals={refusals} /> : null}
    </Layout>
  )
}

function FigureBlock({ label, value, remark, href, amiss }: Figure) {
  return (
    <div class={amiss ? 'figure figure-amiss' : 'figure'}>
      <dt>{label}</dt>
      <dd>
        <span class="figure-value">{href ? <a href={href}>{value}</a> : value}</span>
        {remark ? <span class="figure-remark">{remark}</span> : null}
      </dd>
    </div>
  )
}

function Refusals({ refusals }: { refusals: readonly { words: string; count: number }[] }) {
  return (
    <section class="refusals" aria-labelledby="refusals">
      <h2 id="refusals">Refused within seven days</h2>
      {refusals.length === 0 ? (
        <p class="refusals-none">Nobody who tried to sign in was refused.</p>
      ) : (
        <table class="refusals-table">
          <caption class="visually-hidden">Refusals by reason</caption>
          <thead class="visually-hidden">
            <tr>
              <th scope="col">Reason</th>
              <th scope="col">How often</th>
            </tr>
          </thead>
          <tbody>
            {refusals.map(({ words, count }) => (
              <tr>
                <th scope="row">{words}</th>
                <td>{count.toLocaleString('en-GB')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
