import type * as z from 'zod'

/** Why one field cannot be taken as it is, in a sentence for the person who filled it in. */
export interface Refusal {
  field: string
  words: string
}

export type Parsed<Value> = { ok: true; value: Value } | { ok: false; refusals: Refusal[] }

/** Reads untrusted input by a schema; of several objections to one field the first is told. */
export function parseWith<Schema extends z.ZodType>(schema: Schema, input: unknown): Parsed<z.output<Schema>> {
  const result = schema.safeParse(input)
  if (result.success) return { ok: true, value: result.data }
  const firstOfEach = new Map(
    result.error.issues.toReversed().map(({ path, message }) => [String(path[0] ?? ''), message]),
  )
  return { ok: false, refusals: [...firstOfEach].toReversed().map(([field, words]) => ({ field, words })) }
}

/** Both, or the objections to either, in the order in which the fields were sent. */
export function bothParsed<A, B>(
  a: Parsed<A>,
  b: Parsed<B>,
  sent: Readonly<Record<string, unknown>>,
): Parsed<readonly [A, B]> {
  if (a.ok && b.ok) return { ok: true, value: [a.value, b.value] }
  const order = Object.keys(sent)
  const refusals = [a, b].flatMap((parsed) => (parsed.ok ? [] : parsed.refusals))
  return { ok: false, refusals: refusals.toSorted((one, two) => order.indexOf(one.field) - order.indexOf(two.field)) }
}
