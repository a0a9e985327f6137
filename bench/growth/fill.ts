import { Client } from 'pg'
import { keysOf, wordsOf } from '../../src/accounts/directory/fold.ts'
import {
  ACCOUNTS_OF_PEOPLE,
  ADDRESSES,
  CITIES,
  FIRST,
  LAST,
  PEOPLE,
  PROFILES_OF_PEOPLE,
  peopleParameters,
  SYLLABLES,
  TRADES,
} from '../people.ts'

/** Everybody's, so that anybody can sign in; hashed once. */
export const PASSWORD = 'lantern orchid 47 quay'

/** One of so many is signed in. */
export const SIGNED_IN_EACH = 10

/** Keeps addresses apart from those of other makers; letters alone, so that the number beside it stays a word of its own. */
const RUN = 'x'

/** People in one statement: as many as memory sorts and joins without the disk. */
const BATCH = 250_000

/** The token of the session of the nth, if n is a multiple of SIGNED_IN_EACH. */
export function tokenOf(n: number): string {
  return `session-of-number-${n}`
}

/**
 * Fills an empty database of our schema with all that a site has after four years of `count` registrations: accounts, profiles, passwords,
 * known browsers, the event of each registration, one live session for every ten, the directory; and of letters, codes and receipts what
 * housekeeping would have left. Constraints and indexes are taken away meanwhile, in one transaction, and put back as they were, by which
 * PostgreSQL checks every row against every one of them. `url` is the owner's.
 */
export async function fillSite(
  url: string,
  count: number,
  passwordHash: string,
  report: (words: string) => void = () => {},
): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(`set local maintenance_work_mem = '1GB'; set local work_mem = '256MB'; set local jit = off`)
    const taken = await takeAway(client)
    // Emptied in the same transaction, the tables need no WAL where wal_level is minimal.
    await client.query(`truncate ${FILLED.join(', ')} cascade`)
    await writeFoldings(client)
    for (let from = 1; from <= count; from += BATCH) {
      const to = Math.min(count, from + BATCH - 1)
      await client.query(STATEMENT, [...peopleParameters(from, to, count, RUN), passwordHash])
      report(`${to} of ${count} written`)
    }
    await writeWords(client, count)
    await putBack(client, taken, report)
    await client.query('commit')
    report('vacuuming')
    await client.query('vacuum (analyze)')
  } finally {
    await client.end()
  }
}

const FILLED = [
  'accounts',
  'customer_profiles',
  'passwords',
  'known_browsers',
  'audit_events',
  'sessions',
  'letters',
  'codes',
  'receipts',
  'customer_directory',
  'directory_keys',
]

interface TakenAway {
  name: string
  takeAway: string
  putBack: string
}

/** Foreign keys, keys, then the other indexes; returned in the order in which they can be put back. */
async function takeAway(client: Client): Promise<TakenAway[]> {
  const { rows: constraints } = await client.query<TakenAway & { foreign: boolean }>(`
    select conname as name, contype = 'f' as foreign,
      format('alter table %s drop constraint %I', conrelid::regclass, conname) as "takeAway",
      format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as "putBack"
    from pg_constraint where connamespace = 'public'::regnamespace and contype in ('f', 'p', 'u')
    order by contype, conrelid::regclass::text, conname`)
  const { rows: indexes } = await client.query<TakenAway>(
    `
    select c.relname as name, format('drop index %s', i.indexrelid::regclass) as "takeAway", pg_get_indexdef(i.indexrelid) as "putBack"
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = 'public'::regnamespace and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u'))
      and i.indrelid::regclass::text = any($1)
    order by 1`,
    [FILLED],
  )
  const [foreign, keys] = [constraints.filter((each) => each.foreign), constraints.filter((each) => !each.foreign)]
  for (const each of [...foreign, ...keys, ...indexes]) await client.query(each.takeAway)
  return [...keys, ...indexes, ...foreign]
}

async function putBack(client: Client, taken: readonly TakenAway[], report: (words: string) => void): Promise<void> {
  for (const each of taken) {
    report(`${each.name} put back`)
    await client.query(each.putBack)
  }
}

/** Each text that somebody may have as a name, a trade or a city, and its words, for statements that cannot fold. */
async function writeFoldings(client: Client): Promise<void> {
  await client.query(`
    create temporary table foldings (text text collate "C" primary key, words text[] not null, joined text not null) on commit drop`)
  const cities = CITIES.map((city) => city.replace('-', ' '))
  const texts = [...new Set([...FIRST, ...LAST, ...TRADES, ...cities, ...syllableNames()])]
  const words = texts.map((text) => JSON.stringify(wordsOf(text)))
  await client.query(
    `insert into foldings select text, array(select jsonb_array_elements_text(words)), array_to_string(array(select jsonb_array_elements_text(words)), ' ')
     from unnest($1::text[], $2::jsonb[]) as folding (text, words)`,
    [texts, words],
  )
  await client.query('analyze foldings')
}

