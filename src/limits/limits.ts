import { named, sql, type Sql } from '../database/sql.ts'
import { sendingAgain, type Database } from '../database/database.ts'
import { sha256 } from '../lib/keys.ts'
import { DAY, MINUTE } from '../lib/time.ts'

/** How many of something one key may take in a window that begins with the first. */
export interface Rule {
  name: string
  most: number
  /** Milliseconds. */
  window: number
  /** Whether a window doubles after one that was overrun, again and again, up to a day. They do unless this is false. */
  backsOff?: false
}

/** A rule applied to a person, a network or a pair of both. */
export interface Claim {
  rule: Rule
  subject: string
}

export type Taken = { allowed: true } | { allowed: false; rule: string; retryAfter: number }

interface Row {
  key: string
  taken: number
  retry_after: number
}

const LONGEST_WINDOW = DAY

/** Characters of base64url: 132 bits. */
const KEY_LENGTH = 22

/** Off for load tests alone; config.ts sees to it that real people never meet this. */
export interface Limits {
  take(claims: readonly Claim[]): Promise<Taken>
  /** Forgets what was taken, as a fragment for the statement that succeeded: a sign-in gives its attempts back. */
  giveBack(claims: readonly Claim[]): Sql
}

/**
 * Takes one of each claim, all in one statement and one round trip: exact however many nodes ask at once, because the
 * row lock of the upsert puts them in line, and by the database's clock. It never waits for the disk
 * (synchronous_commit is off for this statement alone): what a crash can lose is the last half second of counting.
 */
export function limitsIn(database: Database): Limits {
  return {
    async take(claims) {
      const keys = claims.map(keyOf)
      // Sent again it counts twice at worst, which only errs on the side of caution.
      const rows = await sendingAgain(() => database.rows<Row>(takeStatement(keys, claims)))
      const refused = claims
        .map((claim, index) => ({ claim, row: rows.find(({ key }) => key === keys[index]) }))
        .filter(({ claim, row }) => row !== undefined && row.taken > claim.rule.most)
      const longest = refused.toSorted((a, b) => retryAfter(b.row) - retryAfter(a.row))[0]
      return longest
        ? { allowed: false, rule: longest.claim.rule.name, retryAfter: retryAfter(longest.row) }
        : { allowed: true }
    },
    giveBack: (claims) => sql`
      delete from limits using (
        select key from limits where key = any(${claims.map(keyOf)}::text[]) order by key for update
      ) as given where limits.key = given.key`,
  }
}

/**
 * Writes what one claim took once more, as a fragment, where `when` holds: for an answer that would be quicker than
 * another because it has less to write, and would tell something by it.
 */
export function claimRewrite(claim: Claim, when: Sql): Sql {
  return sql`update limits set taken = taken where key = ${keyOf(claim)} and ${when}`
}

/**
 * Until when a claim is refused, as an expression for a statement that takes nothing: null where the next one is let
 * through. `subject` is what only that statement knows.
 */
export function refusedUntil(rule: Rule, subject: Sql): Sql {
  return sql`(
    select window_ends_at from limits
    where key = ${keyInSql(rule, subject)} and taken >= ${rule.most} and window_ends_at > now())`
}

/** Whether anything was taken of a claim in its present window, as an expression. */
export function isInUse(rule: Rule, subject: Sql): Sql {
  return sql`exists (select from limits where key = ${keyInSql(rule, subject)} and window_ends_at > now())`
}

/** What `keyOf` makes, for a subject that only the statement knows. */
export function keyInSql({ name }: Pick<Rule, 'name'>, subject: Sql): Sql {
  return sql`
    left(translate(encode(sha256(convert_to(${name}::text || ':' || ${subject}, 'UTF8')), 'base64'), '+/', '-_'), ${KEY_LENGTH})`
}

export const noLimits: Limits = {
  take: () => Promise.resolve({ allowed: true }),
  giveBack: () => sql`select`,
}

function takeStatement(keys: string[], claims: readonly Claim[]) {
  const windows = claims.map(({ rule }) => rule.window)
  // Null for rules that never back off: nothing is more than null.
  const bounds = claims.map(({ rule }) => (rule.backsOff === false ? null : rule.most))
  return named(
    'limits-take',
    sql`
    insert into limits as l (key, taken, most, window_ends_at)
    select key, 1, most, now() + size * interval '1 millisecond'
    from unnest(${keys}::text[], ${bounds}::int[], ${windows}::bigint[]) as claim (key, most, size)
    order by key -- one order for everybody, so that two never wait for each other
    on conflict (key) do update set
      most = excluded.most,
      taken = case when l.window_ends_at <= now() then 1 else l.taken + 1 end,
      strikes = case
        when l.window_ends_at > now() then l.strikes
        when l.taken > excluded.most then least(l.strikes + 1, 16)
        else 0
      end,
      window_ends_at = case
        when l.window_ends_at > now() then l.window_ends_at
        when l.taken > excluded.most then now() + least(
          (excluded.window_ends_at - now()) * power(2, least(l.strikes + 1, 16)),
          ${LONGEST_WINDOW} * interval '1 millisecond')
        else excluded.window_ends_at
      end
    returning key, taken,
      ceil(extract(epoch from window_ends_at - now()))::int as retry_after,
      set_config('synchronous_commit', 'off', true)`,
  )
}

/**
 * Rule and subject, hashed: what somebody typed as a name may be a password by mistake, and is nobody's to read here. Short,
 * for it is written twice with every claim.
 */
function keyOf({ rule, subject }: Claim): string {
  return sha256(`${rule.name}:${subject}`).toString('base64url').slice(0, KEY_LENGTH)
}

function retryAfter(row: Row | undefined): number {
  return Math.max(1, row?.retry_after ?? MINUTE / 1000)
}
