import { sql, type Sql } from '../database/sql.ts'

/** What changes what people have, and can be taken back. */
export type RunKind = 'import' | 'repair' | 'merge' | 'staff-from-customer'

/** A run's row, as a fragment for the statement that carries it out whole; `details` are jsonb. */
export function runInsert(id: string, kind: RunKind, actorId: Sql, details: Sql = sql`'{}'::jsonb`): Sql {
  return sql`
    insert into runs (id, kind, actor_id, finished_at, details)
    select ${id}::uuid, ${kind}, ${actorId}, now(), ${details}`
}

/** The row of a run that takes many transactions: it is finished when its `finished_at` is set, by the last of them. */
export function runBegin(id: string, kind: RunKind, actorId: Sql, details: Sql = sql`'{}'::jsonb`): Sql {
  return sql`
    insert into runs (id, kind, actor_id, details)
    select ${id}::uuid, ${kind}, ${actorId}, ${details}`
}

/**
 * Keeps rows as they were, as a fragment for the statement that changes or removes them (P8): both are committed or
 * neither. `from` has account_id, former and made; `made` is null where the row goes, `former` where it is new.
 */
export function archiveInsert(runId: string, relation: string, why: string, from: Sql): Sql {
  return sql`
    insert into archived_rows (run_id, relation, account_id, former, made, why)
    select ${runId}::uuid, ${relation}, account_id, former, made, ${why} from ${from}`
}
