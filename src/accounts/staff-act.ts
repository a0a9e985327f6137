import { sql, type Sql } from '../database/sql.ts'

/** What every act of staff on somebody's account says of itself. */
export interface StaffAct {
  /** Whose account. */
  accountId: string
  /** Who of the staff. */
  actorId: string
  /** Why, in the words that staff typed: kept in the audit event, and shown to staff alone. */
  reason: string
}

/** The longest reason, in code points. */
export const LONGEST_REASON = 500

/** The reason as the details of an audit event. */
export function reasonAsDetails({ reason }: Pick<StaffAct, 'reason'>): Sql {
  return sql`jsonb_build_object('reason', ${reason}::text)`
}
