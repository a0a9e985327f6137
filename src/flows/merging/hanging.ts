import type { Queryable } from '../../database/database.ts'
import { column, sql } from '../../database/sql.ts'

/** A table whose rows hang on accounts by a foreign key. */
export interface HangingTable {
  name: string
  /** The column that names the account. */
  column: string
}

export interface HangingRows extends HangingTable {
  rows: Record<string, unknown>[]
  count: number
}

/** Rows of one table that a preview brings along; the others are counted. */
const SHOWN = 50

/** Every table that hangs on accounts, as the server's own catalogue tells it: one that comes to is found on its first day. */
export async function tablesThatHang(database: Queryable): Promise<HangingTable[]> {
  return database.rows<HangingTable>(sql`
    select r.relname::text as name, a.attname::text as column
    from pg_constraint k
      join pg_class r on r.oid = k.conrelid
      join pg_attribute a on a.attrelid = k.conrelid
        and a.attnum = k.conkey[array_position(k.confkey, (
          select attnum from pg_attribute where attrelid = 'accounts'::regclass and attname = 'id'))]
    where k.contype = 'f' and k.confrelid = 'accounts'::regclass and r.relnamespace = 'public'::regnamespace
    order by r.relname collate "C", k.conname collate "C"`)
}

/** Tables further down, whose rows go along when a row of `parent` is removed: by which column, and to which of the parent's. */
export async function tablesBelow(
  database: Queryable,
  parent: string,
): Promise<(HangingTable & { parentColumn: string })[]> {
  return database.rows(sql`
    select r.relname::text as name, a.attname::text as column, p.attname::text as "parentColumn"
    from pg_constraint k
      join pg_class r on r.oid = k.conrelid
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
      join pg_attribute p on p.attrelid = k.confrelid and p.attnum = k.confkey[1]
    where k.contype = 'f' and k.confrelid = ${parent}::regclass and k.confdeltype = 'c' and k.conrelid <> k.confrelid
    order by r.relname collate "C"`)
}

/** What opens something, or could be guessed from: columns of these names, and whatever is stored as bytes. */
const SECRET = '(^|_)(hash|password|secret|token)$'

/** What hangs on one account, table by table, as it may be shown: without what opens something. */
export async function rowsThatHang(database: Queryable, accountId: string): Promise<HangingRows[]> {
  const found: HangingRows[] = []
  for (const table of await tablesThatHang(database)) {
    const rows = await database.rows<{ row: Record<string, unknown>; count: number }>(sql`
      select to_jsonb(t) - array(
          select attname::text from pg_attribute
          where attrelid = ${table.name}::regclass and (attname ~ ${SECRET} or atttypid = 'bytea'::regtype)
        ) as row, count(*) over ()::int as count
      from ${column(table.name)} t
      where ${column(table.column)} = ${accountId} limit ${SHOWN}`)
    if (rows[0]) found.push({ ...table, count: rows[0].count, rows: rows.map(({ row }) => row) })
  }
  return found
}
