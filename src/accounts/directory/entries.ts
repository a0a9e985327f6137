import type { Database, Queryable } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'
import { firstIdAt } from '../../lib/random.ts'
import { MINUTE } from '../../lib/time.ts'
import { keysOf, wordsOf } from './fold.ts'

/** Customers entered in one transaction: few enough that a reader who waits for it does not notice. */
const BATCH = 1000

/** Customers of whom one statement asks whether they are missing, so that it takes no longer among ten million than among ten thousand. */
const LOOKED_AT = 10_000

/**
 * How far back a reader looks for customers who are not entered yet: much longer than a registration takes from the making of its id
 * to its commit, and than clocks of nodes differ. What is later still, the rounds find.
 */
const READERS_LOOK_BACK = 2 * MINUTE

/** Any number that no other program on the same database uses: entries are made by one at a time. */
const ADVISORY_LOCK = 7_236_512_003n

const LOWEST = '00000000-0000-0000-0000-000000000000'

/**
 * Enters who is new or was changed, so that what is read next is as new as the accounts. Where nothing is, which is as a rule, it
 * costs one round trip.
 */
export async function bringUpToDate(database: Database): Promise<void> {
  const since = firstIdAt(new Date(Date.now() - READERS_LOOK_BACK))
  const state = await database.row<{ behind: boolean }>(sql`
    select exists (select from directory_changes)
      or exists (select from accounts a where ${missing(since)}) as behind`)
  if (!state?.behind) return
  await enterChanged(database)
  await enterMissing(database, since, () => true)
}

/** Enters again those whom somebody has changed; returns how many. */
export async function enterChanged(database: Database): Promise<number> {
  return database.transaction(async (within) => {
    await alone(within)
    // Taken before the accounts are read: a change that is noted after this will be found the next time.
    const changes = await within.rows<{ account_id: string }>(sql`
      delete from directory_changes where id = any(array(select id from directory_changes order by id limit ${BATCH}))
      returning account_id`)
    const ids = [...new Set(changes.map(({ account_id }) => account_id))]
    if (ids.length > 0) await enter(within, ids)
    return changes.length
  })
}

/**
 * Enters the customers who are missing, after the id (all, without one), batch by batch; returns how many. It asks for what is missing and
 * keeps no mark of how far it got: a registration that commits after younger ones is missing like any other.
 */
export async function enterMissing(
  database: Database,
  from: string = LOWEST,
  goOn: () => boolean = () => true,
  lookedAt: number = LOOKED_AT,
): Promise<number> {
  let count = 0
  for (let after: string | null = from; after !== null && goOn();) {
    const batch: Batch = await enterBatch(database, after, lookedAt)
    count += batch.entered
    after = batch.next
  }
  return count
}

interface Batch {
  entered: number
  /** The id after which to go on, or null at the end. */
  next: string | null
}

function enterBatch(database: Database, after: string, lookedAt: number): Promise<Batch> {
  return database.transaction(async (within) => {
    await alone(within)
    const look = await within.row<{ missing: string[]; last: string | null }>(sql`
      with looked as materialized (
        select a.id from accounts a where a.kind = 'customer' and a.id > ${after}::uuid order by a.id limit ${lookedAt}
      )
      select array(
          select l.id::text from looked l where not exists (select from customer_directory d where d.account_id = l.id)
          order by l.id limit ${BATCH}
        ) as missing,
        (select id from looked order by id offset ${lookedAt - 1}) as last`)
    const { missing = [], last = null } = look ?? {}
    if (missing.length > 0) await enter(within, missing)
    return { entered: missing.length, next: missing.length === BATCH ? (missing.at(-1) as string) : last }
  })
}

/**
 * Whether it is this caller's turn to look through the directory as a whole: once a day on whichever node asks first, and an hour
 * after one that has begun and not finished.
 */
export async function takeTurn(database: Queryable): Promise<boolean> {
  const turn = await database.row(sql`
    insert into directory_turns as t (begun_at) values (now())
    on conflict (only_one) do update set begun_at = now(), finished_at = null
    where t.begun_at < now() - case when t.finished_at is null then interval '1 hour' else interval '1 day' end
    returning begun_at`)
  return turn !== null
}

export async function finishTurn(database: Queryable): Promise<void> {
  await database.rows(sql`update directory_turns set finished_at = now()`)
}