function syllableNames(): string[] {
  const all = SYLLABLES.reduce<string[]>(
    (beginnings, list) => beginnings.flatMap((begun) => list.map((next) => begun + next)),
    [''],
  )
  return all.map((name) => `${name[0]?.toUpperCase()}${name.slice(1)}`)
}

/** The words of all people, as src/accounts/directory/entries.ts enters them: those that somebody has. */
async function writeWords(client: Client, count: number): Promise<void> {
  const { rows: names } = await client.query<{ name: string }>(
    'select distinct first_name as name from accounts union select distinct last_name from accounts',
  )
  const others = [...TRADES, ...CITIES, ...Object.values(ADDRESSES).flat(), RUN, 'person']
  const words = wordsOf(...others, ...names.map(({ name }) => name))
  const keys = words.flatMap((word) => keysOf(word).map((key) => ({ key, word })))
  await client.query('insert into directory_keys select * from unnest($1::text[], $2::text[])', [
    keys.map(({ key }) => key),
    keys.map(({ word }) => word),
  ])
  await client.query(`insert into directory_keys select '^' || n, n::text from generate_series(1, $1::bigint) n`, [
    count,
  ])
}

const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'

/** A second id of the same moment, for what hangs on an account. */
const idFor = (what: string) => `
  (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5('${what}' || n), 1, 3) || '9' || substr(md5('${what}' || n), 4, 15))::uuid`

const hashFor = (what: string) => `sha256(convert_to('${what}-' || n, 'UTF8'))`

const NETWORK = `concat_ws('.', 11 + a % 100, b % 256, (a / 256) % 256, 1 + (b / 256) % 254)`

const STATEMENT = `
  with ${PEOPLE}, accounts_made as (${ACCOUNTS_OF_PEOPLE}
  ), profiles_made as (${PROFILES_OF_PEOPLE}
  ), passwords_made as (
    insert into passwords (account_id, hash, changed_at) select id, $10, at from people
  ), browsers_made as (
    insert into known_browsers (account_id, browser_hash, first_seen_at, last_seen_at) select id, ${hashFor('browser')}, at, at from people
  ), events_made as (
    insert into audit_events (occurred_at, event, account_id, actor_id, network, reference)
    select at, 'customer-registered', id, id, ${NETWORK}, substr(md5('reference' || n), 1, 16) from people order by n
  ), sessions_made as (
    insert into sessions (token_hash, id, account_id, created_at, last_seen_at, idle_limit, expires_at, user_agent, network, authenticated_at)
    select ${hashFor('session-of-number')}, ${idFor('session')}, id, now() - interval '1 hour', now(), interval '7 days', now() + interval '29 days',
      '${USER_AGENT}', ${NETWORK}, now() - interval '1 hour'
    from people where n % ${SIGNED_IN_EACH} = 0
  ), letters_made as (
    insert into letters (id, account_id, kind, recipient, data, created_at, due_at, code_id, attempts, sent_at)
    select ${idFor('letter')}, id, 'welcome', address, jsonb_build_object('firstName', first_name), at, at, ${idFor('code')}, 1, at + interval '2 seconds'
    from people where at > now() - interval '90 days'
  ), codes_made as (
    insert into codes (id, code_hash, purpose, account_id, email_canonical, created_at, expires_at, spent_at)
    select ${idFor('code')}, ${hashFor('code')}, 'confirmation', id, address, at, at + interval '1 day', confirmed_at
    from people where at > now() - interval '31 days'
  ), receipts_made as (
    insert into receipts (receipt_hash, account_id, created_at)
    select ${hashFor('receipt')}, id, at from people where at > now() - interval '4 days'
  )
  insert into customer_directory (account_id, words, phone, name_key, state, country)
  select id, array(
      select word from unnest(first.words || last.words
        || array[split_part(address, '.', 1), substr(split_part(address, '.', 2), 1, 3), n::text, $9::text]
        || string_to_array(split_part(address, '@', 2), '.')
        || case when username is null then '{}' else array['person'] end
        || coalesce(trade.words, '{}') || place.words) with ordinality as every (word, place)
      group by word order by min(place)
    ), substr(phone_number, 2), left(last.joined || '  ' || first.joined, 200),
    case when status = 'active' and confirmed_at is null then 'unconfirmed' else status end, country
  from people join foldings first on first.text = first_name join foldings last on last.text = last_name
    join foldings place on place.text = city left join foldings trade on trade.text = substr(company, length(last_name) + 2)`
