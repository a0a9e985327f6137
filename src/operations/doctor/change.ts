import { primaryKeyOf, referencesOf, type ExpectedTable } from '../../database/expected-schema.ts'
import { column, join, sql, type Sql } from '../../database/sql.ts'
import { relation } from './invariant.ts'

/** One statement of a repair. */
export interface Step {
  relation: string
  /** What it does and why, in a sentence: shown in the plan, and kept beside each row in the archive. */
  why: string
  /** Parts of the statement that `change` reads from: data is changed at the top of a statement alone. */
  first?: Sql
  /** Changes the rows, and returns of each account_id, former and made. */
  change: Sql
}

const accountOf = ({ name, columns }: ExpectedTable) => {
  if (name === 'accounts') return sql`t.id`
  return columns.some((each) => each.name === 'account_id') ? sql`t.account_id` : sql`null::uuid`
}

/** Changes rows: `set` over the alias t, `where` over it too. */
export function update(table: ExpectedTable, why: string, set: Sql, where: Sql): Step {
  return {
    relation: table.name,
    why,
    change: sql`
      with found as (select t.ctid as at, to_jsonb(t) as former from ${relation(table.name)} t where ${where} for update)
      update ${relation(table.name)} t set ${set} from found where t.ctid = found.at
      returning ${accountOf(table)} as account_id, found.former, to_jsonb(t) as made`,
  }
}

/** Removes rows, and before them what the foreign keys would take along unseen. */
export function remove(tables: readonly ExpectedTable[], table: ExpectedTable, why: string, where: Sql): Step[] {
  const along = tables.flatMap((child) =>
    cascading(child, table.name).flatMap(({ columns, parentColumns }) => {
      const same = columns.map((name, n) => sql`p.${column(parentColumns[n] as string)} = t.${column(name)}`)
      const hangs = sql`exists (
        select from ${relation(table.name)} p where ${join(same, ' and ')}
          and p.ctid in (select t.ctid from ${relation(table.name)} t where ${where})
      ) and not exists (
        select from ${relation(table.name)} p where ${join(same, ' and ')}
          and p.ctid not in (select t.ctid from ${relation(table.name)} t where ${where})
      )`
      return remove(tables, child, `${why} What hangs on it goes with it.`, hangs)
    }),
  )
  return [
    ...along,
    {
      relation: table.name,
      why,
      change: sql`
        delete from ${relation(table.name)} t where ${where}
        returning ${accountOf(table)} as account_id, to_jsonb(t) as former, null::jsonb as made`,
    },
  ]
}

/** Every row of a key but the best, as a condition over t. `best` puts that one first. */
export function allButTheBest(table: ExpectedTable, columns: Sql, where: Sql, best: Sql): Sql {
  return sql`t.ctid in (
    select at from (
      select ctid as at, row_number() over (partition by ${columns} order by ${best}, ctid) as n
      from ${relation(table.name)} where ${where}
    ) as ranked where n > 1
  )`
}

function cascading(child: ExpectedTable, parent: string) {
  const ownKey = primaryKeyOf(child)
  const taken = child.constraints.filter(({ definition }) => definition.includes(' ON DELETE CASCADE'))
  return ownKey.length === 0
    ? []
    : referencesOf(child).filter((each) => each.parent === parent && taken.some(({ name }) => name === each.name))
}
