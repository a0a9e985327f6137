import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import { named, sql, type Sql } from '../../database/sql.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'

export interface OwnDataDesk {
  database: Database
  limits: Limits
}

export type OwnDataFormat = 'json' | 'html'

/** A moment in UTC, as ISO 8601 has it. */
type Moment = string

/** Everything that is held about a customer. docs/features/leaving.md says of each part what it means. */
export interface OwnData {
  written_at: Moment
  account: {
    id: string
    kind: string
    status: string
    first_name: string
    last_name: string
    username: string | null
    username_compared_as: string | null
    created_at: Moment
    updated_at: Moment
  }
  /** Null for an account that has a username alone. */
  address: {
    entered: string
    written_to: string
    compared_as: string
    rules_version: number
    confirmed_at: Moment | null
  } | null
  profile: {
    phone_number: string | null
    company: string | null
    address: string | null
    city: string | null
    state: string | null
    country: string | null
    postal_code: string | null
    date_of_birth: string | null
    created_at: Moment
    updated_at: Moment
  }
  password: { set: boolean; changed_at: Moment | null; disabled_at: Moment | null; wrong_in_a_row: number }
  sessions: {
    began_at: Moment
    password_given_at: Moment
    last_seen_at: Moment
    ends_at: Moment
    browser: string | null
    network: string | null
  }[]
  known_browsers: { first_seen_at: Moment; last_seen_at: Moment }[]
  letters: {
    kind: string
    recipient: string
    state: 'waiting' | 'sent' | 'given up'
    details: Record<string, string | null>
    written_at: Moment
    sent_at: Moment | null
    given_up_at: Moment | null
  }[]
  links: {
    purpose: string
    address: string
    leads_to_address: string | null
    made_at: Moment
    expires_at: Moment
    used_at: Moment | null
  }[]
  receipts: { kept_since: Moment }[]
  /** What was taken over from the site before this one. */
  imported: { from: string; table: string; number: number; noticed: string[] }[]
  /** Questions that the import left to a person of the staff. */
  import_questions: { about: string; address_or_name: string; decided_at: Moment | null; decision: string | null }[]
  /** What was kept of rows that the staff or an operator changed, so that the change can be taken back. */
  archived: { table: string; why: string; at: Moment; former: Record<string, unknown> | null }[]
  events: { event: string; at: Moment; by_you: boolean; network: string | null; details: Record<string, unknown> }[]
}

