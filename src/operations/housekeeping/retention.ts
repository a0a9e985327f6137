import { KNOWN_FOR } from '../../accounts/receipts/receipts.ts'
import { sql, type Sql } from '../../database/sql.ts'
import { UNDO_WITHIN } from '../../flows/merging/merge.ts'
import { firstIdAt } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'

/** What is kept, until when, and why no longer (ASVS 14.2.7). docs/housekeeping.md says the same; a test holds the two together. */
export interface Retention {
  name: string
  table: string
  /** Until when, in words. */
  keeps: string
  /** Why so long and no longer. */
  because: string
  /** Holds for a row `t` that may go now. */
  outdated: Sql | (() => Sql)
  /** No index finds these rows, since every registration would pay for it: the table is read, stretch by stretch. */
  readThrough?: boolean
}

/**
 * Ids are in order of time, so that where a table has an index on them the oldest rows are found without one of their
 * own, which every registration would pay for. Nothing is outdated before it was made: an id from before the moment is
 * a condition that the rest implies.
 */
const byId = (after: number, condition: Sql) => () =>
  sql`t.id < ${firstIdAt(new Date(Date.now() - after))}::uuid and ${condition}`

const ago = (milliseconds: number) => sql`now() - ${milliseconds} * interval '1 millisecond'`

const RECEIPTS = KNOWN_FOR + DAY

const MERGES = UNDO_WITHIN + DAY

export const retentions = [
  {
    name: 'sessions',
    table: 'sessions',
    readThrough: true,
    keeps: 'until it has ended, by its own limits',
    because: 'It says from where and with what somebody came, and opens nothing any more.',
    outdated: sql`t.expires_at <= now() or t.last_seen_at + t.idle_limit <= now()`,
  },
  {
    name: 'receipts',
    table: 'receipts',
    readThrough: true,
    keeps: '4 days',
    because: 'A form that comes again is known for 3 days; one more, for clocks that differ.',
    outdated: sql`t.created_at < ${ago(RECEIPTS)}`,
  },
  {
    name: 'pending registrations',
    table: 'pending_registrations',
    keeps: '4 days',
    because: 'Its link is good for a day, and it is its own receipt.',
    outdated: sql`t.created_at < ${ago(RECEIPTS)}`,
  },
  {
    name: 'codes',
    table: 'codes',
    keeps: '30 days after it was spent or expired',
    because: 'For that long we can say of a link what became of it.',
    outdated: byId(30 * DAY, sql`(t.spent_at < ${ago(30 * DAY)} or t.expires_at < ${ago(30 * DAY)})`),
  },
  {
    name: 'recovery requests',
    table: 'recovery_requests',
    keeps: 'until its letter is written, a day at most',
    because: 'Nobody waits for a letter that was asked for yesterday.',
    outdated: byId(DAY, sql`t.created_at < ${ago(DAY)}`),
  },
  {
    name: 'sent letters',
    table: 'letters',
    keeps: '90 days after it was sent',
    because: 'For that long we can say whether and when somebody was written to.',
    outdated: byId(90 * DAY, sql`t.sent_at < ${ago(90 * DAY)}`),
  },
  {
    name: 'letters given up',
    table: 'letters',
    keeps: '180 days after it was given up',
    because: 'Somebody was not reached; an operator has half a year to see it, mend the cause, and send it again.',
    outdated: byId(180 * DAY, sql`t.given_up_at < ${ago(180 * DAY)}`),
  },
  {
    name: 'invitations',
    table: 'invitations',
    keeps: '30 days after it expired without being accepted',
    because:
      'For that long its sender can see that it was not followed. An accepted one stays with the account that it made.',
    outdated: byId(30 * DAY, sql`t.accepted_at is null and t.expires_at < ${ago(30 * DAY)}`),
  },
  {
    name: 'archives of merges',
    table: 'archived_rows',
    keeps: '31 days after the merge',
    because: 'A merge can be taken back for 30 days; one more, so that none that is being taken back is overtaken.',
    outdated: () => sql`t.run_id in (
      select id from runs r where r.kind = 'merge' and r.id < ${firstIdAt(new Date(Date.now() - MERGES))}::uuid
        and r.started_at < ${ago(MERGES)}
    )`,
  },
  {
    name: 'verdicts',
    table: 'verdicts',
    keeps: '90 days; the last one, always',
    because: 'For that long one can see since when something is amiss.',
    outdated: byId(
      90 * DAY,
      sql`t.given_at < ${ago(90 * DAY)} and exists (select from verdicts later where later.given_at > t.given_at)`,
    ),
  },
  {
    name: 'limits',
    table: 'limits',
    readThrough: true,
    keeps: 'a day after its window ended',
    because: 'A limit that was overrun grows with the next attempt; after a quiet day it begins anew.',
    outdated: sql`t.window_ends_at < ${ago(DAY)}`,
  },
  {
    name: 'known browsers',
    table: 'known_browsers',
    readThrough: true,
    keeps: 'a year after its last sign-in; the last one of an account, as long as the account',
    because: 'An account that has been quiet for long is the one whose owner has to hear of a new sign-in.',
    outdated: sql`
      t.last_seen_at < ${ago(365 * DAY)} and exists (
        select from known_browsers later where later.account_id = t.account_id and later.last_seen_at > t.last_seen_at
      )`,
  },
  {
    name: 'imported password schemes',
    table: 'imported_password_schemes',
    keeps: 'until no account has a password that was hashed elsewhere',
    because:
      'It keeps the time of a refused sign-in alike for all, which is of no use once all passwords are of one kind.',
    outdated: sql`not exists (select from passwords where hash not like '$argon2id$%')`,
  },
] as const satisfies readonly Retention[]

export type RetentionName = (typeof retentions)[number]['name']
