import { scaleLinear, scaleLog } from 'd3-scale'
import type { Spread } from '../speed/figures.ts'

/** By what it stands for: ours is the one in colour. */
export type Ink = 'ours' | 'bound' | 'peer' | 'database' | 'load' | 'pale'

const WIDTH = 880
const MARGIN = 28
const LABELS = 250
const ROW = 30
const HEAD = 74

export interface Bar {
  label: string
  ink: Ink
  rate: Spread
}

/** Horizontal bars, each panel to its own scale: the median as a bar, the rounds' spread as a line across its end. */
export function barPanels(title: string, subtitle: string, panels: readonly { name: string; bars: Bar[] }[]): string {
  let y = HEAD
  const parts = panels.map(({ name, bars }) => {
    const x = scaleLinear([0, Math.max(...bars.map(({ rate }) => rate.most))], [MARGIN + LABELS, WIDTH - 130])
    const head = text(MARGIN, y + 18, name, 'strong')
    const rows = bars.map(({ label, ink, rate }, index) => {
      const top = y + 28 + index * ROW
      return [
        text(MARGIN, top + 15, label),
        rect(x(0), top + 2, x(rate.median) - x(0), 18, ink),
        whisker(x(rate.least), x(rate.most), top + 11),
        text(x(rate.most) + 10, top + 15, `${amount(rate.median)}/s`, 'strong'),
      ].join('')
    })
    y += 28 + bars.length * ROW + 18
    return head + rows.join('')
  })
  return picture(
    y,
    title,
    subtitle,
    panels.flatMap(({ name, bars }) =>
      bars.map(({ label, rate }) => `${name}, ${label}: ${amount(rate.median)} a second`),
    ),
    parts,
  )
}

export interface Mark {
  label: string
  ink: Ink
  value: number
  /** Beside the mark; the value where it is left out. */
  words?: string
}

/** Marks on one logarithmic scale, a line for each row. */
export function marksOnALine(
  title: string,
  subtitle: string,
  rows: readonly { name: string; marks: Mark[] }[],
  unit: string,
): string {
  const values = rows.flatMap(({ marks }) => marks.map(({ value }) => value))
  const x = scaleLog(
    [Math.min(...values) / 1.5, Math.max(...values) * 1.5],
    [MARGIN + LABELS - 40, WIDTH - MARGIN - 60],
  )
  const height = HEAD + rows.length * 58 + 40
  // Over more than three decades there is no room for words at every 2 and 5.
  const isWide = Math.max(...values) / Math.min(...values) > 1000
  const ticks = x.ticks(4).filter((tick) => (isWide ? /^10*$|^0\.0*1$/ : /^[125]0*$|^0\.0*[125]$/).test(String(tick)))
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${round(x(tick))}" x2="${round(x(tick))}" y1="${HEAD}" y2="${height - 38}"/>${text(x(tick), height - 18, `${amount(tick)} ${unit}`, 'small middle')}`,
  )
  const parts = rows.map(({ name, marks }, index) => {
    const y = HEAD + 34 + index * 58
    const ends = marks.map(({ value }) => x(value))
    return [
      text(MARGIN, y + 5, name, 'strong'),
      `<line class="span" x1="${round(Math.min(...ends))}" x2="${round(Math.max(...ends))}" y1="${y}" y2="${y}"/>`,
      ...marks.map(
        ({ label, ink, value, words }, at) =>
          `<circle class="${ink}" cx="${round(x(value))}" cy="${y}" r="7"/>${text(x(value), y + (at % 2 === 0 ? -14 : 24), `${label} ${words ?? amount(value)}`, 'small middle')}`,
      ),
    ].join('')
  })
  return picture(
    height,
    title,
    subtitle,
    rows.map(
      ({ name, marks }) =>
        `${name}: ${marks.map(({ label, value }) => `${label} ${amount(value)}`).join(', ')} ${unit}`,
    ),
    [...grid, ...parts],
  )
}

export interface Series {
  name: string
  points: { at: number; ratio: Spread }[]
}

/** Ratios by size, in panels beside one another, with the line that none may pass. */
export function ratioPanels(title: string, subtitle: string, series: readonly Series[], most: number): string {
  const columns = 2
  const [wide, high] = [(WIDTH - MARGIN * (columns + 1)) / columns, 170]
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].toSorted((a, b) => a - b)
  const [least, top] = [0.6, Math.max(1.4, ...series.flatMap(({ points }) => points.map(({ ratio }) => ratio.most)))]
  const parts = series.map(({ name, points }, index) => {
    const left = MARGIN + (index % columns) * (wide + MARGIN)
    const above = HEAD + Math.floor(index / columns) * (high + 62)
    const x = scaleLog([(sizes[0] ?? 1) / 2, (sizes.at(-1) ?? 10) * 2], [left + 40, left + wide - 16])
    const y = scaleLinear([least, top], [above + high, above + 26]).clamp(true)
    const level = (value: number, kind: string, words: string) =>
      `<line class="${kind}" x1="${left + 40}" x2="${left + wide}" y1="${round(y(value))}" y2="${round(y(value))}"/>${text(left + 32, y(value) + (value > 1 ? 0 : 10), words, 'small end')}`
    return [
      text(left, above + 14, name, 'strong'),
      level(1, 'grid', '1'),
      level(most, 'limit', String(most)),
      ...sizes.map((size) => text(x(size), above + high + 20, amount(size), 'small middle')),
      `<polyline class="trend" points="${points.map(({ at, ratio }) => `${round(x(at))},${round(y(ratio.median))}`).join(' ')}"/>`,
      ...points.map(
        ({ at, ratio }) =>
          `<line class="whisker" x1="${round(x(at))}" x2="${round(x(at))}" y1="${round(y(ratio.least))}" y2="${round(y(ratio.most))}"/><circle class="ours" cx="${round(x(at))}" cy="${round(y(ratio.median))}" r="6"/>${text(x(at) + 11, y(ratio.median) - 8, ratio.median.toFixed(2), 'small')}`,
      ),
    ].join('')
  })
  return picture(
    HEAD + Math.ceil(series.length / columns) * (high + 62),
    title,
    subtitle,
    series.map(
      ({ name, points }) =>
        `${name}: ${points.map(({ at, ratio }) => `${ratio.median.toFixed(2)} with ${amount(at)}`).join(', ')}`,
    ),
    parts,
  )
}

