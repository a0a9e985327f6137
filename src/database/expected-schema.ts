import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../lib/project-root.ts'

/** A table as migrations/schema.sql has it. */
export interface ExpectedTable {
  name: string
  columns: { name: string; definition: string; notNull: boolean; generated: boolean }[]
  /** `definition` is what pg_get_constraintdef says. */
  constraints: { name: string; definition: string }[]
  /** Those that no constraint brings; `definition` is what pg_get_indexdef says. */
  indexes: { name: string; definition: string }[]
  /** Those of our own; `definition` is what pg_get_triggerdef says. */
  triggers: { name: string; definition: string }[]
}

/** Columns by which no two rows may be the same; `where` bounds that to some rows. */
export interface ExpectedKey {
  name: string
  columns: string
  where: string | null
}

export interface ExpectedReference {
  name: string
  columns: string[]
  parent: string
  parentColumns: string[]
}

/** A row of migrations/grants.sql: what the application's role may do with a table. */
export interface ExpectedGrant {
  relation: string
  privilege: string
}

/** What migrations/schema.sql says, taken apart. The tests hold that file to what the migrations make. */
export function expectedSchema(): ExpectedTable[] {
  const text = readFileSync(join(projectRoot, 'migrations', 'schema.sql'), 'utf8')
  return [...text.matchAll(/^create table (\S+) \(\n([^]*?)\n\);((?:\nCREATE .*)*)/gm)].map(
    ([, name = '', body = '', tail = '']) => tableFrom(name, body, tail),
  )
}

/** The functions that triggers call; `definition` is what pg_get_functiondef says. */
export function expectedFunctions(): { name: string; definition: string }[] {
  const text = readFileSync(join(projectRoot, 'migrations', 'schema.sql'), 'utf8')
  const functions = text.matchAll(/^(CREATE OR REPLACE FUNCTION public\.(\w+)\([^]*?\$function\$[^]*?\$function\$);$/gm)
  return [...functions].map(([, definition = '', name = '']) => ({ name, definition }))
}

export function expectedGrants(): ExpectedGrant[] {
  const text = readFileSync(join(projectRoot, 'migrations', 'grants.sql'), 'utf8').replaceAll(/--.*$/gm, '')
  const grants = [...text.matchAll(/grant ([\w, ]+) on\s+(?!(?:schema|sequence|function)\s)([\w,\s]+?)\s+to\s/g)]
  return grants.flatMap(([, privileges = '', relations = '']) =>
    relations.split(',').flatMap((relation) =>
      privileges.split(',').map((privilege) => ({
        relation: relation.trim(),
        privilege: privilege.trim().toUpperCase(),
      })),
    ),
  )
}

export function primaryKeyOf({ constraints }: ExpectedTable): string[] {
  const definition = constraints.find((constraint) => constraint.definition.startsWith('PRIMARY KEY'))?.definition
  return definition === undefined ? [] : listIn(definition)
}

export function keysOf({ constraints, indexes }: ExpectedTable): ExpectedKey[] {
  const declared = constraints
    .filter(({ definition }) => /^(PRIMARY KEY|UNIQUE) /.test(definition))
    .map(({ name, definition }) => ({ name, columns: listIn(definition).join(', '), where: null }))
  const indexed = indexes.flatMap(({ name, definition }) => {
    const parts = /^CREATE UNIQUE INDEX .*? USING btree \((.*?)\)(?: WHERE (.*))?$/.exec(definition)
    return parts ? [{ name, columns: parts[1] as string, where: parts[2] ?? null }] : []
  })
  return [...declared, ...indexed]
}

export function referencesOf({ constraints }: ExpectedTable): ExpectedReference[] {
  return constraints.flatMap(({ name, definition }) => {
    const parts = /^FOREIGN KEY \((.*?)\) REFERENCES (\w+)\((.*?)\)/.exec(definition)
    if (!parts) return []
    const [, columns = '', parent = '', parentColumns = ''] = parts
    return [{ name, columns: columns.split(', '), parent, parentColumns: parentColumns.split(', ') }]
  })
}

/** The conditions that each row has to meet, as SQL over the table's own columns. */
export function checksOf({ constraints }: ExpectedTable): { name: string; condition: string }[] {
  return constraints.flatMap(({ name, definition }) => {
    const condition = /^CHECK \(([^]*)\)$/.exec(definition)?.[1]
    return condition === undefined ? [] : [{ name, condition }]
  })
}

function tableFrom(name: string, body: string, tail: string): ExpectedTable {
  const entries = body.split(/,?\n(?= {2}\S)/).map((entry) => entry.replace(/^ {2}/, ''))
  const constraints = entries.filter((entry) => entry.startsWith('constraint '))
  const columns = entries.filter((entry) => !entry.startsWith('constraint '))
  return {
    name,
    columns: columns.map((definition) => ({
      name: definition.split(' ')[0] as string,
      definition,
      notNull: definition.endsWith(' not null'),
      generated: definition.includes(' generated always as ('),
    })),
    constraints: constraints.map((entry) => {
      const [, constraint = '', definition = ''] = /^constraint (\S+) ([^]*)$/.exec(entry) ?? []
      return { name: constraint, definition }
    }),
    indexes: named(tail, /^(CREATE (?:UNIQUE )?INDEX (\S+) .*);$/gm),
    triggers: named(tail, /^(CREATE (?:CONSTRAINT )?TRIGGER (\S+) .*);$/gm),
  }
}

function named(text: string, pattern: RegExp): { name: string; definition: string }[] {
  return [...text.matchAll(pattern)].map(([, definition = '', name = '']) => ({ name, definition }))
}

function listIn(definition: string): string[] {
  return (/\((.*)\)/.exec(definition)?.[1] ?? '').split(', ')
}
