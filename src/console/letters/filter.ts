import type { Fields } from '../../http/form-body.ts'
import { letterStates, type LetterFilter } from '../../mail/outbox-reader.ts'
import { letterKinds } from '../../mail/outbox.ts'

/** The list as its address says; what is not one of ours is left out. */
export function filterOf({ state, kind }: Fields): LetterFilter {
  return {
    state: letterStates.find((known) => known === state) ?? null,
    kind: letterKinds.find((known) => known === kind) ?? null,
  }
}

/** The same as fields of a query. */
export function fieldsFor({ state, kind }: LetterFilter): Record<string, string> {
  return { ...(state === null ? {} : { state }), ...(kind === null ? {} : { kind }) }
}
