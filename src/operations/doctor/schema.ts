import type { ExpectedGrant, ExpectedTable } from '../../database/expected-schema.ts'
import { columnLine } from '../../database/schema-dump.ts'
import { sql, type Sql } from '../../database/sql.ts'
import { REPAIR, type Invariant } from './invariant.ts'

interface Named {
  relation: string
  name: string
  definition: string
}

export interface ExpectedMigration {
  name: string
  checksum: string
}

/** The schema is the dump's. Tables of other programs and indexes that only make something faster are nobody's fault. */
export function schemaInvariants(
  tables: readonly ExpectedTable[],
  grants: readonly ExpectedGrant[],
  migrations: readonly ExpectedMigration[],
  functions: readonly { name: string; definition: string }[],
): Invariant[] {
  const names = tables.map(({ name }) => name)
  return [
    {
      name: 'migrations-applied',
      expects: 'The migrations that were applied are those of this version.',
      remedy: 'Run meridian migrate. A migration that reads differently belongs to another version: start that one.',
      offenders: sql`
        select 'migration ' || name as subject,
          case when done.name is null then 'was not applied' when known.name is null then 'is unknown to this version'
            else 'was another file when it was applied' end as found
        from jsonb_to_recordset(${JSON.stringify(migrations)}::jsonb) as known (name text, checksum text)
          full join schema_migrations done using (name)
        where done.checksum is distinct from known.checksum`,
    },
    {
      name: 'columns-in-place',
      expects: 'Every table has the columns of the dump, and no others.',
      remedy: 'Compare migrations/schema.sql with meridian migrate --dump, and bring the difference back by hand.',
      offenders: differing(
        tables.flatMap(({ name: relation, columns }) => columns.map((column) => ({ ...column, relation }))),
        sql`
          select r.relname::text as relation, attname::text as name, ${columnLine} as definition
          from pg_class r join pg_attribute on attrelid = r.oid
            left join pg_attrdef on adrelid = r.oid and adnum = attnum
            left join pg_collation c on c.oid = attcollation
          where ${ours(names)} and attnum > 0 and not attisdropped`,
      ),
    },
    {
      name: 'constraints-in-place',
      expects: 'Every constraint of the dump is there, validated, and there are no others.',
      remedy: `${REPAIR} It mends the rows first.`,
      offenders: differing(
        tables.flatMap(({ name: relation, constraints }) => constraints.map((each) => ({ ...each, relation }))),
        sql`
          select r.relname::text as relation, conname::text as name, pg_get_constraintdef(k.oid) as definition
          from pg_constraint k join pg_class r on r.oid = conrelid where ${ours(names)} and contype not in ('n', 't')`,
      ),
    },
    {
      name: 'indexes-in-place',
      expects: 'Every index of the dump is there and valid, and no other makes rows unique.',
      remedy: REPAIR,
      offenders: sql`
        ${differing(
          tables.flatMap(({ name: relation, indexes }) => indexes.map((each) => ({ ...each, relation }))),
          sql`
          select r.relname::text as relation, i.relname::text as name, pg_get_indexdef(indexrelid) as definition
          from pg_index join pg_class r on r.oid = indrelid join pg_class i on i.oid = indexrelid
          where ${ours(names)} and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u'))`,
          sql`and (expected.name is not null or actual.definition like 'CREATE UNIQUE%')`,
        )}
        union all
        select r.relname || '.' || i.relname, 'is not valid'
        from pg_index join pg_class r on r.oid = indrelid join pg_class i on i.oid = indexrelid
        where ${ours(names)} and not (indisvalid and indisready)`,
    },
    {
      name: 'triggers-in-place',
      expects:
        'Every trigger of the dump and those by which PostgreSQL keeps foreign keys are there and fire, and there are no others.',
      remedy: REPAIR,
      offenders: sql`
        ${differing(
          tables.flatMap(({ name: relation, triggers }) => triggers.map((each) => ({ ...each, relation }))),
          sql`
          select r.relname::text as relation, t.tgname::text as name, pg_get_triggerdef(t.oid) as definition
          from pg_trigger t join pg_class r on r.oid = tgrelid where ${ours(names)} and not t.tgisinternal`,
        )}
        union all
        select distinct r.relname || '.' || coalesce(k.conname, t.tgname), 'is switched off'
        from pg_trigger t join pg_class r on r.oid = tgrelid left join pg_constraint k on k.oid = tgconstraint
        where ${ours(names)} and t.tgenabled not in ('O', 'A')
        union all
        select r.relname || '.' || conname, 'has lost triggers'
        from pg_constraint k join pg_class r on r.oid = conrelid
        where ${ours(names)} and contype = 'f' and (select count(*) from pg_trigger where tgconstraint = k.oid) <> 4`,
    },
    {
      name: 'functions-in-place',
      expects: 'The functions that triggers call are those of the dump.',
      remedy: 'Put the function back as migrations/schema.sql has it.',
      offenders: sql`
        select 'function ' || name as subject,
          case when actual.definition is null then 'is missing' else 'reads differently' end as found
        from jsonb_to_recordset(${JSON.stringify(functions)}::jsonb) as expected (name text, definition text)
          left join (
            select proname::text as name, rtrim(pg_get_functiondef(oid), E'\\n') as definition
            from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')
          ) as actual using (name)
        where actual.definition is distinct from expected.definition`,
    },
    {
      name: 'privileges-as-granted',
      expects: 'The application’s role may do with each table what migrations/grants.sql says, and nothing else.',
      remedy: `${REPAIR} Where one role both owns and serves, it may do everything, and nothing is asked here.`,
      offenders: sql`
        select r.relname || ' for ' || current_user as subject,
          (case when may.now then 'may ' else 'may not ' end) || lower(privilege) as found
        from pg_class r
          cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) as privilege
          cross join lateral (select has_table_privilege(r.oid, privilege) as now) may
        where ${ours(names)} and not pg_has_role(r.relowner, 'USAGE') and may.now <> exists (
          select from jsonb_to_recordset(${JSON.stringify(grants)}::jsonb) as g (relation text, privilege text)
          where g.relation = r.relname and g.privilege = privilege.privilege
        )`,
    },
  ]
}

function ours(names: readonly string[]): Sql {
  return sql`r.relnamespace = 'public'::regnamespace and r.relkind = 'r' and r.relname = any(${names}::text[])`
}

function differing(expected: readonly Named[], actual: Sql, condition: Sql = sql``): Sql {
  const list = expected.map(({ relation, name, definition }) => ({ relation, name, definition }))
  return sql`
    select concat_ws('.', relation, name) as subject,
      case when actual.name is null then 'is missing' when expected.name is null then 'is not in the dump'
        else 'is ' || actual.definition end as found
    from jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as expected (relation text, name text, definition text)
      full join (${actual}) as actual using (relation, name)
    where actual.definition is distinct from expected.definition ${condition}`
}