export interface Stack {
  name: string
  parts: { ink: Ink; value: number }[]
}

/** Bars that are put together from parts, all to one scale, with a legend. */
export function stackedBars(
  title: string,
  subtitle: string,
  stacks: readonly Stack[],
  legend: Partial<Record<Ink, string>>,
  unit: string,
): string {
  const sum = ({ parts }: Stack) => parts.reduce((total, { value }) => total + value, 0)
  const x = scaleLinear([0, Math.max(...stacks.map(sum))], [MARGIN + LABELS, WIDTH - 130])
  const inks = Object.entries(legend) as [Ink, string][]
  const key = inks.map(
    ([ink, words], index) =>
      `${rect(MARGIN + index * 190, HEAD, 14, 14, ink)}${text(MARGIN + index * 190 + 22, HEAD + 12, words, 'small')}`,
  )
  const rows = stacks.map((stack, index) => {
    const top = HEAD + 34 + index * ROW
    let from = 0
    const bars = stack.parts.map(({ ink, value }) => {
      const bar = rect(x(from), top + 2, x(from + value) - x(from), 18, ink, 0)
      from += value
      return bar
    })
    return `${text(MARGIN, top + 15, stack.name)}${bars.join('')}${text(x(from) + 10, top + 15, `${amount(sum(stack))} ${unit}`, 'strong')}`
  })
  return picture(
    HEAD + 34 + stacks.length * ROW + 18,
    title,
    subtitle,
    stacks.map((stack) => `${stack.name}: ${amount(sum(stack))} ${unit}`),
    [...key, ...rows],
  )
}

/** Short, and as exact as it was measured. */
export function amount(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))} M`
  if (value >= 10_000) return `${Math.round(value / 1000)} k`
  if (value >= 1000) return String(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

function picture(
  height: number,
  title: string,
  subtitle: string,
  inWords: readonly string[],
  parts: readonly string[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title words">
<title id="title">${escaped(title)}</title>
<desc id="words">${escaped(inWords.join('; '))}</desc>
<style>${STYLE}</style>
<rect class="paper" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="12"/>
${text(MARGIN, 36, title, 'title')}${text(MARGIN, 58, subtitle, 'small')}
${parts.join('\n')}
</svg>
`
}

function text(x: number, y: number, words: string, kind = ''): string {
  return `<text${kind === '' ? '' : ` class="${kind}"`} x="${round(x)}" y="${round(y)}">${escaped(words)}</text>`
}

function rect(x: number, y: number, width: number, height: number, ink: Ink, radius = 3): string {
  return `<rect class="${ink}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(width, 0.5))}" height="${height}" rx="${radius}"/>`
}

function whisker(from: number, to: number, y: number): string {
  return `<path class="whisker" d="M${round(from)} ${y - 5}v10M${round(from)} ${y}H${round(to)}M${round(to)} ${y - 5}v10"/>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The colours of src/ui/site.css, for a picture that stands alone and follows its reader's light or dark. */
const STYLE = `
svg { --ink: #16222d; --paper: #fbfaf6; --edge: #d5d9d6; --ours: #d9492a; --bound: #b3bdc2; --peer: #5f7f99; --load: #d9cfae }
@media (prefers-color-scheme: dark) { svg { --ink: #e8ece9; --paper: #0f1a23; --edge: #2a3945; --ours: #ff6f4d; --bound: #4a5d6a; --peer: #7ea2c0; --load: #6b6347 } }
text { fill: var(--ink); font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif } .strong { font-weight: 600 } .title { font-size: 20px; font-weight: 650; letter-spacing: -.01em }
.small { font-size: 12.5px; opacity: .82 } .middle { text-anchor: middle } .end { text-anchor: end }
.paper { fill: var(--paper); stroke: var(--edge) } .ours { fill: var(--ours) } .bound { fill: var(--bound) } .peer, .database { fill: var(--peer) } .load { fill: var(--load) } .pale { fill: var(--bound) }
.grid { stroke: var(--edge) } .limit { stroke: var(--ink); stroke-dasharray: 4 4; opacity: .6 } .span { stroke: var(--edge); stroke-width: 4; stroke-linecap: round }
.whisker { stroke: var(--ink); stroke-width: 1.5; fill: none; opacity: .75 } .trend { stroke: var(--ours); stroke-width: 2; fill: none }
`
