import { auditInsert, NO_REQUEST } from '../../audit/events.ts'
import { Fault } from '../../answers/fault.ts'
import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { isId } from '../../lib/id.ts'
import { findRowsByKey, withSession } from './session.ts'

export interface UndoReport {
  run: string
  removed: number
  /** Accounts whose people, or staff, have done something with them since: they stay. */
  kept: string[]
}

const BATCH = 2000

/** Before the id of any account. */
const FIRST = '00000000-0000-0000-0000-000000000000'

/** What happens to an account without anybody in it doing anything. What happened before it was imported is another's. */
const WITHOUT_THEM = ['account-imported', 'sign-in-refused', 'password-disabled', 'recovery-requested']

/**
 * Takes a run back: the accounts that it made go, with all that hangs on them, as long as nobody has done anything with
 * them since. What was archived goes with the account, since the legacy database still has it. Safe to be broken off and
 * done again.
 */
export async function undoImport(targetUrl: string, run: string): Promise<UndoReport> {
  return withSession(targetUrl, async (target) => {
    const known = isId(run) && (await target.row(sql`select from runs where id = ${run} and kind = 'import'`))
    if (!known) throw new Fault('run-unknown', { details: `${run}.` })
    await findRowsByKey(target)
    let removed = 0
    for (let after: string | null = FIRST; after !== null;) {
      const taken: { removed: number; last: string | null } = await target.transaction((within) =>
        takeBack(within, run, after as string),
      )
      removed += taken.removed
      after = taken.last
    }
    return { run, removed, kept: await conclude(target, run) }
  })
}

/** The next accounts of a run, after this id: those that nobody has touched go. `last` is null when none was left. */
async function takeBack(target: Queryable, run: string, after: string) {
  // Locked by a first statement, so that the second sees whatever was done until the lock was had.
  const locked = await target.rows<{ id: string }>(
    named(
      'import-undo-next',
      sql`
    select id from accounts a
    where id > ${after} and exists (
      select from imported_rows i where i.account_id = a.id and ${isOf(sql`i`, run)} and i.relation = 'auth_user'
    )
    order by id limit ${BATCH} for update`,
    ),
  )
  const gone = await target.rows(
    named(
      'import-undo',
      removal(
        run,
        locked.map(({ id }) => id),
      ),
    ),
  )
  return { removed: gone.length, last: locked.at(-1)?.id ?? null }
}

function removal(run: string, ids: readonly string[]): Sql {
  return sql`
    with untouched as (
      select one.id from unnest(${ids}::uuid[]) as one (id)
      where not exists (
          select from (
            select event, id, max(id) filter (where event = 'account-imported') over () as imported
            from audit_events e where e.account_id = one.id
          ) e where id > imported and event <> all(${WITHOUT_THEM}::text[])
        )
        and not exists (select from sessions s where s.account_id = one.id)
        and not exists (select from import_questions q where q.account_id = one.id and q.decided_at is not null)
    ), archive as (
      delete from archived_rows r using untouched u where r.account_id = u.id and ${isOf(sql`r`, run)}
    ), origin as (
      delete from imported_rows i using untouched u where i.account_id = u.id and ${isOf(sql`i`, run)}
    ), account as (
      delete from accounts a using untouched u where a.id = u.id returning a.id as account_id, null::uuid as actor_id
    ), event as (${auditInsert('import-undone', NO_REQUEST, sql`account`, sql`jsonb_build_object('run', ${run}::text)`)}
    )
    select account_id from account`
}

/**
 * Whether a row is of the run, in words that no index answers: of a run that was just written the planner thinks that it has
 * few rows, and would go through all of them for each account.
 */
function isOf(row: Sql, run: string): Sql {
  return sql`${row}.run_id is not distinct from ${run}::uuid`
}

/** What belongs to no account goes; the accounts that stay. */
async function conclude(target: Queryable, run: string): Promise<string[]> {
  const kept = await target.rows<{ id: string }>(sql`
    select account_id as id from imported_rows
    where run_id = ${run} and relation = 'auth_user' and account_id is not null order by account_id`)
  await target.rows(sql`
    with archive as (
      delete from archived_rows where run_id = ${run} and account_id is null
    ), question as (
      delete from import_questions where run_id = ${run} and account_id is null and decided_at is null
    ), origin as (
      delete from imported_rows i where run_id = ${run} and account_id is null
    )
    update runs set undone_at = now(), finished_at = coalesce(finished_at, now()) where id = ${run}`)
  await target.rows(sql`
    delete from imported_password_schemes where not exists (select from passwords where hash not like '$argon2id$%')`)
  return kept.map(({ id }) => id)
}
