import type { Durations, ImportReport } from '../operations/django-import/import.ts'

/** The report as one file that needs no other: for reading, sending and keeping. It holds nobody's name or address. */
export function importReportHtml(report: ImportReport, brand: string): string {
  const { read, accounts, found, passwords, run } = report
  const most = Math.max(1, ...found.map(({ count }) => count))
  const title = !report.applied ? 'What an import would do' : 'What was imported'
  const figures = [
    ['Users read', read.users],
    ['Customers', accounts.customers],
    ['Staff', accounts.staff],
    ['Suspended', accounts.suspended],
    ['Left aside', accounts.leftAside],
    ['To decide', report.questions],
    ['Rows archived', report.archived],
  ] as const
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)} – ${escaped(brand)}</title><style>${STYLE}</style></head><body><main>
<p class="brand">${escaped(brand)}</p><h1>${escaped(title)}</h1>
<p>${!report.applied ? 'Nothing was written yet.' : run === null ? 'There was nothing new to import.' : `Run <code>${escaped(run)}</code>. To take it back: <code>meridian import undo ${escaped(run)}</code>`}</p>
<dl class="figures">${figures.map(([label, value]) => `<div><dt>${label}</dt><dd>${number(value)}</dd></div>`).join('')}</dl>
<p>${escaped(timeIn(report.seconds))}.</p>
<h2>What was found, and what becomes of it</h2>
<table><thead><tr><th>Finding</th><th>Rows</th><th>What is done</th><th>For example</th></tr></thead><tbody>
${found
  .map(
    ({ title: what, count, remedy, examples }) => `<tr><th scope="row">${escaped(what)}</th>
<td class="count"><span>${number(count)}</span>${bar(count / most)}</td><td>${escaped(remedy)}</td><td>${examples.map((row) => `<code>${escaped(row)}</code>`).join('<br>')}</td></tr>`,
  )
  .join('\n')}
</tbody></table>
<h2>Passwords, by how they are hashed</h2>
<table><tbody>${passwords
    .map(
      ({ scheme, count }) =>
        `<tr><th scope="row"><code>${escaped(scheme)}</code></th><td class="count"><span>${number(count)}</span>${bar(count / Math.max(1, passwords[0]?.count ?? 1))}</td></tr>`,
    )
    .join('')}</tbody></table>
</main></body></html>
`
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#14213d,#e8e6df);--paper:light-dark(#fbfaf6,#11151c);--signal:light-dark(#b3411e,#ef8a63);--line:light-dark(#d9d5c8,#2c3442)}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:68rem;margin:0 auto;padding:2rem 1.25rem 4rem}
.brand{margin:0;color:var(--signal);font-weight:600}h1{margin:.25rem 0 1rem;font-size:2rem;line-height:1.15}h2{margin:2.5rem 0 .75rem}
.figures{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1.5rem 0}.figures dt{font-size:.85rem}.figures dd{margin:0;font-size:1.75rem;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse}th,td{padding:.6rem .75rem .6rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line);font-weight:400}
tbody th{font-weight:600}.count{min-width:7rem;font-variant-numeric:tabular-nums}svg{display:block;width:100%;height:.5rem;margin-top:.3rem}rect{fill:var(--signal)}code{font-size:.85em}td code{white-space:nowrap}
@media(max-width:40rem){thead{display:none}tr{display:block;border-top:1px solid var(--line);padding:.5rem 0}th,td{display:block;border:0;padding:.2rem 0}}`

function bar(part: number): string {
  return `<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="${Math.max(0.5, part * 100).toFixed(1)}" height="4"/></svg>`
}

function number(count: number): string {
  return count.toLocaleString('en')
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** How long it took, and how long it will take and why that is thought. */
export function timeIn({ reading, writing, basis }: Durations): string {
  const read = `${duration(reading)} to read and check`
  return basis === null
    ? `${read}, ${duration(writing)} to write`
    : `${read}; about ${duration(writing)} to write, which is ${basis}`
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`
}
