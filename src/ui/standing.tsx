import type { JSX } from 'preact'

/** How things stand, in a word or two: `good` needs nobody, `waiting` passes by itself, `amiss` needs somebody. */
export interface StandingProps {
  kind: 'good' | 'waiting' | 'amiss' | 'over'
  words: string
}

/** The word says it; the mark before it only says it sooner. */
export function Standing({ kind, words }: StandingProps): JSX.Element {
  return (
    <span class={`standing standing-${kind}`}>
      <svg class="standing-mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
        <path d={MARKS[kind]} />
      </svg>
      {words}
    </span>
  )
}

const MARKS: Record<StandingProps['kind'], string> = {
  good: 'M1 6a5 5 0 1 0 10 0a5 5 0 1 0-10 0',
  waiting: 'M2 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0',
  amiss: 'M6 .5L11.5 6L6 11.5L.5 6Z',
  over: 'M2 6H10',
}
