import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { Fault } from '../../answers/fault.ts'
import type { Connection } from '../../database/connection.ts'
import { sql, type Sql } from '../../database/sql.ts'
import { rowsThrough } from './copy.ts'
import {
  CUSTOMER_COLUMNS,
  readCustomer,
  readStaff,
  readUser,
  STAFF_COLUMNS,
  STAGED_PROFILE,
  STAGED_USER,
  USER_COLUMNS,
  type Cells,
  type Reader,
} from './read-row.ts'

/** Tables of this connection alone: gone with it, whatever happens, and never written to the log. */
const STAGING = [
  sql`create temp table staged_users (
    legacy_id bigint not null, account_id uuid not null, password text, is_superuser boolean not null,
    is_staff boolean not null, is_active boolean not null, last_login timestamptz, date_joined timestamptz not null,
    username text, username_canonical text collate "C", username_address text collate "C",
    email text, email_delivery text, email_canonical text collate "C",
    first_name text not null, last_name text not null, findings text[] not null
  )`,
  sql`create temp table staged_profiles (
    relation text not null, legacy_id bigint not null, user_id bigint, active boolean not null,
    created_at timestamptz not null, updated_at timestamptz not null, phone_number text, address text, city text,
    state text, country text, postal_code text, date_of_birth date, role text, department text, findings text[] not null
  )`,
  sql`create temp table originals (
    relation text not null, legacy_id bigint not null, original jsonb not null, primary key (relation, legacy_id)
  )`,
]

const STAGED = [
  sql`create unique index on staged_users (legacy_id)`,
  sql`create index on staged_users (email_canonical)`,
  sql`analyze staged_users`,
  sql`analyze staged_profiles`,
]

export interface ReadCounts {
  users: number
  customerProfiles: number
  staffProfiles: number
}

/** Reads the three tables through this process into tables of the target's session; memory stays that of one chunk. */
export async function stage(
  source: Client,
  target: Connection,
  reader: Reader,
  progress: (rows: number) => void,
): Promise<ReadCounts> {
  for (const statement of STAGING) await target.rows(statement)
  const read = (from: string, into: string, by: (reader: Reader, cells: Cells) => Cells) =>
    copyRows(source, target, { from, into, read: (cells) => by(reader, cells) }, progress)
  const users = await read(`select ${USER_COLUMNS} from auth_user`, `staged_users (${STAGED_USER})`, readUser)
  const profiles = `staged_profiles (${STAGED_PROFILE})`
  const customerProfiles = await read(
    `select ${CUSTOMER_COLUMNS} from accounts_customerprofile`,
    profiles,
    readCustomer,
  )
  const staffProfiles = await read(`select ${STAFF_COLUMNS} from accounts_staffprofile`, profiles, readStaff)
  for (const statement of STAGED) await target.rows(statement)
  return { users, customerProfiles, staffProfiles }
}

/**
 * Fetches those of these rows (relation, legacy_id) that will be archived and are not here yet, as they are, from the same
 * moment as everything else. A password's hash is no part of an archive.
 */
export async function fetchOriginals(source: Client, target: Connection, rows: Sql): Promise<void> {
  const sets = await target.rows<{ relation: string; ids: string[] }>(sql`
    select relation, array_agg(legacy_id::text) as ids
    from (${rows}) r join to_archive t using (relation, legacy_id)
    where not exists (select from originals o where o.relation = r.relation and o.legacy_id = r.legacy_id)
    group by relation, legacy_id / 20000`)
  for (const { relation, ids } of sets) {
    await copyRows(source, target, {
      from: `select '${relation}', id, to_jsonb(t) - 'password' from ${relation} t where id in (${ids.map(Number).join()})`,
      into: 'originals (relation, legacy_id, original)',
      read: (cells) => cells,
    })
  }
}

interface Copy {
  from: string
  into: string
  read: (cells: Cells) => Cells
}

async function copyRows(
  source: Client,
  target: Connection,
  { from, into, read }: Copy,
  progress: (rows: number) => void = () => {},
): Promise<number> {
  let rows = 0
  const out = source.query(copyTo(`copy (${from}) to stdout`))
  const through = rowsThrough(read, () => {
    rows += 1
    if (rows % 1000 === 0) progress(1000)
  })
  try {
    await pipeline(out, through, target.copyInto(into))
    return rows
  } catch (error) {
    throw new Fault('legacy-broke-off', { cause: error, details: `${(error as Error).message}.` })
  }
}
