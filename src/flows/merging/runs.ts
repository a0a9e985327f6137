import type { Queryable } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { UNDO_WITHIN } from './merge.ts'

/** A merge that was carried out. */
export interface MergeOnFile {
  id: string
  keptId: string
  otherId: string
  /** Null once the account is erased. */
  keptName: string | null
  /** Who of the staff; null at the command line. */
  actorName: string | null
  reason: string
  at: Date
  undoneAt: Date | null
  /** Until when it can be taken back, as long as nothing is in the way. */
  undoUntil: Date
}

/** More than anybody reads; what is older is in the record. */
const LISTED = 50

/** The merges of the last thirty days, the newest first. */
export function listMerges(database: Queryable): Promise<MergeOnFile[]> {
  return database.rows<MergeOnFile>(
    named('merges-list', merges(sql`r.started_at > now() - ${UNDO_WITHIN} * interval '1 millisecond'`, LISTED)),
  )
}

export function readMerge(database: Queryable, run: string): Promise<MergeOnFile | null> {
  return database.row<MergeOnFile>(named('merges-read', merges(sql`r.id = ${run}`, 1)))
}

/** The last merge of the one into the other, taken back or not. */
export function findMerge(database: Queryable, keptId: string, otherId: string): Promise<MergeOnFile | null> {
  const both = sql`r.details ->> 'kept' = ${keptId} and r.details ->> 'other' = ${otherId}`
  return database.row<MergeOnFile>(named('merges-find', merges(both, 1)))
}

function merges(which: Sql, most: number): Sql {
  return sql`
    select r.id, r.details ->> 'kept' as "keptId", r.details ->> 'other' as "otherId", r.details ->> 'reason' as reason,
      nullif(concat_ws(' ', k.first_name, k.last_name), '') as "keptName", nullif(concat_ws(' ', s.first_name, s.last_name), '') as "actorName",
      r.started_at as at, r.undone_at as "undoneAt",
      r.started_at + ${UNDO_WITHIN} * interval '1 millisecond' as "undoUntil"
    from runs r
      left join accounts k on k.id = (r.details ->> 'kept')::uuid
      left join accounts s on s.id = r.actor_id
    where r.kind = 'merge' and ${which}
    order by r.started_at desc, r.id desc limit ${most}`
}
