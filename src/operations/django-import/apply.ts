import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../../answers/fault.ts'
import { auditInsert, NO_REQUEST } from '../../audit/events.ts'
import type { Connection } from '../../database/connection.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { EMAIL_VERSION } from '../../accounts/email.ts'
import { profilesLeftAside } from './decide.ts'
import { findRowsByKey } from './session.ts'

/** Users in one transaction. */
const LARGEST_BATCH = 500
const SMALLEST_BATCH = 20

/** Milliseconds that a batch may take: so long does a registration wait at worst that wants one of its names. */
const BATCH_WITHIN = 200

/** How often accounts are made of what is left, once names of theirs were taken. */
const TRIES = 5

/** A batch that somebody keeps waiting is begun anew so often before the import stops: for half a minute, more or less. */
const BATCH_TRIES = 100

export interface Batches {
  runId: string
  source: string
  schemes: ReadonlyMap<string, string>
  /** Brings those of these legacy rows (relation, legacy_id) that are to be archived and are not here yet. */
  fetchOriginals: (rows: Sql) => Promise<void>
  progress: (users: number) => void
}

/** Writes what was decided, each batch whole or not at all. Whoever registers meanwhile keeps the name that they took. */
export async function apply(target: Connection, { progress, ...what }: Batches): Promise<void> {
  await findRowsByKey(target)
  const last = await target.row<{ place: number }>(sql`select coalesce(max(place), 0)::int as place from decided`)
  let size = LARGEST_BATCH
  let tries = 0
  for (let from = 0; from < (last?.place ?? 0);) {
    const began = performance.now()
    if (await written(target, what, { from, to: from + size })) {
      progress(size)
      from += size
      tries = 0
      const took = performance.now() - began
      size = took > BATCH_WITHIN ? smaller(size) : took < BATCH_WITHIN / 2 ? Math.min(LARGEST_BATCH, size * 2) : size
    } else {
      tries += 1
      if (tries === BATCH_TRIES) throw new Fault('import-kept-waiting')
      size = smaller(size)
      await sleep(randomInt(BATCH_WITHIN))
    }
  }
  await target.transaction((within) => rest(within, what))
}

function smaller(size: number): number {
  return Math.max(SMALLEST_BATCH, Math.floor(size / 2))
}

/** What the server says to whom it does not let have a name now: a deadlock, a conflict, the end of its patience. */
const GAVE_WAY = new Set(['40P01', '40001', '55P03'])

/**
 * Writes a batch, or gives way. It holds many names, and for one of them may wait for a registration that waits for another
 * of them: it lets go of all, long before the server ends the deadlock at the cost of either. And should the server be
 * lost, so are the last batches, and done again: only the run's end has to wait for the disk.
 */
async function written(target: Connection, what: Import, places: Places): Promise<boolean> {
  try {
    await target.transaction(async (within) => {
      await within.rows(
        sql`select set_config('lock_timeout', '100ms', true), set_config('synchronous_commit', 'off', true)`,
      )
      await batch(within, what, places)
    })
    return true
  } catch (error) {
    if (GAVE_WAY.has((error as { code?: string }).code ?? '')) return false
    throw error
  }
}

/** After the first, up to the second. */
interface Places {
  from: number
  to: number
}

type Import = Omit<Batches, 'progress'>

async function batch(target: Queryable, { runId, source, schemes, fetchOriginals }: Import, { from, to }: Places) {
  const these = sql`d.place > ${from} and d.place <= ${to}`
  await makeAccounts(target, these, fetchOriginals)
  await target.rows(schemesInsert(schemes))
  await target.rows(named('import-parts', partsInsert(these, runId, source)))
  await target.rows(named('import-archive', archiveOf(runId, source, rowsOf(these))))
}

