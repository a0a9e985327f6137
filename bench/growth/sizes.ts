import type { OwnPostgres } from '../speed/servers.ts'

export interface Sizes {
  /** Of the whole database. */
  bytes: number
  tables: { table: string; rows: number; heap: number; indexes: { index: string; bytes: number }[] }[]
}

/** What a database's tables and indexes take on the disk, largest first. */
export async function sizesOf(postgres: OwnPostgres, name: string): Promise<Sizes> {
  const [database] = await postgres.ask<{ bytes: string }>(
    name,
    'select pg_database_size(current_database())::text as bytes',
  )
  const tables = await postgres.ask<Sizes['tables'][number]>(
    name,
    `select c.relname as table, greatest(c.reltuples, 0)::float as rows, pg_table_size(c.oid)::float as heap,
       coalesce((
         select jsonb_agg(jsonb_build_object('index', i.indexrelid::regclass::text, 'bytes', pg_relation_size(i.indexrelid)) order by pg_relation_size(i.indexrelid) desc)
         from pg_index i where i.indrelid = c.oid
       ), '[]') as indexes
     from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.reltuples > 0
     order by pg_total_relation_size(c.oid) desc`,
  )
  return { bytes: Number(database?.bytes), tables }
}
