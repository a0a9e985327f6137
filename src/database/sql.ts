import { createHash } from 'node:crypto'
import { escapeIdentifier } from 'pg'
import { raw, type Sql } from 'sql-template-tag'

export { default as sql, empty, join, type Sql } from 'sql-template-tag'

/** A statement that has a name: prepared once a connection, and found by that name in the server's own statistics. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values: unknown[]
}

const preparedNames = new Map<string, string>()

/** Names a statement whose text does not depend on its input. The text's hash keeps two versions apart. */
export function named(name: string, statement: Sql): Statement {
  const { text, values } = statement
  return { name: preparedNames.get(text) ?? rememberName(name, text), text, values }
}

function rememberName(name: string, text: string): string {
  const unique = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
  preparedNames.set(text, unique)
  return unique
}

/** A column by its name: quoted, for names that our own code lists and no request ever brings. */
export function column(name: string): Sql {
  return raw(escapeIdentifier(name))
}

/** SQL that files of our own hold, such as the condition of a constraint in migrations/schema.sql; never anything that came from outside. */
export function verbatim(text: string): Sql {
  return raw(text)
}
