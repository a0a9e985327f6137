import type { JSX } from 'preact'

export interface DayCount {
  /** A calendar day, as 2026-05-17. */
  day: string
  count: number
}

export interface DayBarsProps {
  title: string
  counts: readonly DayCount[]
  /** One, and several. */
  unit: readonly [one: string, several: string]
}

const HEIGHT = 100
const BAR = 0.72

/** A bar for each day, the last one in the signal colour; the same figures as a table for who cannot see it. */
export function DayBars({ title, counts, unit }: DayBarsProps): JSX.Element | null {
  const first = counts[0]
  const last = counts.at(-1)
  if (!first || !last) return null
  return (
    <section class="bars-block" aria-labelledby="bars-heading">
      <h2 id="bars-heading">{title}</h2>
      <p class="bars-top">{inWords(counts, unit)}</p>
      <Bars title={`${title} per day`} description={inWords(counts, unit)} counts={counts} />
      <div class="bars-days" aria-hidden="true">
        <span>{shortDay(first.day)}</span>
        <span>{shortDay(last.day)}</span>
      </div>
      <Table title={`${title} per day`} counts={counts} />
    </section>
  )
}

function Bars({ title, description, counts }: { title: string; description: string; counts: readonly DayCount[] }) {
  const highest = Math.max(1, ...counts.map(({ count }) => count))
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${counts.length} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-labelledby="bars-title bars-description"
    >
      <title id="bars-title">{title}</title>
      <desc id="bars-description">{description}</desc>
      {counts.map(({ count }, index) => (
        <rect
          class={index === counts.length - 1 ? 'bars-bar bars-bar-last' : 'bars-bar'}
          x={index + (1 - BAR) / 2}
          y={HEIGHT - (count / highest) * HEIGHT}
          width={BAR}
          height={(count / highest) * HEIGHT}
        />
      ))}
      <path class="bars-base" d={`M0 ${HEIGHT}H${counts.length}`} />
    </svg>
  )
}

function Table({ title, counts }: { title: string; counts: readonly DayCount[] }) {
  return (
    <div class="visually-hidden">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Number</th>
          </tr>
        </thead>
        <tbody>
          {counts.map(({ day, count }) => (
            <tr>
              <th scope="row">{shortDay(day)}</th>
              <td>{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function inWords(counts: readonly DayCount[], [one, several]: DayBarsProps['unit']): string {
  const sum = counts.reduce((total, { count }) => total + count, 0)
  const most = counts.reduce((best, each) => (each.count > best.count ? each : best), { day: '', count: 0 })
  const total = `${sum.toLocaleString('en-GB')} ${sum === 1 ? one : several} in ${counts.length} days`
  return most.count === 0
    ? `${total}.`
    : `${total}, most on ${shortDay(most.day)}: ${most.count.toLocaleString('en-GB')}.`
}

function shortDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  return Number.isNaN(date.getTime()) ? day : SHORT_DAY.format(date).replace(' ', '\u00a0')
}

const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
