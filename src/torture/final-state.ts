import type { Queryable } from '../database/database.ts'
import { sql } from '../database/sql.ts'

/** What the database holds of one account when the storm is over. */
export interface FinalAccount {
  id: string
  kind: 'customer' | 'staff'
  email: string
  canonical: string
  firstName: string
  passwordHash: string | null
  company: string | null
  customerProfiles: number
  staffProfiles: number
  /** How many letters of that kind are in the outbox. */
  welcomes: number
  /** How many audit events of each name. */
  events: Record<string, number>
}

export interface FinalState {
  accounts: FinalAccount[]
  /** SHA-256 of the tokens of the sessions that are alive, in hex. */
  sessions: Set<string>
  /** Ids of every letter that the outbox holds. */
  letters: Set<string>
  /** Rows that belong to no account, by table. */
  orphans: Record<string, number>
}

/** Reads everything that the checker needs about the accounts whose address ends in `@domain`. */
export async function readFinalState(database: Queryable, domain: string): Promise<FinalState> {
  const ours = sql`a.email_canonical like ${`%@${domain}`}`
  const accounts = await database.rows<FinalAccount>(sql`
    select a.id, a.kind, a.email, a.email_canonical as canonical, a.first_name as "firstName", p.hash as "passwordHash",
      c.company,
      (select count(*)::int from customer_profiles where account_id = a.id) as "customerProfiles",
      (select count(*)::int from staff_profiles where account_id = a.id) as "staffProfiles",
      (select count(*)::int from letters where account_id = a.id and kind = 'welcome') as welcomes,
      (select coalesce(jsonb_object_agg(event, times), '{}') from (
        select event, count(*)::int as times from audit_events where account_id = a.id group by event) counted) as events
    from accounts a
    left join passwords p on p.account_id = a.id
    left join customer_profiles c on c.account_id = a.id
    where ${ours}`)
  const sessions = await database.rows<{ hash: string }>(sql`
    select encode(s.token_hash, 'hex') as hash from sessions s join accounts a on a.id = s.account_id where ${ours}`)
  const letters = await database.rows<{ id: string }>(sql`select id from letters`)
  const orphans = await database.rows<{ relation: string; rows: number }>(sql`
    select relation, rows from (
      select 'customer_profiles' as relation, count(*)::int as rows from customer_profiles o where not exists (select from accounts a where a.id = o.account_id)
      union all
      select 'passwords', count(*)::int from passwords o where not exists (select from accounts a where a.id = o.account_id)
      union all
      select 'receipts', count(*)::int from receipts o where not exists (select from accounts a where a.id = o.account_id)
      union all
      select 'sessions', count(*)::int from sessions o where not exists (select from accounts a where a.id = o.account_id)
    ) counted where rows > 0`)
  return {
    accounts,
    sessions: new Set(sessions.map(({ hash }) => hash)),
    letters: new Set(letters.map(({ id }) => id)),
    orphans: Object.fromEntries(orphans.map(({ relation, rows }) => [relation, rows])),
  }
}
