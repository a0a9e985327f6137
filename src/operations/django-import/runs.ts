import type { Database } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'

export interface ImportRun {
  id: string
  source: string
  started_at: Date
  /** Null while it is under way, or was broken off. */
  finished_at: Date | null
  undone_at: Date | null
  accounts: number
}

/** Every import so far, the last first. */
export async function importRuns(database: Database): Promise<ImportRun[]> {
  return database.rows<ImportRun>(sql`
    select r.id, r.details ->> 'source' as source, r.started_at, r.finished_at, r.undone_at, (
      select count(*)::int from imported_rows i where i.run_id = r.id and i.relation = 'auth_user' and i.account_id is not null
    ) as accounts
    from runs r where r.kind = 'import' order by r.started_at desc`)
}

export interface ImportQuestion {
  id: string
  /** Which user of the legacy site. */
  legacy_id: string
  /** The account that goes without; null where none was made. */
  account_id: string | null
  finding: string
}

/** Who waits for a person to decide, in the order of the legacy site. */
export async function openQuestions(database: Database): Promise<ImportQuestion[]> {
  return database.rows<ImportQuestion>(sql`
    select id, legacy_id::text as legacy_id, account_id, finding from import_questions
    where decided_at is null order by legacy_id, finding`)
}
