import { scaleBand, scaleLinear } from 'd3-scale'
import type { JSX } from 'preact'

export interface DayCount {
  /** A calendar day, as 2026-05-17. */
  day: string
  count: number
}

export interface DayBarsProps {
  /** Of this chart alone on its page. */
  name: string
  title: string
  counts: readonly DayCount[]
  /** One, and several. */
  unit: readonly [one: string, several: string]
}

/** Days from one written day to the next. */
const WEEK = 7

/** A bar for each day, the last one in the signal colour; the same figures as a table for whoever wants them. */
export function DayBars({ name, title, counts, unit }: DayBarsProps): JSX.Element {
  const words = inWords(counts, unit)
  return (
    <section class="bars-block" aria-labelledby={`${name}-heading`}>
      <h2 id={`${name}-heading`}>{title}</h2>
      <p class="bars-top">{words}</p>
      <Bars name={name} title={`${title} per day`} description={words} counts={counts} unit={unit} />
      <details class="bars-figures">
        <summary>As a table</summary>
        <Figures title={`${title} per day`} counts={counts} />
      </details>
    </section>
  )
}

interface BarsProps extends DayBarsProps {
  description: string
}

/** All places are percentages, so that bars follow the width of the page while the writing keeps its size. */
function Bars({ name, title, description, counts, unit }: BarsProps) {
  const highest = Math.max(1, ...counts.map(({ count }) => count))
  const height = scaleLinear([0, highest], [0, 100]).nice(3)
  const place = scaleBand(
    counts.map(({ day }) => day),
    [0, 100],
  ).padding(0.14)
  const steps = height.ticks(3).filter(Number.isInteger)
  const written = counts.filter((_, index) => (counts.length - 1 - index) % WEEK === 0)
  const middle = (day: string) => (place(day) ?? 0) + place.bandwidth() / 2
  return (
    <div class="bars">
      <svg class="bars-scale" aria-hidden="true">
        {steps.map((step) => (
          <text x="100%" y={`${100 - height(step)}%`} dy="0.32em" text-anchor="end">
            {step.toLocaleString('en-GB')}
          </text>
        ))}
      </svg>
      <svg class="bars-plot" role="img" aria-labelledby={`${name}-title ${name}-description`}>
        <title id={`${name}-title`}>{title}</title>
        <desc id={`${name}-description`}>{description}</desc>
        {steps.map((step) => (
          <line class="bars-step" x1="0" x2="100%" y1={`${100 - height(step)}%`} y2={`${100 - height(step)}%`} />
        ))}
        {counts.map(({ day, count }, index) => (
          <rect
            class={index === counts.length - 1 ? 'bars-bar bars-bar-last' : 'bars-bar'}
            x={`${place(day)}%`}
            y={`${100 - height(count)}%`}
            width={`${place.bandwidth()}%`}
            height={`${height(count)}%`}
          >
            <title>{`${shortDay(day)}: ${counted(count, unit)}`}</title>
          </rect>
        ))}
        <line class="bars-base" x1="0" x2="100%" y1="100%" y2="100%" />
        {written.map(({ day }) => (
          <text class="bars-day" x={`${middle(day)}%`} y="100%" dy="1.5em" text-anchor="middle">
            {shortDay(day)}
          </text>
        ))}
      </svg>
    </div>
  )
}

function Figures({ title, counts }: { title: string; counts: readonly DayCount[] }) {
  return (
    <table>
      <caption class="visually-hidden">{title}</caption>
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col">Number</th>
        </tr>
      </thead>
      <tbody>
        {counts.toReversed().map(({ day, count }) => (
          <tr>
            <th scope="row">{shortDay(day)}</th>
            <td>{count.toLocaleString('en-GB')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function inWords(counts: readonly DayCount[], unit: DayBarsProps['unit']): string {
  const sum = counts.reduce((total, { count }) => total + count, 0)
  if (sum === 0) return `No ${unit[1]} in ${counts.length} days.`
  const most = counts.reduce((best, each) => (each.count > best.count ? each : best))
  return `${counted(sum, unit)} in ${counts.length} days, most on ${shortDay(most.day)}: ${most.count.toLocaleString('en-GB')}.`
}

function counted(count: number, [one, several]: DayBarsProps['unit']): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : several}`
}

function shortDay(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  return Number.isNaN(date.getTime()) ? day : SHORT_DAY.format(date).replace(' ', '\u00a0')
}

const SHORT_DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
