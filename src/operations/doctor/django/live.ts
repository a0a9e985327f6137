import type { Queryable } from '../../../database/database.ts'
import { column, sql, type Sql } from '../../../database/sql.ts'
import { PROFILE_TABLES, type ProfileTable } from './offences.ts'

/** A column as the server has it, the legacy site's own or one that somebody added. */
export interface LiveColumn {
  name: string
  /** The server's letter for what kind of value it is: S a text, A an array, and so on; J stands for JSON. */
  category: string
  notNull: boolean
  /** It is filled by the server where nothing is given. */
  filled: boolean
  /** It is never given, but always made of other columns or of a sequence. */
  made: boolean
}

/** A column of another table that refers to profiles. */
export interface LiveReference {
  schema: string
  table: string
  /** The table as the archive calls it. */
  relation: string
  column: string
  /** Whether its rows have a key by which they are found again. */
  keyed: boolean
}

export interface Live {
  columns: Record<ProfileTable, LiveColumn[]>
  references: Record<ProfileTable, LiveReference[]>
}

/** What the two tables of profiles have come to be: the site may have grown since it was described. */
export async function readLive(within: Queryable): Promise<Live> {
  const live: Live = {
    columns: { accounts_customerprofile: [], accounts_staffprofile: [] },
    references: { accounts_customerprofile: [], accounts_staffprofile: [] },
  }
  for (const table of PROFILE_TABLES) {
    live.columns[table] = await within.rows<LiveColumn>(sql`
      select attname::text as name, case when typname in ('json', 'jsonb') then 'J' else typcategory::text end as category,
        attnotnull as "notNull", atthasdef or attidentity <> '' as filled,
        attgenerated <> '' or attidentity = 'a' as made
      from pg_attribute join pg_type on pg_type.oid = atttypid
      where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum`)
    live.references[table] = await within.rows<LiveReference>(sql`
      select nspname::text as schema, relname::text as table, k.conrelid::regclass::text as relation, a.attname::text as column,
        exists (select from pg_constraint p where p.conrelid = k.conrelid and p.contype = 'p') as keyed
      from pg_constraint k
        join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
        join pg_attribute f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
      where k.confrelid = ${table}::regclass and k.contype = 'f' and k.conparentid = 0
        and cardinality(k.conkey) = 1 and f.attname = 'id'
      order by relation, "column"`)
  }
  return live
}

export function tableOf({ schema, table }: Pick<LiveReference, 'schema' | 'table'>): Sql {
  return sql`${column(schema)}.${column(table)}`
}

/** Columns that a new row would have to be given, and that nobody here knows a value for. A text is left empty, as Django does. */
export function unknownNeeds(columns: readonly LiveColumn[], known: ReadonlySet<string>): string[] {
  return columns
    .filter(({ name, category, notNull, filled }) => notNull && !filled && category !== 'S' && !known.has(name))
    .map(({ name }) => name)
}
