import { archiveInsert, runInsert } from '../../archive/archive.ts'
import { claimUndo, markUndone, undoRows, whyNotUndone, type RunUndo } from '../../archive/undo.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Transactional } from '../../database/connection.ts'
import type { Queryable } from '../../database/database.ts'
import { column, join, sql, type Sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { DAY } from '../../lib/time.ts'
import { tellMerged, tellUndone } from './letters.ts'
import { rowsThatHang, tablesBelow, tablesThatHang, type HangingRows } from './hanging.ts'

/** Milliseconds within which a merge can be taken back. */
export const UNDO_WITHIN = 30 * DAY

/** What a person is known by and reached at, as one chooses it: each from the one account or from the other. */
export const choices = {
  name: { table: 'accounts', columns: ['first_name', 'last_name'] },
  email: {
    table: 'accounts',
    columns: ['email', 'email_delivery', 'email_canonical', 'email_canonical_version', 'email_confirmed_at'],
  },
  username: { table: 'accounts', columns: ['username', 'username_canonical'] },
  phone_number: { table: 'customer_profiles', columns: ['phone_number'] },
  company: { table: 'customer_profiles', columns: ['company'] },
  address: { table: 'customer_profiles', columns: ['address', 'city', 'state', 'country', 'postal_code'] },
  date_of_birth: { table: 'customer_profiles', columns: ['date_of_birth'] },
} as const satisfies Record<string, { table: string; columns: readonly string[] }>

export type Choice = keyof typeof choices

/** Ways in of the account that goes: they end with it, and an undo does not bring them back. */
const WAYS_IN = new Set(['sessions', 'codes', 'receipts', 'known_browsers'])

/** What becomes of the rows of a table that hang on the account that goes. */
export function fateOf(table: string): 'ends' | 'moves' | 'archived' {
  if (KEPT_BY_THE_PERSON.has(table)) return 'moves'
  return WAYS_IN.has(table) || table === 'email_changes' ? 'ends' : 'archived'
}

/** What happened stays with the person: these rows come to hang on the account that is kept. */
const KEPT_BY_THE_PERSON = new Set(['letters', 'invitations'])

export interface MergePreview {
  kept: Side
  other: Side
  /** Of each choice whether the two differ, and which side is taken unless somebody says otherwise. */
  fields: { choice: Choice; kept: Values; other: Values; same: boolean; suggested: 'kept' | 'other' }[]
}

type Values = Record<string, string | null>

export interface Side {
  id: string
  status: string
  /** What hangs on it, by table. */
  hanging: HangingRows[]
}

export interface MergeRequest {
  keptId: string
  otherId: string
  /** What is taken from the account that goes; everything else stays. */
  take: readonly Choice[]
  /** Who of the staff; null at the command line. */
  actorId: string | null
  reason: string
  origin: Origin
}

export type MergeRefusal = 'same-account' | 'no-such-account' | 'not-customers' | 'closing' | 'without-a-name'
export type MergeOutcome = { outcome: 'merged'; run: string; rows: number } | { outcome: MergeRefusal }

export type MergeUndo = RunUndo | { outcome: 'too-late' }

interface AccountRow {
  id: string
  kind: string
  status: string
  fields: Values
}

/** Everything that hangs on the two, and what would be chosen. Changes nothing. */
export async function previewMerge(
  database: Queryable,
  keptId: string,
  otherId: string,
): Promise<MergePreview | { refused: MergeRefusal }> {
  const pair = await readPair(database, keptId, otherId, sql``)
  if ('refused' in pair) return pair
  const { kept, other } = pair
  const side = async ({ id, status }: AccountRow) => ({ id, status, hanging: await rowsThatHang(database, id) })
  return {
    kept: await side(kept),
    other: await side(other),
    fields: (Object.keys(choices) as Choice[]).map((choice) => {
      const [ours, theirs] = [valuesOf(kept, choice), valuesOf(other, choice)]
      const empty = (values: Values) => Object.values(values).every((value) => value === null || value === '')
      return {
        choice,
        kept: ours,
        other: theirs,
        same: JSON.stringify(ours) === JSON.stringify(theirs),
        suggested: empty(ours) && !empty(theirs) ? 'other' : 'kept',
      }
    }),
  }
}

/**
 * Makes one account of two, in one transaction. The one that goes is archived whole, with all that hangs on it; its
 * sessions and codes end. Its address, unless it is the one that is taken, is nobody's from then on.
 */
export async function mergeAccounts(database: Transactional, request: MergeRequest): Promise<MergeOutcome> {
  const { keptId, otherId, take, actorId, reason, origin } = request
  return database.transaction(async (within) => {
    const pair = await readPair(within, keptId, otherId, sql`for update of a`)
    if ('refused' in pair) return { outcome: pair.refused }
    if (hasNoName(pair, take)) return { outcome: 'without-a-name' }
    const run = newId()
    await within.rows(
      runInsert(
        run,
        'merge',
        sql`${actorId}::uuid`,
        sql`jsonb_build_object('kept', ${keptId}::text, 'other', ${otherId}::text, 'reason', ${reason}::text)`,
      ),
    )
    await within.rows(sql`set constraints all deferred`)
    let rows = 0
    for (const { name, column: owner } of await tablesThatHang(within)) {
      if (name === 'customer_profiles') continue
      rows += KEPT_BY_THE_PERSON.has(name)
        ? await handOver(within, run, name, owner, request)
        : await removeHanging(within, run, name, sql`t.${column(owner)} = ${otherId}`, keptId)
    }
    rows += await removeHanging(within, run, 'customer_profiles', sql`t.account_id = ${otherId}`, keptId)
    rows += await removeHanging(within, run, 'accounts', sql`t.id = ${otherId}`, keptId)
    for (const table of ['accounts', 'customer_profiles'] as const)
      rows += await takeOver(within, run, table, take, pair.other, keptId)
    await within.rows(sql`
      with account as (
        select id as account_id, ${actorId}::uuid as actor_id from unnest(${[keptId, otherId]}::uuid[]) as id
      ) ${auditInsert('accounts-merged', origin, sql`account`, sql`jsonb_build_object('run', ${run}::text, 'kept', ${keptId}::text, 'reason', ${reason}::text)`)}`)
    const goes = take.includes('email') ? pair.kept : pair.other
    await tellMerged(within, { run, keptId, givenUp: (goes.fields['email_delivery'] as string | null) ?? null })
    return { outcome: 'merged', run, rows }
  })
}

/** Takes a merge back, within thirty days, as long as nobody changed what it made of the account. */
export async function undoMerge(
  database: Transactional,
  run: string,
  actorId: string | null,
  origin: Origin,
): Promise<MergeUndo> {
  try {
    return await database.transaction(async (within) => {
      const claim = await claimUndo(within, run, 'merge')
      if ('outcome' in claim) return claim
      if (claim.age > UNDO_WITHIN) return { outcome: 'too-late' }
      const rows = await undoRows(within, run)
      await within.rows(sql`set constraints all immediate`)
      await tellUndone(within, run)
      await within.rows(sql`
        with account as (
          select both_of.id::uuid as account_id, ${actorId}::uuid as actor_id
          from runs r cross join lateral (values (r.details ->> 'kept'), (r.details ->> 'other')) as both_of (id) where r.id = ${run}::uuid
        ) ${auditInsert('merge-undone', origin, sql`account`, sql`jsonb_build_object('run', ${run}::text)`)}`)
      await markUndone(within, run)
      return { outcome: 'undone', rows }
    })
  } catch (error) {
    return whyNotUndone(error)
  }
}

/** Both rows in one order, so that two merges of the same pair wait for each other and never both ways. */
async function readPair(
  database: Queryable,
  keptId: string,
  otherId: string,
  lock: Sql,
): Promise<{ kept: AccountRow; other: AccountRow } | { refused: MergeRefusal }> {
  if (keptId === otherId) return { refused: 'same-account' }
  const rows = await database.rows<AccountRow>(sql`
    select a.id, a.kind, a.status, coalesce(to_jsonb(p), '{}') || to_jsonb(a) as fields
    from accounts a left join customer_profiles p on p.account_id = a.id
    where a.id::text = any(${[keptId, otherId]}::text[]) order by a.id ${lock}`)
  const [kept, other] = [keptId, otherId].map((id) => rows.find((row) => row.id === id))
  if (!kept || !other) return { refused: 'no-such-account' }
  if (kept.kind !== 'customer' || other.kind !== 'customer') return { refused: 'not-customers' }
  if (kept.status === 'closing' || other.status === 'closing') return { refused: 'closing' }
  return { kept, other }
}

/** Whether neither an address nor a username would be left to sign in with. */
function hasNoName({ kept, other }: { kept: AccountRow; other: AccountRow }, take: readonly Choice[]): boolean {
  const left = (choice: 'email' | 'username') => (take.includes(choice) ? other : kept).fields[choice] ?? null
  return left('email') === null && left('username') === null
}

function valuesOf({ fields }: AccountRow, choice: Choice): Values {
  return Object.fromEntries(choices[choice].columns.map((name) => [name, fields[name] ?? null]))
}

/**
 * Removes what hangs, and before it whatever hangs on that. The archive keeps it under the account that stays, so that it
 * goes when that one is erased; ways in are kept beyond the reach of an undo.
 */
async function removeHanging(
  within: Queryable,
  run: string,
  table: string,
  where: Sql,
  accountId: string,
): Promise<number> {
  let rows = 0
  if (table !== 'accounts') {
    for (const below of await tablesBelow(within, table)) {
      const hangs = sql`t.${column(below.column)} in (select t.${column(below.parentColumn)} from ${column(table)} t where ${where})`
      rows += await removeHanging(within, run, below.name, hangs, accountId)
    }
  }
  const ended = fateOf(table) === 'ends'
  const why = ended ? 'Ended with the account that was merged.' : 'Went with the account that was merged.'
  const gone = await within.rows(sql`
    with gone as (
      delete from ${column(table)} t where ${where}
      returning ${accountId}::uuid as account_id, ${ended ? withoutHashes : sql`to_jsonb(t)`} as former, null::jsonb as made
    ) ${archiveInsert(run, ended ? `ended ${table}` : table, why, sql`gone`)} returning null`)
  return rows + gone.length
}

/** What opened something is not kept in any form. */
const withoutHashes = sql`to_jsonb(t) - array['token_hash', 'code_hash', 'receipt_hash', 'browser_hash']`

/** A letter that still waits would go to an address that is nobody's; a second welcome would be one too many. */
async function handOver(
  within: Queryable,
  run: string,
  table: string,
  owner: string,
  { keptId, otherId }: MergeRequest,
): Promise<number> {
  let rows = 0
  const mine = sql`t.${column(owner)} = ${otherId}`
  if (table === 'letters') {
    const stays = sql`${mine} and (t.kind = 'welcome' or (t.sent_at is null and t.given_up_at is null))`
    rows += await removeHanging(within, run, table, stays, keptId)
  }
  const moved = await within.rows(sql`
    with found as (select t.ctid as at, to_jsonb(t) as former from ${column(table)} t where ${mine} for update),
    moved as (
      update ${column(table)} t set ${column(owner)} = ${keptId} from found where t.ctid = found.at
      returning ${keptId}::uuid as account_id, found.former, to_jsonb(t) as made
    ) ${archiveInsert(run, table, 'Belongs to the account that was kept.', sql`moved`)} returning null`)
  return rows + moved.length
}

async function takeOver(
  within: Queryable,
  run: string,
  table: 'accounts' | 'customer_profiles',
  take: readonly Choice[],
  other: AccountRow,
  keptId: string,
): Promise<number> {
  const names = take
    .filter((choice) => choices[choice].table === table)
    .flatMap((choice) => [...choices[choice].columns])
  if (names.length === 0) return 0
  const list = join(names.map((name) => column(name)))
  const key = table === 'accounts' ? sql`id` : sql`account_id`
  const changed = await within.rows(sql`
    with found as (select to_jsonb(t) as former from ${column(table)} t where t.${key} = ${keptId}),
    changed as (
      update ${column(table)} t set (${list}, updated_at) = (
        select ${list}, now() from jsonb_populate_record(null::${column(table)}, ${JSON.stringify(other.fields)}::jsonb)
      ) from found where t.${key} = ${keptId}
      returning t.${key} as account_id, found.former, to_jsonb(t) as made
    ) ${archiveInsert(run, table, 'Took over what was chosen of the account that was merged.', sql`changed`)} returning null`)
  return changed.length
}
