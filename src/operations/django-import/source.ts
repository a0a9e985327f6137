import { Client } from 'pg'
import { Fault } from '../../answers/fault.ts'
import { SECOND } from '../../lib/time.ts'

/** The columns that an import reads, by table; a table that has others holds something that it would leave behind. */
const TABLES = {
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

export type LegacyTable = keyof typeof TABLES

/** Since Django 3.1 a first name may have 150 characters; an older auth_user has other columns. */
const NEEDED_MIGRATION = '0012_alter_user_first_name_max_length'

/**
 * Opens the legacy database at one moment: a transaction that reads only, and sees nothing of what happens after. The
 * faults `legacy-unreachable` and `legacy-not-whole` say what is wrong with it before anything is read.
 */
export async function openSource(url: string, options: { extraColumns: boolean }): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10 * SECOND,
    application_name: 'meridian import',
    keepAlive: true,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set timezone = 'UTC'`)
    await client.query('begin isolation level repeatable read read only')
    await checkShape(client, options.extraColumns)
    return client
  } catch (error) {
    await client.end().catch(() => {})
    if (error instanceof Fault) throw error
    throw new Fault('legacy-unreachable', { cause: error, details: `${(error as Error).message}.` })
  }
}

async function checkShape(client: Client, extraColumns: boolean): Promise<void> {
  const wrong = (details: string) => new Fault('legacy-not-whole', { details })
  for (const [table, columns] of Object.entries(TABLES)) {
    const { rows } = await client.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
      [table],
    )
    const found = rows.map(({ name }) => name)
    if (found.length === 0) throw wrong(`The table ${table} is missing.`)
    const missing = columns.filter((column) => !found.includes(column))
    if (missing.length > 0) throw wrong(`The table ${table} lacks ${missing.join(', ')}: it is of another version.`)
    const extra = found.filter((name) => !(columns as readonly string[]).includes(name))
    if (extra.length > 0 && !extraColumns) {
      throw wrong(
        `The table ${table} has columns that an import would leave behind: ${extra.join(', ')}. Should that be as you want it, add --ignore-extra-columns.`,
      )
    }
    const { rows: keys } = await client.query(
      `select from pg_constraint where conrelid = $1::regclass and contype = 'p'`,
      [table],
    )
    // pg_dump writes the keys last, so that half a dump has its rows and not them.
    if (keys.length === 0) throw wrong(`The table ${table} has no primary key, as after a dump that was cut off.`)
  }
  await checkVersion(client, wrong)
}

async function checkVersion(client: Client, wrong: (details: string) => Fault): Promise<void> {
  const { rows } = await client.query<{ found: string | null }>(`select to_regclass('django_migrations') as found`)
  if (rows[0]?.found === null) throw wrong('The table django_migrations is missing, so its version cannot be told.')
  const { rows: done } = await client.query(`select from django_migrations where app = 'auth' and name = $1`, [
    NEEDED_MIGRATION,
  ])
  if (done.length === 0)
    throw wrong(`Django's own migration auth ${NEEDED_MIGRATION} is not in it: run Django 3.2 or 4.2's migrate first.`)
}
