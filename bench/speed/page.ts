import type { Figures, Measured } from '../speed.ts'
import { quantile } from '../statistics.ts'
import { arrivalsOf, costsOf, idleOf, ratiosOf } from './figures.ts'

const colours: Record<string, string> = { ours: 'var(--ours)', 'Better Auth': 'var(--peer)' }

/** The figures as one page that needs nothing else: bars for rates, tables for the rest. */
export function drawPage(figures: Figures): string {
  const { made, machine, node, postgres, rounds } = figures
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Meridian Accounts: speed</title>
<style>${STYLE}</style>
<main>
<h1>Speed, and what bounds it</h1>
<p>${made.slice(0, 10)}, ${machine}, Node ${node}, PostgreSQL ${postgres}; server, database and load share these cores. ${rounds} rounds, in turns; bars show the median, the line how far the rounds lay apart.</p>
<h2>At 32 at once</h2>
${Object.entries(figures.closed)
  .map(([errand, byNumber]) => bars(errand, byNumber[32] ?? {}))
  .join('')}
<h2>By how many at once</h2>
${Object.entries(figures.closed)
  .map(([errand, byNumber]) => latencyTable(errand, byNumber))
  .join('')}
<h2>Arrivals at 70 % of capacity</h2>
${table(...arrivalsOf(figures))}
<h2>Session checks beside 32 registrations at once</h2>
${table(
  ['', 'alone, p50 ms', 'beside, p50 ms', 'times'],
  Object.entries(figures.beside).map(([party, { alone, beside }]) => [
    party,
    alone.toFixed(2),
    beside.toFixed(2),
    (beside / alone).toFixed(1),
  ]),
)}
<h2>What one costs, one at a time</h2>
${table(...costsOf(figures))}
<h2>Started, and idle</h2>
${table(...idleOf(figures))}
<h2>Ratios</h2>
${table(...ratiosOf(figures))}
</main>
</html>
`
}

function bars(errand: string, parties: Record<string, Measured>): string {
  const rows = Object.entries(parties).map(([party, { rates }]) => ({
    party,
    least: quantile(rates, 0),
    median: quantile(rates, 0.5),
    most: quantile(rates, 1),
  }))
  const scale = 520 / Math.max(...rows.map(({ most }) => most))
  const drawn = rows.map(({ party, least, median, most }, index) => {
    const y = index * 34
    return `<text x="0" y="${y + 20}">${party}</text>
<rect x="190" y="${y + 6}" width="${median * scale}" height="20" rx="3" fill="${colours[party] ?? 'var(--bound)'}"/>
<line x1="${190 + least * scale}" x2="${190 + most * scale}" y1="${y + 16}" y2="${y + 16}"/>
<text x="${198 + most * scale}" y="${y + 20}">${median.toFixed(median < 100 ? 1 : 0)}/s</text>`
  })
  return `<figure><figcaption>${errand}</figcaption><svg viewBox="0 0 800 ${rows.length * 34}" role="img" aria-label="${errand}: ${rows
    .map(({ party, median }) => `${party} ${median.toFixed(0)} a second`)
    .join(', ')}">${drawn.join('')}</svg></figure>`
}

function latencyTable(errand: string, byNumber: Record<number, Record<string, Measured>>): string {
  const rows = Object.entries(byNumber).flatMap(([atOnce, parties]) =>
    Object.entries(parties).map(([party, of]) => [
      atOnce,
      party,
      quantile(of.rates, 0.5).toFixed(1),
      ...[of.p50, of.p99, of.p999].map((value) => (Number.isNaN(value) ? '–' : value.toFixed(1))),
      ...[of.processor.server, of.processor.database, of.processor.load].map((value) =>
        value === 0 ? '–' : value.toFixed(2),
      ),
    ]),
  )
  return `<h3>${errand}</h3>${table(['at once', '', 'a second', 'p50 ms', 'p99 ms', 'p99.9 ms', 'CPU ms server', 'database', 'load'], rows)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<div class="wide"><table><thead>${line(head, 'th')}</thead><tbody>${rows.map((row) => line(row, 'td')).join('')}</tbody></table></div>`
}

const STYLE = `
:root { color-scheme: light dark; --ink: #16222d; --paper: #f3f4f0; --ours: #d9492a; --peer: #5f7f99; --bound: #b9c2c4; --line: #d5d9d6 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ece9; --paper: #0b141c; --ours: #ff6f4d; --peer: #6f93b0; --bound: #3d4f5c; --line: #22313d } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { font-size: 2.2rem; line-height: 1.1; letter-spacing: -.02em } h2 { margin-top: 3rem } h3 { margin-top: 2rem }
figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
svg { width: 100%; height: auto } svg text { fill: var(--ink); font-size: 14px } svg line { stroke: var(--ink); stroke-width: 2 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; min-width: 60% }
th, td { text-align: right; padding: .3rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap }
th { font-weight: 500; font-size: .85rem } td:first-child, th:first-child, td:nth-child(2) { text-align: left }
`