/** Removes the words that no customer has any more: a rare name alone can tell who somebody was. */
export async function forgetWords(database: Database, goOn: () => boolean = () => true): Promise<number> {
  let count = 0
  for (let after: string | null = '^'; after !== null && goOn();) {
    const batch: { key: string; gone: boolean }[] = await forgetBatch(database, after)
    count += batch.filter(({ gone }) => gone).length
    after = batch.length === BATCH ? (batch.at(-1)?.key ?? null) : null
  }
  return count
}

/** The collation is that of the index on the words: with the keys' own, the index would not be used. */
function forgetBatch(database: Database, after: string): Promise<{ key: string; gone: boolean }[]> {
  return database.transaction(async (within) => {
    await alone(within)
    const batch = await within.rows<{ key: string; word: string; gone: boolean }>(sql`
      select k.key, k.word, not exists (select from customer_directory d where d.words @> array[k.word collate "default"]) as gone
      from (select key, word from directory_keys where key > ${after} and key < '_' order by key limit ${BATCH}) k
      order by k.key`)
    const keys = batch.filter(({ gone }) => gone).flatMap(({ word }) => keysOf(word).map((key) => ({ key, word })))
    await within.rows(sql`
      delete from directory_keys k using unnest(${keys.map(({ key }) => key)}::text[], ${keys.map(({ word }) => word)}::text[])
        as g (key, word) where k.key = g.key and k.word = g.word`)
    return batch
  })
}

/**
 * Nobody waits for the disk: what a crash takes away is missing, and is entered again. Who is missing, and which words are gone, is
 * asked of indexes: the planner does not know how few they are.
 */
async function alone(within: Queryable): Promise<void> {
  await within.row(sql`
    select pg_advisory_xact_lock(${ADVISORY_LOCK}), set_config('synchronous_commit', 'off', true),
      set_config('enable_seqscan', 'off', true)`)
}

function missing(from: string) {
  return sql`a.kind = 'customer' and a.id >= ${from}::uuid
    and not exists (select from customer_directory d where d.account_id = a.id)`
}

interface Person {
  id: string
  state: string
  email: string | null
  username: string | null
  first_name: string
  last_name: string
  phone: string | null
  company: string | null
  city: string | null
  country: string | null
}

async function enter(within: Queryable, ids: readonly string[]): Promise<void> {
  const people = await within.rows<Person>(sql`
    select a.id, a.email, a.username, a.first_name, a.last_name,
      substr(p.phone_number, 2) as phone, p.company, p.city, p.country,
      case when a.status = 'active' and a.email is not null and a.email_confirmed_at is null then 'unconfirmed'
        else a.status end as state
    from accounts a join customer_profiles p on p.account_id = a.id
    where a.id = any(${ids}::uuid[])`)
  const entries = people.map((person) => ({ ...person, ...derived(person) }))
  await enterWords(within, new Set(entries.flatMap(({ words }) => words)))
  await within.rows(sql`
    insert into customer_directory (account_id, words, phone, name_key, state, country)
    select id, words, phone, name_key, state, country
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      as e (id uuid, words text[], phone text, name_key text, state text, country text)
    on conflict (account_id) do update set words = excluded.words, phone = excluded.phone,
      name_key = excluded.name_key, state = excluded.state, country = excluded.country`)
  const found = new Set(people.map(({ id }) => id))
  const others = ids.filter((id) => !found.has(id))
  if (others.length > 0)
    await within.rows(sql`delete from customer_directory where account_id = any(${others}::uuid[])`)
}

function derived({ first_name, last_name, email, username, company, city }: Person) {
  const name = [...wordsOf(last_name), '', ...wordsOf(first_name)].join(' ')
  return { words: wordsOf(first_name, last_name, email, username, company, city), name_key: name.slice(0, 200) }
}

async function enterWords(within: Queryable, words: ReadonlySet<string>): Promise<void> {
  const known = await within.rows<{ word: string }>(sql`
    select word from directory_keys where key = any(${[...words].map((word) => `^${word}`)}::text[])`)
  const old = new Set(known.map(({ word }) => word))
  const fresh = [...words].filter((word) => !old.has(word))
  const keys = fresh.flatMap((word) => keysOf(word).map((key) => ({ key, word })))
  if (keys.length === 0) return
  await within.rows(sql`
    insert into directory_keys (key, word)
    select * from unnest(${keys.map(({ key }) => key)}::text[], ${keys.map(({ word }) => word)}::text[])
    on conflict do nothing`)
}
