import type { Queryable } from './database.ts'
import { sql } from './sql.ts'

/**
 * The schema as the server's own catalogue tells it, in an order that never varies: what migrations/schema.sql holds and
 * the tests compare. Reads alike on every supported version of PostgreSQL.
 */
export async function dumpSchema(database: Queryable): Promise<string> {
  const tables = await database.rows<{ name: string }>(sql`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname collate "C"`)
  const parts = await Promise.all(tables.map(({ name }) => dumpTable(database, name)))
  const functions = await database.rows<{ line: string }>(sql`
    select rtrim(pg_get_functiondef(oid), E'\n') || ';' as line from pg_proc
    where pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    order by proname collate "C", oid`)
  return `${[...parts, ...functions.map(({ line }) => line)].join('\n\n')}\n`
}

async function dumpTable(database: Queryable, table: string): Promise<string> {
  const columns = await database.rows<{ line: string }>(sql`
    select ${columnLine} as line
    from pg_attribute
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    left join pg_collation c on c.oid = attcollation
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped
    order by attnum`)
  const constraints = await database.rows<{ line: string }>(sql`
    select 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) as line
    from pg_constraint where conrelid = ${table}::regclass and contype not in ('n', 't') order by conname collate "C"`)
  const indexes = await database.rows<{ line: string }>(sql`
    select pg_get_indexdef(indexrelid) || ';' as line
    from pg_index join pg_class on pg_class.oid = indexrelid
    where indrelid = ${table}::regclass
      and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))
    order by relname collate "C"`)
  const triggers = await database.rows<{ line: string }>(sql`
    select pg_get_triggerdef(oid) || ';' as line from pg_trigger
    where tgrelid = ${table}::regclass and not tgisinternal order by tgname collate "C"`)
  const body = [...columns, ...constraints].map(({ line }) => `  ${line}`).join(',\n')
  return [`create table ${table} (\n${body}\n);`, ...[...indexes, ...triggers].map(({ line }) => line)].join('\n')
}

/** A column as the dump has it, from pg_attribute with its default (pg_attrdef) and its collation `c`. */
export const columnLine = sql`concat_ws(' ', attname, format_type(atttypid, atttypmod),
      case when collname <> 'default' then 'collate ' || quote_ident(collname) end,
      case attgenerated when 's' then 'generated always as (' || pg_get_expr(adbin, adrelid) || ') stored'
        else 'default ' || pg_get_expr(adbin, adrelid) end,
      case when attidentity = 'a' then 'generated always as identity' end,
      case when attnotnull then 'not null' end)`
