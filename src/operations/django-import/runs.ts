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