export type OwnDataOutcome =
  | { outcome: 'read'; data: OwnData }
  | { outcome: 'gone' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export const DOWNLOADS_PER_ACCOUNT: Rule = { name: 'downloads per account', most: 10, window: HOUR, backsOff: false }

/** Reads everything in one statement, and so at one moment, and records that it was read. No secret is in it, nor any hash. */
export async function readOwnData(
  { database, limits }: OwnDataDesk,
  accountId: string,
  format: OwnDataFormat,
  origin: Origin,
): Promise<OwnDataOutcome> {
  const taken = await limits.take([{ rule: DOWNLOADS_PER_ACCOUNT, subject: accountId }])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  const row = await database.row<{ data: OwnData }>(
    named(
      'leaving-own-data',
      sql`
      with account as (
        select *, id as account_id, id as actor_id from accounts where id = ${accountId} and kind = 'customer'
      ), event as (${auditInsert('data-downloaded', origin, sql`account`, sql`jsonb_build_object('format', ${format}::text)`)}
      )
      select json_build_object(
        'written_at', ${moment(sql`now()`)},
        'account', json_build_object('id', a.id, 'kind', a.kind, 'status', a.status, 'first_name', a.first_name,
          'last_name', a.last_name, 'username', a.username, 'username_compared_as', a.username_canonical,
          'created_at', ${moment(sql`a.created_at`)}, 'updated_at', ${moment(sql`a.updated_at`)}),
        'address', case when a.email is not null then json_build_object('entered', a.email, 'written_to', a.email_delivery,
          'compared_as', a.email_canonical, 'rules_version', a.email_canonical_version,
          'confirmed_at', ${moment(sql`a.email_confirmed_at`)}) end,
        'profile', json_build_object('phone_number', p.phone_number, 'company', p.company, 'address', p.address,
          'city', p.city, 'state', p.state, 'country', p.country, 'postal_code', p.postal_code,
          'date_of_birth', p.date_of_birth, 'created_at', ${moment(sql`p.created_at`)},
          'updated_at', ${moment(sql`p.updated_at`)}),
        'password', json_build_object('set', w.account_id is not null, 'changed_at', ${moment(sql`w.changed_at`)},
          'disabled_at', ${moment(sql`w.disabled_at`)}, 'wrong_in_a_row', coalesce(w.consecutive_failures, 0)),
        'sessions', ${all(
          sql`json_build_object('began_at', ${moment(sql`created_at`)},
            'password_given_at', ${moment(sql`authenticated_at`)}, 'last_seen_at', ${moment(sql`last_seen_at`)},
            'ends_at', ${moment(sql`least(expires_at, last_seen_at + idle_limit)`)}, 'browser', user_agent, 'network', network)`,
          sql`created_at`,
          sql`sessions`,
        )},
        'known_browsers', ${all(
          sql`json_build_object('first_seen_at', ${moment(sql`first_seen_at`)}, 'last_seen_at', ${moment(sql`last_seen_at`)})`,
          sql`first_seen_at`,
          sql`known_browsers`,
        )},
        'letters', ${all(
          sql`json_build_object('kind', kind, 'recipient', recipient, 'details', data,
            'state', case when sent_at is not null then 'sent' when given_up_at is not null then 'given up' else 'waiting' end,
            'written_at', ${moment(sql`created_at`)}, 'sent_at', ${moment(sql`sent_at`)},
            'given_up_at', ${moment(sql`given_up_at`)})`,
          sql`created_at`,
          sql`letters`,
          sql`(held.account_id = a.id or ${beforeTheAccount})`,
        )},
        'links', ${all(
          sql`json_build_object('purpose', purpose, 'address', email_canonical,
            'leads_to_address', (select c.email from email_changes c where c.code_id = held.id),
            'made_at', ${moment(sql`created_at`)}, 'expires_at', ${moment(sql`expires_at`)},
            'used_at', ${moment(sql`spent_at`)})`,
          sql`created_at`,
          sql`codes`,
        )},
        'receipts', ${all(
          sql`json_build_object('kept_since', ${moment(sql`created_at`)})`,
          sql`created_at`,
          sql`receipts`,
        )},
        'imported', ${all(
          sql`json_build_object('from', source, 'table', relation, 'number', legacy_id, 'noticed', findings)`,
          sql`legacy_id`,
          sql`imported_rows`,
        )},
        'import_questions', ${all(
          sql`json_build_object('about', finding, 'address_or_name', wanted, 'decided_at', ${moment(sql`decided_at`)},
            'decision', decision)`,
          sql`id`,
          sql`import_questions`,
        )},
        'archived', ${all(
          sql`json_build_object('table', relation, 'why', why, 'at', ${moment(sql`archived_at`)},
            'former', former - ${HASHES}::text[])`,
          sql`id`,
          sql`archived_rows`,
        )},
        'events', ${all(
          sql`json_build_object('event', event, 'at', ${moment(sql`occurred_at`)},
            'by_you', actor_id is not distinct from account_id, 'network', network, 'details', details)`,
          sql`id`,
          sql`audit_events`,
        )}
      ) as data
      from account a
        join customer_profiles p on p.account_id = a.id
        left join passwords w on w.account_id = a.id`,
    ),
  )
  return row ? { outcome: 'read', data: row.data } : { outcome: 'gone' }
}

/** Columns that no file tells of, in whichever table they stood: what is kept of passwords and codes. */
const HASHES = ['hash', 'password', 'code_hash', 'token_hash', 'receipt_hash']

/** As JSON, whatever time zone the server thinks in. */
function moment(time: Sql): Sql {
  return sql`to_char(${time} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
}

/** A link to register by, say. Told only to whoever has proved the address: others may have asked for it before. */
const beforeTheAccount = sql`(
            held.account_id is null and lower(held.recipient) = a.email_canonical and a.email_confirmed_at is not null
          )`

/** What a table holds about the account `a`, as a list. */
function all(one: Sql, order: Sql, table: Sql, whose: Sql = sql`held.account_id = a.id`): Sql {
  return sql`(
          select coalesce(json_agg(${one} order by ${order}), '[]') from ${table} held where ${whose}
        )`
}
