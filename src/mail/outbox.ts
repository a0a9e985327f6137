import { sql, type Sql } from '../database/sql.ts'

/** Every letter that there is, and what its template needs beyond the account. */
export interface Letters {
  welcome: { firstName: string }
}

export type LetterKind = keyof Letters

/**
 * A letter as a fragment for the statement that causes it: it exists if and only if that was committed, and it leaves
 * later, so that mail never decides a registration. `from` names the part whose rows have the account_id.
 */
export function letterInsert<Kind extends LetterKind>(
  kind: Kind,
  id: string,
  recipient: string,
  data: Letters[Kind],
  from: Sql,
): Sql {
  return sql`
    insert into letters (id, account_id, kind, recipient, data)
    select ${id}::uuid, account_id, ${kind}, ${recipient}, ${JSON.stringify(data)}::jsonb from ${from}`
}
