import { Fault } from '../answers/fault.ts'
import { sql, type Sql } from '../database/sql.ts'

/** The tables of the legacy site that hold people, with the columns that it gave them. */
export const LEGACY_TABLES = {
  auth_user: [
    'id',
    'password',
    'last_login',
    'is_superuser',
    'username',
    'first_name',
    'last_name',
    'email',
    'is_staff',
    'is_active',
    'date_joined',
  ],
  accounts_customerprofile: [
    'id',
    'phone_number',
    'address',
    'city',
    'state',
    'country',
    'postal_code',
    'date_of_birth',
    'is_active_customer',
    'created_at',
    'updated_at',
    'user_id',
  ],
  accounts_staffprofile: [
    'id',
    'role',
    'phone_number',
    'department',
    'is_active_staff',
    'created_at',
    'updated_at',
    'user_id',
  ],
} as const

export type LegacyTable = keyof typeof LEGACY_TABLES

/** Since Django 3.1 a first name may have 150 characters; an older auth_user has other columns. */
const NEEDED_MIGRATION = '0012_alter_user_first_name_max_length'

/** How the legacy database is asked: on whatever connection it was opened. */
export type Ask = <Row>(statement: Sql) => Promise<Row[]>

/**
 * Whether this is a whole database of the legacy site, before anything else is read of it. The fault `legacy-not-whole` says
 * what is missing or cut off; and, unless `extraColumns` are welcome, what there is that the legacy site did not have.
 */
export async function checkShape(ask: Ask, options: { extraColumns: boolean }): Promise<void> {
  for (const [table, columns] of Object.entries(LEGACY_TABLES)) await checkTable(ask, table, columns, options)
  await checkVersion(ask)
}

async function checkTable(
  ask: Ask,
  table: string,
  columns: readonly string[],
  { extraColumns }: { extraColumns: boolean },
): Promise<void> {
  const found = (
    await ask<{ name: string }>(sql`
      select attname as name from pg_attribute where attrelid = to_regclass(${table}) and attnum > 0 and not attisdropped`)
  ).map(({ name }) => name)
  if (found.length === 0) throw wrong(`The table ${table} is missing.`)
  const missing = columns.filter((column) => !found.includes(column))
  if (missing.length > 0) throw wrong(`The table ${table} lacks ${missing.join(', ')}: it is of another version.`)
  const extra = found.filter((name) => !columns.includes(name))
  if (extra.length > 0 && !extraColumns) {
    throw wrong(
      `The table ${table} has columns that an import would leave behind: ${extra.join(', ')}. Should that be as you want it, add --ignore-extra-columns.`,
    )
  }
  const keys = await ask(sql`
    select from pg_constraint where conrelid = ${table}::regclass and contype = 'p'`)
  // pg_dump writes the keys last, so that half a dump has its rows and not them.
  if (keys.length === 0) throw wrong(`The table ${table} has no primary key, as after a dump that was cut off.`)
}

async function checkVersion(ask: Ask): Promise<void> {
  const [migrations] = await ask<{ found: string | null }>(sql`select to_regclass('django_migrations') as found`)
  if (!migrations?.found) throw wrong('The table django_migrations is missing, so its version cannot be told.')
  const done = await ask(sql`select from django_migrations where app = 'auth' and name = ${NEEDED_MIGRATION}`)
  if (done.length > 0) return
  throw wrong(`Django's own migration auth ${NEEDED_MIGRATION} is not in it: run Django 3.2 or 4.2's migrate first.`)
}

function wrong(details: string): Fault {
  return new Fault('legacy-not-whole', { details })
}