/** The accounts of a batch. Whose name was taken meanwhile goes without it, or is left aside where it was the only one. */
async function makeAccounts(target: Queryable, these: Sql, fetchOriginals: Batches['fetchOriginals']): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    await target.rows(named('import-accounts', accountInsert(these)))
    const missing = await target.rows(named('import-missing', accountsMissing(these)))
    if (missing.length === 0) return
    for (const statement of namesGone(these, tries === TRIES - 1)) await target.rows(statement)
    await fetchOriginals(rowsOf(these))
  }
}

function accountInsert(these: Sql): Sql {
  return sql`
    insert into accounts (id, kind, status, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version,
      username, username_canonical, created_at, updated_at)
    select account_id, kind, status, first_name, last_name, email, email_delivery, email_canonical,
      case when email_canonical is not null then ${EMAIL_VERSION}::smallint end, username, username_canonical, date_joined, date_joined
    from decided d where ${these} and not left_aside
    on conflict do nothing`
}

function accountsMissing(these: Sql): Sql {
  return sql`
    select from decided d
    where ${these} and not left_aside and not exists (select from accounts a where a.id = d.account_id) limit 1`
}

/** Names that somebody took since they were looked at: theirs now, as if they had been taken before. */
function namesGone(these: Sql, atLast: boolean): Sql[] {
  const mine = sql`${these} and not left_aside and not exists (select from accounts m where m.id = d.account_id)`
  const address = sql`exists (select from accounts a where a.email_canonical = d.email_canonical)`
  const username = sql`exists (select from accounts a where a.username_canonical = d.username_canonical)`
  const also = (finding: string, which: Sql) => sql`
    with gone as (
      select d.legacy_id from decided d where ${which}
    ), noted as (
      insert into found select ${finding}, 'auth_user', legacy_id from gone
    ), listed as (
      insert into to_archive select 'auth_user', legacy_id, ${finding} from gone
      where not exists (select from to_archive t where t.relation = 'auth_user' and t.legacy_id = gone.legacy_id)
    ), updated as (
      update findings_of f set findings = array(select distinct x from unnest(f.findings || ${finding}::text) x order by x)
      from gone where f.relation = 'auth_user' and f.legacy_id = gone.legacy_id returning f.legacy_id
    )
    insert into findings_of select 'auth_user', legacy_id, array[${finding}::text] from gone
    where legacy_id not in (select legacy_id from findings_of where relation = 'auth_user')`
  return [
    also('address-taken', sql`${mine} and ${address}`),
    also('username-taken', sql`${mine} and ${username}`),
    sql`insert into questions select legacy_id, 'address-taken', email from decided d where ${mine} and ${address}`,
    sql`insert into questions select legacy_id, 'username-taken', username from decided d where ${mine} and ${username}`,
    sql`update decided d set email = null, email_delivery = null, email_canonical = null where ${mine} and ${address}`,
    sql`update decided d set username = null, username_canonical = null where ${mine} and ${username}`,
    also('nameless', sql`${mine} and (d.email_canonical is null and d.username_canonical is null or ${atLast})`),
    sql`update decided d set left_aside = true where ${mine} and (d.email_canonical is null and d.username_canonical is null or ${atLast})`,
    profilesLeftAside(these),
  ]
}

function schemesInsert(schemes: ReadonlyMap<string, string>): Sql {
  return sql`
    insert into imported_password_schemes (scheme, decoy)
    select scheme, decoy from unnest(${[...schemes.keys()]}::text[], ${[...schemes.values()]}::text[]) as seen (scheme, decoy)
    on conflict do nothing`
}

