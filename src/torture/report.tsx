import { scaleLinear, scaleLog } from 'd3-scale'
import { area, line } from 'd3-shape'
import type { JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { SECOND } from '../lib/time.ts'
import { invariants, type Verdict } from './checker.ts'
import type { Slice, Summary } from './summary.ts'

/** The report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. */
export function report(summary: Summary, about: string): string {
  return `<!doctype html>\n${renderToString(<Report summary={summary} about={about} />)}\n`
}

const WIDTH = 1040
const LEFT = 190
const RIGHT = 16
const LANE = 15
const SHOWN_BREACHES = 20

function Report({ summary, about }: { summary: Summary; about: string }): JSX.Element {
  const { verdicts, acts, began, lasted } = summary
  const broken = verdicts.filter(({ holds }) => holds === false)
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Storm of {began.slice(0, 16).replace('T', ' ')}</title>
        <style>{STYLE}</style>
      </head>
      <body>
        <main>
          <header>
            <p class="eyebrow">
              Storm of <time dateTime={began}>{began.slice(0, 16).replace('T', ' ')} UTC</time>, {inMinutes(lasted)}
            </p>
            <h1 class={broken.length === 0 ? 'held' : 'broken'}>
              {broken.length === 0 ? 'Everything held' : `${broken.length} of ${verdicts.length} did not hold`}
            </h1>
            <p class="about">{about}</p>
          </header>
          <dl class="figures">
            <Figure name="acts acknowledged" value={grouped(acts.done)} />
            <Figure name="refused in words" value={grouped(acts.refused)} />
            <Figure name="of unknown end" value={grouped(acts.unknown)} />
            <Figure name="requests" value={grouped(summary.answers.count)} />
            <Figure name="without an answer" value={grouped(summary.answers.lost)} />
            <Figure name="faults" value={grouped(summary.blows.length)} />
          </dl>
          <Verdicts verdicts={verdicts} />
          <section>
            <h2>What happened when</h2>
            <p>Acts that ended, by the second, above the faults that were done meanwhile.</p>
            <Timeline summary={summary} />
          </section>
          <section>
            <h2>How long an answer took</h2>
            <p>
              The median (line) and the 99th percentile (shade) of every answer that came, on a logarithmic scale. Over
              all: median {summary.latency.median} ms, 95% within {grouped(summary.latency.p95)} ms, 99% within{' '}
              {grouped(summary.latency.p99)} ms.
            </p>
            <Latency summary={summary} />
          </section>
          <Faults summary={summary} />
        </main>
      </body>
    </html>
  )
}

