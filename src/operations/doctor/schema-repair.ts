import type { ExpectedTable } from '../../database/expected-schema.ts'
import type { Queryable } from '../../database/database.ts'
import { column, sql, verbatim, type Sql } from '../../database/sql.ts'
import { relation } from './invariant.ts'

/** A part of the schema that a repair puts back. Kept under its run by name alone, never as text that could be run. */
export interface SchemaPart {
  kind: 'constraint' | 'index' | 'trigger'
  table: string
  name: string
  /** How it stood before: not there, there but never validated, there but switched off. */
  was: 'missing' | 'not valid' | 'off'
}

/** What of the dump is missing or does not hold, in the order in which it can be put back: keys, conditions, references. */
export async function partsAmiss(within: Queryable, tables: readonly ExpectedTable[]): Promise<SchemaPart[]> {
  const list = tables.flatMap(({ name: table, constraints, indexes, triggers }) => [
    ...constraints.map(({ name, definition }) => ({ kind: 'constraint', table, name, turn: turnOf(definition) })),
    ...indexes.map(({ name }) => ({ kind: 'index', table, name, turn: 0 })),
    ...triggers.map(({ name }) => ({ kind: 'trigger', table, name, turn: 3 })),
  ])
  return within.rows<SchemaPart>(sql`
    select e.kind, e."table", e.name,
      case when present.name is null then 'missing' when present.off then 'off' else 'not valid' end as was
    from jsonb_to_recordset(${JSON.stringify(list)}::jsonb) as e (kind text, "table" text, name text, turn integer)
      left join (
        select 'constraint' as kind, conrelid as of, conname::text as name, convalidated as valid,
          exists (select from pg_trigger where tgconstraint = k.oid and tgenabled not in ('O', 'A'))
            or (contype = 'f' and (select count(*) from pg_trigger where tgconstraint = k.oid) <> 4) as off
        from pg_constraint k where contype <> 't'
        union all
        select 'index', indrelid, relname::text, indisvalid and indisready, false
        from pg_index join pg_class on pg_class.oid = indexrelid
        union all
        select 'trigger', tgrelid, tgname::text, true, tgenabled not in ('O', 'A') from pg_trigger where not tgisinternal
      ) as present on present.kind = e.kind and present.name = e.name and present.of = to_regclass(e."table")
    where to_regclass(e."table") is not null and (present.name is null or present.off or not present.valid)
    order by e.turn, e."table", e.name`)
}

/** Puts one part back as the dump has it. */
export function restore(tables: readonly ExpectedTable[], { kind, table, name, was }: SchemaPart): Sql[] {
  const definition = definitionOf(tables, kind, table, name)
  const [onTable, part] = [relation(table), column(name)]
  switch (kind) {
    case 'constraint': {
      if (was === 'not valid') return [sql`alter table ${onTable} validate constraint ${part}`]
      const add = sql`alter table ${onTable} add constraint ${part} ${verbatim(definition)}`
      return was === 'off' ? [sql`alter table ${onTable} drop constraint ${part}`, add] : [add]
    }
    case 'index':
      return was === 'missing' ? [verbatim(definition)] : [sql`reindex index ${part}`]
    case 'trigger':
      return was === 'missing' ? [verbatim(definition)] : [sql`alter table ${onTable} enable trigger ${part}`]
  }
}

/** Takes one part away again, so that the rows of before the repair can come back. */
export function takeAway(tables: readonly ExpectedTable[], { kind, table, name, was }: SchemaPart): Sql[] {
  definitionOf(tables, kind, table, name)
  const [onTable, part] = [relation(table), column(name)]
  if (kind === 'constraint') return [sql`alter table ${onTable} drop constraint if exists ${part}`]
  if (kind === 'index') return was === 'missing' ? [sql`drop index if exists ${part}`] : []
  return was === 'missing'
    ? [sql`drop trigger if exists ${part} on ${onTable}`]
    : [sql`alter table ${onTable} disable trigger ${part}`]
}

/** A constraint that had never been validated is put back as such, once the rows are. */
export function asItWas(tables: readonly ExpectedTable[], { kind, table, name, was }: SchemaPart): Sql[] {
  if (kind !== 'constraint' || was !== 'not valid') return []
  const definition = definitionOf(tables, kind, table, name)
  return [sql`alter table ${relation(table)} add constraint ${column(name)} ${verbatim(definition)} not valid`]
}

function definitionOf(tables: readonly ExpectedTable[], kind: SchemaPart['kind'], table: string, name: string): string {
  const expected = tables.find((each) => each.name === table)
  const among = { constraint: expected?.constraints, index: expected?.indexes, trigger: expected?.triggers }[kind]
  const definition = among?.find((each) => each.name === name)?.definition
  if (definition === undefined) throw new Error(`the schema has no ${kind} ${name} on ${table}`)
  return definition
}

function turnOf(definition: string): number {
  if (/^(PRIMARY KEY|UNIQUE)/.test(definition)) return 0
  return definition.startsWith('CHECK') ? 1 : 2
}
