import { column, join, sql, verbatim, type Sql } from '../../database/sql.ts'
import { primaryKeyOf, type ExpectedTable } from '../../database/expected-schema.ts'

/** Something that always holds, and the one statement that finds what offends it. */
export interface Invariant {
  name: string
  /** What holds, in a sentence. */
  expects: string
  /** What to do when it does not. */
  remedy: string
  /**
   * The offenders, as `subject` (a table and the key of a row, or what else it is called) and `found` (what is the matter
   * with it). Neither ever holds an address, a name, or anything else that somebody typed.
   */
  offenders: Sql
}

export const REPAIR = 'meridian repair shows what it would do, and does it with --apply.'

/** A row by its table and its key, as a fragment over the alias `t`. Of a hash it shows the beginning. */
export function subjectOf(table: ExpectedTable): Sql {
  const key = primaryKeyOf(table).map((name) => {
    const isBytes = table.columns.find((each) => each.name === name)?.definition.startsWith(`${name} bytea`)
    return isBytes ? sql`left(encode(t.${column(name)}, 'hex'), 12)` : sql`t.${column(name)}`
  })
  return sql`concat_ws(' ', ${table.name}::text, ${join(key)})`
}

/** A table's name where no parameter can stand. */
export function relation(name: string): Sql {
  return verbatim(name)
}

export function asWords(name: string): string {
  return name.replaceAll('_', '-')
}