function Figure({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }): JSX.Element {
  return (
    <section>
      <h2>What has to hold</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">verdict</th>
              <th scope="col">invariant</th>
              <th scope="col" class="number">
                looked at
              </th>
            </tr>
          </thead>
          <tbody>
            {verdicts.map(({ invariant, holds, looked, breaches }) => (
              <tr key={invariant}>
                <td class={`verdict ${wordFor(holds)}`}>
                  {holds === null ? 'not looked at' : holds ? 'holds' : 'broken'}
                </td>
                <td>
                  {invariants[invariant]}
                  {breaches.length > 0 && (
                    <details open>
                      <summary>{grouped(breaches.length)} times</summary>
                      <ul>
                        {breaches.slice(0, SHOWN_BREACHES).map((breach) => (
                          <li key={breach}>{breach}</li>
                        ))}
                      </ul>
                    </details>
                  )}
                </td>
                <td class="number">{grouped(looked)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Timeline({ summary }: { summary: Summary }): JSX.Element {
  const { slices, sliceLength, blows, lasted } = summary
  const chart = 150
  const lanes = [...new Set(blows.map(({ name }) => name))].toSorted()
  const height = chart + 24 + lanes.length * LANE + 26
  const x = scaleLinear([0, Math.max(lasted, 1)], [LEFT, WIDTH - RIGHT])
  const perSecond = (count: number) => (count * SECOND) / sliceLength
  const top = Math.max(1, ...slices.map(({ done, refused, unknown }) => perSecond(done + refused + unknown)))
  const y = scaleLinear([0, top], [chart, 8]).nice()
  const band = (from: (slice: Slice) => number, to: (slice: Slice) => number) =>
    area<Slice>()
      .x(({ at }) => x(at + sliceLength / 2))
      .y0((slice) => y(perSecond(from(slice))))
      .y1((slice) => y(perSecond(to(slice))))(slices) ?? ''
  const done = ({ done }: Slice) => done
  const answered = ({ done, refused }: Slice) => done + refused
  const all = ({ done, refused, unknown }: Slice) => done + refused + unknown
  return (
    <figure class="scroll">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label="Acts by the second, and the faults under them">
        {y.ticks(4).map((tick) => (
          <g key={tick} class="grid">
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
              {tick} /s
            </text>
          </g>
        ))}
        <path class="done" d={band(() => 0, done)} />
        <path class="refused" d={band(done, answered)} />
        <path class="unknown" d={band(answered, all)} />
        {lanes.map((name, index) => (
          <g key={name} class="lane">
            <text x={LEFT - 8} y={laneAt(index) + 10} text-anchor="end">
              {name}
            </text>
            <line x1={LEFT} x2={WIDTH - RIGHT} y1={laneAt(index) + LANE} y2={laneAt(index) + LANE} />
            {blows
              .filter((blow) => blow.name === name)
              .map(({ from, to, target }) => (
                <rect
                  key={from}
                  x={round(x(from))}
                  y={laneAt(index) + 2}
                  width={round(Math.max(1.5, x(to) - x(from)))}
                  height={LANE - 4}
                >
                  <title>{`${target}, at ${inMinutes(from)}`}</title>
                </rect>
              ))}
          </g>
        ))}
        {minutesOf(lasted).map((moment) => (
          <text key={moment} class="axis" x={x(moment)} y={height - 6} text-anchor="middle">
            {moment / (60 * SECOND)} min
          </text>
        ))}
      </svg>
      <figcaption>
        <span class="key done">acknowledged</span> <span class="key refused">refused in words</span>{' '}
        <span class="key unknown">of unknown end</span>
      </figcaption>
    </figure>
  )

  function laneAt(index: number): number {
    return chart + 20 + index * LANE
  }
}

function Latency({ summary }: { summary: Summary }): JSX.Element {
  const { slices, sliceLength, lasted } = summary
  const height = 230
  const measured = slices.filter(({ median }) => median !== null)
  const highest = Math.max(100, ...measured.map(({ p99 }) => p99 ?? 0))
  const x = scaleLinear([0, Math.max(lasted, 1)], [LEFT, WIDTH - RIGHT])
  const y = scaleLog([1, highest], [height - 26, 8]).clamp(true)
  const at = ({ at }: Slice) => round(x(at + sliceLength / 2))
  const shade = area<Slice>()
    .x(at)
    .y0(({ median }) => round(y(Math.max(1, median ?? 1))))
    .y1(({ p99 }) => round(y(Math.max(1, p99 ?? 1))))(measured)
  const median = line<Slice>()
    .x(at)
    .y(({ median }) => round(y(Math.max(1, median ?? 1))))(measured)
  return (
    <figure class="scroll">
      <svg
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label="Median and 99th percentile of the answers' durations"
      >
        {[1, 10, 100, 1000, 10_000]
          .filter((tick) => tick <= highest)
          .map((tick) => (
            <g key={tick} class="grid">
              <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
              <text x={LEFT - 8} y={y(tick) + 4} text-anchor="end">
                {tick < SECOND ? `${tick} ms` : `${tick / SECOND} s`}
              </text>
            </g>
          ))}
        <path class="shade" d={shade ?? ''} />
        <path class="median" d={median ?? ''} />
        {minutesOf(lasted).map((moment) => (
          <text key={moment} class="axis" x={x(moment)} y={height - 6} text-anchor="middle">
            {moment / (60 * SECOND)} min
          </text>
        ))}
      </svg>
    </figure>
  )
}

function Faults({ summary: { faults, recoveries } }: { summary: Summary }): JSX.Element {
  const known = recoveries.flatMap(({ took }) => (took === null ? [] : [took]))
  return (
    <section>
      <h2>Faults, and how soon service was back</h2>
      <p>
        From PostgreSQL taking writes again to the next acknowledged act: measured {grouped(recoveries.length)} times
        {known.length > 0 && `, ${grouped(Math.max(...known))} ms at most`}. Two seconds are allowed.
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">fault</th>
              <th scope="col" class="number">
                times
              </th>
              <th scope="col" class="number">
                median
              </th>
              <th scope="col" class="number">
                worst
              </th>
            </tr>
          </thead>
          <tbody>
            {faults.map(({ name, count, recovery }) => (
              <tr key={name}>
                <td>{name}</td>
                <td class="number">{grouped(count)}</td>
                {recovery ? (
                  <>
                    <td class="number">{grouped(recovery.median)} ms</td>
                    <td class="number">{grouped(recovery.worst)} ms</td>
                  </>
                ) : (
                  <td colSpan={2} class="number none">
                    PostgreSQL stayed
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function wordFor(holds: boolean | null): string {
  return holds === null ? 'unseen' : holds ? 'held' : 'broken'
}

/** About eight marks, on whole minutes. */
function minutesOf(lasted: number): number[] {
  const minutes = lasted / (60 * SECOND)
  const step = [1, 2, 5, 10, 20, 60].find((size) => minutes / size <= 10) ?? 120
  return Array.from({ length: Math.floor(minutes / step) + 1 }, (_, index) => index * step * 60 * SECOND)
}

/** With spaces that do not break. */
function inMinutes(milliseconds: number): string {
  const seconds = Math.round(milliseconds / SECOND)
  return seconds < 60 ? `${seconds}\u00A0s` : `${Math.floor(seconds / 60)}\u00A0min ${seconds % 60}\u00A0s`
}

function grouped(count: number): string {
  return count.toLocaleString('en-US').replaceAll(',', ' ')
}

function round(place: number): number {
  return Math.round(place * 10) / 10
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f2a; --soft: #5b6270; --paper: #fbfaf7; --line: #dcd9d0; --signal: #b3401f;
  --good: #2c6e57; --calm: #93a7bd; --warm: #d9a441 }
@media (prefers-color-scheme: dark) { :root { --ink: #ece9e2; --soft: #a5a9b3; --paper: #14171e; --line: #333844;
  --signal: #f08a63; --good: #7cc4a5; --calm: #5f7590; --warm: #d9a441 } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 48px 20px 80px }
.eyebrow { margin: 0; color: var(--soft) }
h1 { margin: 4px 0 12px; font-size: clamp(2rem, 6vw, 3.4rem); line-height: 1.05; letter-spacing: -.03em }
h1.broken { color: var(--signal) }
h2 { margin: 56px 0 8px; font-size: 1.35rem; letter-spacing: -.01em }
p { max-width: 68ch }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 20px; margin: 36px 0 0; padding: 20px 0;
  border-block: 1px solid var(--line) }
.figures dt { color: var(--soft); font-size: .875rem }
.figures dd { margin: 0; font-size: 1.7rem; font-variant-numeric: tabular-nums; letter-spacing: -.02em }
table { width: 100%; border-collapse: collapse }
th, td { padding: 10px 16px 10px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { color: var(--soft); font-size: .875rem; font-weight: 500 }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 0; padding-left: 16px }
.number.none { color: var(--soft); white-space: normal }
.verdict { white-space: nowrap; font-weight: 600 }
.verdict::before { content: ''; display: inline-block; width: .6em; height: .6em; margin-right: .6em; border-radius: 50%; background: currentColor }
.held.verdict { color: var(--good) } .broken.verdict { color: var(--signal) } .unseen.verdict { color: var(--soft) }
details { margin-top: 6px; color: var(--signal) } details ul { margin: 6px 0 0; padding-left: 18px; overflow-wrap: anywhere }
figure { margin: 16px 0 0 }
.scroll { overflow-x: auto }
svg { display: block; width: 100%; min-width: 720px; height: auto }
svg text { fill: var(--soft); font-size: 11px } svg line { stroke: var(--line) }
.done { fill: var(--good) } .refused { fill: var(--calm) } .unknown { fill: var(--signal) } .lane rect { fill: var(--ink); opacity: .75 }
.shade { fill: var(--calm); opacity: .45 } .median { fill: none; stroke: var(--ink); stroke-width: 1.6 }
figcaption { margin-top: 8px; color: var(--soft); font-size: .875rem }
.key::before { content: ''; display: inline-block; width: .8em; height: .8em; margin: 0 .4em 0 .8em; background: currentColor }
.key { white-space: nowrap } .key::before { vertical-align: -.05em } .key.done::before { background: var(--good) } .key.refused::before { background: var(--calm) }
.key.unknown::before { background: var(--signal) }
`
