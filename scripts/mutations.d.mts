export interface Mutation {
  name: string
  kind: 'constraint' | 'code'
  /** The tests that are to notice: a file, and a pattern of names in it. */
  file: string
  names?: string
}

export const mutations: readonly Mutation[]

/** Why a mutation cannot be made any more, or null. */
export function flawOf(mutation: Mutation): string | null
