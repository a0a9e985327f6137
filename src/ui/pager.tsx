import type { JSX } from 'preact'

export interface PagerProps {
  url: string
  /** The view that every page keeps, as fields of the query. */
  view: Readonly<Record<string, string>>
  /** The ids of the rows that are shown. */
  ids: readonly string[]
  earlier: boolean
  later: boolean
}

/** The way through a list that is paged by ids; nothing where one page holds all of it. */
export function Pager({ url, view, ids, earlier, later }: PagerProps): JSX.Element | null {
  if (!earlier && !later) return null
  const to = (place: Record<string, string>) => `${url}?${new URLSearchParams({ ...view, ...place }).toString()}`
  return (
    <nav class="pager" aria-label="Pages">
      <ul>
        <Step label="First" href={earlier ? to({ end: 'first' }) : null} />
        <Step label="Previous" href={earlier ? to({ before: ids[0] ?? '' }) : null} />
        <Step label="Next" href={later ? to({ after: ids.at(-1) ?? '' }) : null} />
        <Step label="Last" href={later ? to({ end: 'last' }) : null} />
      </ul>
    </nav>
  )
}

function Step({ label, href }: { label: string; href: string | null }) {
  return <li>{href === null ? <span class="pager-none">{label}</span> : <a href={href}>{label}</a>}</li>
}