/** Everything that hangs on the accounts of a batch, and where each came from. */
function partsInsert(these: Sql, runId: string, source: string): Sql {
  const made = sql`decided d where ${these} and not left_aside`
  return sql`
    with customer as (
      insert into customer_profiles (account_id, phone_number, address, city, state, country, postal_code, date_of_birth, created_at,
        updated_at)
      select d.account_id, phone_number, address, city, state, country, postal_code, date_of_birth, coalesce(created_at, date_joined),
        coalesce(updated_at, date_joined)
      from decided d left join decided_profiles p on p.user_id = d.legacy_id
      where ${these} and not left_aside and kind = 'customer'
    ), staff as (
      insert into staff_profiles (account_id, role, phone_number, department, created_at, updated_at)
      select d.account_id, case when is_superuser then 'admin' else coalesce(role, 'customer_care') end, phone_number, department,
        coalesce(created_at, date_joined), coalesce(updated_at, date_joined)
      from decided d left join decided_profiles p on p.user_id = d.legacy_id
      where ${these} and not left_aside and kind = 'staff'
    ), password as (
      insert into passwords (account_id, hash, changed_at)
      select account_id, password, date_joined from ${made} and password is not null
    ), origin as (
      insert into imported_rows (source, relation, legacy_id, account_id, run_id, findings)
      select ${source}, 'auth_user', d.legacy_id, case when not left_aside then account_id end, ${runId}::uuid, coalesce(f.findings, '{}')
      from decided d left join findings_of f on f.relation = 'auth_user' and f.legacy_id = d.legacy_id
      where ${these}
    ), profile_origin as (
      insert into imported_rows (source, relation, legacy_id, account_id, run_id, findings)
      select ${source}, p.relation, p.legacy_id, case when not left_aside then d.account_id end, ${runId}::uuid, coalesce(f.findings, '{}')
      from decided d join staged_profiles p on p.user_id = d.legacy_id
        left join findings_of f on f.relation = p.relation and f.legacy_id = p.legacy_id
      where ${these}
    ), question as (
      insert into import_questions (id, run_id, legacy_id, account_id, finding, wanted)
      select gen_random_uuid(), ${runId}::uuid, d.legacy_id, case when not left_aside then d.account_id end, q.finding, q.wanted
      from decided d join questions q on q.legacy_id = d.legacy_id where ${these}
    ), findable as (
      insert into directory_changes (account_id) select account_id from ${made} and kind = 'customer'
    ), account as (
      select account_id, null::uuid as actor_id from ${made}
    )${auditInsert('account-imported', NO_REQUEST, sql`account`, sql`jsonb_build_object('run', ${runId}::text)`)}`
}

/** The users of a batch and their profiles. */
function rowsOf(these: Sql): Sql {
  return sql`
    select 'auth_user' as relation, d.legacy_id from decided d where ${these}
    union all
    select p.relation, p.legacy_id from decided d join staged_profiles p on p.user_id = d.legacy_id where ${these}`
}

/** Keeps the originals of these rows, except those of somebody who was erased. */
function archiveOf(runId: string, source: string, rows: Sql): Sql {
  return sql`
    insert into archived_rows (run_id, relation, account_id, former, made, why)
    select ${runId}::uuid, 'django.' || o.relation, i.account_id, o.original, null, t.why
    from (${rows}) as these (relation, legacy_id)
      join to_archive t using (relation, legacy_id) join originals o using (relation, legacy_id)
      left join imported_rows i on i.source = ${source} and i.relation = o.relation and i.legacy_id = o.legacy_id
    order by o.relation, o.legacy_id`
}

/** Profiles that no account of this run has: archived, and dealt with. */
async function rest(target: Queryable, { runId, source }: Import): Promise<void> {
  const orphans = sql`
    select p.relation, p.legacy_id from staged_profiles p
    where not exists (select from decided d where d.legacy_id = p.user_id)`
  await target.rows(sql`
    insert into imported_rows (source, relation, legacy_id, account_id, run_id, findings)
    select ${source}, p.relation, p.legacy_id, null, ${runId}::uuid, coalesce(f.findings, '{}')
    from (${orphans}) p left join findings_of f using (relation, legacy_id)`)
  await target.rows(archiveOf(runId, source, orphans))
  await target.rows(sql`update runs set finished_at = now() where id = ${runId}`)
}
