import { checksOf, keysOf, referencesOf, type ExpectedKey, type ExpectedTable } from '../../database/expected-schema.ts'
import { column, join, sql, verbatim } from '../../database/sql.ts'
import { asWords, relation, REPAIR, subjectOf, type Invariant } from './invariant.ts'

/** Keys that say something to people, and what they say. */
const keysInWords: Record<string, Pick<Invariant, 'name' | 'expects'>> = {
  accounts_email_canonical_key: {
    name: 'one-account-per-address',
    expects: 'No two accounts have the same address in its canonical form.',
  },
  accounts_username_canonical_key: {
    name: 'one-account-per-username',
    expects: 'No two accounts have the same username in its canonical form.',
  },
  letters_one_welcome_per_account: {
    name: 'one-welcome-per-account',
    expects: 'Each account was welcomed by one letter at most.',
  },
}

/**
 * What every constraint of migrations/schema.sql promises, asked of the rows themselves: a constraint that was dropped, was
 * never validated, or whose index is damaged (a new version of the system's collations does that) holds nobody to it.
 */
export function rowInvariants(tables: readonly ExpectedTable[]): Invariant[] {
  return tables.flatMap((table) => [...uniqueness(table), ...belonging(table), ...wellFormed(table)])
}

function uniqueness(table: ExpectedTable): Invariant[] {
  const keys = keysOf(table)
  const special = keys.filter(({ name }) => name in keysInWords)
  const others = keys.filter(({ name }) => !(name in keysInWords))
  return [
    ...special.map((key) => ({
      ...(keysInWords[key.name] as Pick<Invariant, 'name' | 'expects'>),
      remedy: REPAIR,
      offenders: surplus(table, key),
    })),
    ...(others.length === 0
      ? []
      : [
          {
            name: `${asWords(table.name)}-are-single`,
            expects: `No two rows of ${table.name} have the same key.`,
            remedy: REPAIR,
            offenders: join(
              others.map((key) => surplus(table, key)),
              ' union all ',
            ),
          },
        ]),
  ]
}

/** Each row beyond the first that has a key. It is called by that key's first row, since the keys may be the same. */
function surplus(table: ExpectedTable, { name, columns, where }: ExpectedKey) {
  const notNull = join(
    columns.split(', ').map((each) => sql`${verbatim(each)} is not null`),
    ' and ',
  )
  return sql`
    select first.subject, ${`has another with the same ${columns} (${name})`}::text as found
    from (
      select min(${subjectOf(table)}) as subject, count(*) as n from ${relation(table.name)} t
      where ${notNull} and ${where === null ? sql`true` : verbatim(where)}
      group by ${verbatim(columns)} having count(*) > 1
    ) first cross join lateral generate_series(2, first.n)`
}

function belonging(table: ExpectedTable): Invariant[] {
  const references = referencesOf(table)
  if (references.length === 0) return []
  const words =
    table.name === 'accounts'
      ? { name: 'one-profile-of-its-kind', expects: 'Each account has the profile of its own kind.' }
      : {
          name: `${asWords(table.name)}-belong`,
          expects: `Each row of ${table.name} belongs to a row that is there (${[...new Set(references.map(({ parent }) => parent))].join(', ')}).`,
        }
  const each = references.map(({ columns, parent, parentColumns }) => {
    const given = columns.map((name) => sql`t.${column(name)} is not null`)
    const same = columns.map((name, index) => sql`p.${column(parentColumns[index] as string)} = t.${column(name)}`)
    return sql`
      select ${subjectOf(table)} as subject, ${`has no ${parent} for its ${columns.join(', ')}`}::text as found
      from ${relation(table.name)} t
      where ${join(given, ' and ')}
        and not exists (select from ${relation(parent)} p where ${join(same, ' and ')})`
  })
  return [{ ...words, remedy: REPAIR, offenders: join(each, ' union all ') }]
}

function wellFormed(table: ExpectedTable): Invariant[] {
  const checks = checksOf(table).map(
    ({ name, condition }) => sql`(${`breaks ${name}`}::text, not (${verbatim(condition)}))`,
  )
  const missing = table.columns
    .filter(({ notNull, generated }) => notNull && !generated)
    .map(({ name }) => sql`(${`has no ${name}`}::text, ${column(name)} is null)`)
  return [
    {
      name: `${asWords(table.name)}-are-well-formed`,
      expects: `Each row of ${table.name} meets every condition that the schema puts on it.`,
      remedy: REPAIR,
      offenders: sql`
        select ${subjectOf(table)} as subject, doctor_found as found
        from ${relation(table.name)} t
          cross join lateral (values ${join([...checks, ...missing])}) as asked (doctor_found, doctor_broken)
        where doctor_broken`,
    },
  ]
}
