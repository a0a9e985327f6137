import { auditInsert, NO_REQUEST } from '../../audit/events.ts'
import { Fault } from '../../answers/fault.ts'
import { sql } from '../../database/sql.ts'
import { isId } from '../../lib/id.ts'
import { inSession, withSession } from './session.ts'

export interface UndoReport {
  run: string
  removed: number
  /** Accounts whose people, or staff, have done something with them since: they stay. */
  kept: string[]
}

const BATCH = 2000

/** What happens to an account without anybody in it doing anything. What happened before it was imported is another's. */
const WITHOUT_THEM = ['account-imported', 'sign-in-refused', 'password-disabled', 'recovery-requested']

/**
 * Takes a run back: the accounts that it made go, with all that hangs on them, as long as nobody has done anything with
 * them since. What was archived goes with the account, since the legacy database still has it. Safe to be broken off and
 * done again.
 */
export async function undoImport(targetUrl: string, run: string): Promise<UndoReport> {
  return withSession(targetUrl, async (target) => {
    const known = isId(run) ? await inSession(target, sql`select from runs where id = ${run} and kind = 'import'`) : []
    if (known.length === 0) throw new Fault('run-unknown', { details: `${run}.` })
    let removed = 0
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      await target.query('begin')
      // Locked by a first statement, so that the second sees whatever was done until the lock was had.
      const locked = await inSession<{ id: string }>(
        target,
        sql`
        select id from accounts
        where id > ${after} and id in (select account_id from imported_rows where run_id = ${run} and relation = 'auth_user')
        order by id limit ${BATCH} for update`,
      )
      const ids = locked.map(({ id }) => id)
      const gone = await inSession(
        target,
        sql`
        with untouched as (
          select one.id from unnest(${ids}::uuid[]) as one (id)
          where not exists (
              select from audit_events e
              where e.account_id = one.id and e.event <> all(${WITHOUT_THEM}::text[]) and e.id > (
                select max(i.id) from audit_events i where i.account_id = one.id and i.event = 'account-imported'
              )
            )
            and not exists (select from sessions s where s.account_id = one.id)
            and not exists (select from import_questions q where q.account_id = one.id and q.decided_at is not null)
        ), archive as (
          delete from archived_rows r using untouched u where r.run_id = ${run} and r.account_id = u.id
        ), origin as (
          delete from imported_rows i using untouched u where i.run_id = ${run} and i.account_id = u.id
        ), account as (
          delete from accounts a using untouched u where a.id = u.id returning a.id as account_id, null::uuid as actor_id
        ), event as (${auditInsert('import-undone', NO_REQUEST, sql`account`, sql`jsonb_build_object('run', ${run}::text)`)}
        )
        select account_id from account`,
      )
      await target.query('commit')
      removed += gone.length
      if (ids.length === 0) break
      after = ids.at(-1) as string
    }
    const kept = await inSession<{ id: string }>(
      target,
      sql`
      select account_id as id from imported_rows
      where run_id = ${run} and relation = 'auth_user' and account_id is not null order by account_id`,
    )
    await inSession(
      target,
      sql`
      with archive as (
        delete from archived_rows where run_id = ${run} and account_id is null
      ), question as (
        delete from import_questions where run_id = ${run} and account_id is null and decided_at is null
      ), origin as (
        delete from imported_rows i where run_id = ${run} and account_id is null
      )
      update runs set undone_at = now(), finished_at = coalesce(finished_at, now()) where id = ${run}`,
    )
    await inSession(
      target,
      sql`
      delete from imported_password_schemes where not exists (select from passwords where hash not like '$argon2id$%')`,
    )
    return { run, removed, kept: kept.map(({ id }) => id) }
  })
}
