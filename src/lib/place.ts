import { isId } from './id.ts'

/** A place in a list that is paged by ids: after or before the row with this id, or its first or last page. */
export type Place = { after: string } | { before: string } | { end: 'first' | 'last' }

/** As an address says it. What it says in another way than a page would is the first page: it is only a view. */
export function placeOf({ after, before, end }: Readonly<Record<string, string | undefined>>): Place {
  if (after !== undefined && isId(after)) return { after }
  if (before !== undefined && isId(before)) return { before }
  return { end: end === 'last' ? 'last' : 'first' }
}
