import type { Database, Queryable } from '../../database/database.ts'
import { join, sql, type Sql } from '../../database/sql.ts'
import { parseEmail } from '../email.ts'
import { byIndexes } from './by-indexes.ts'
import { bringUpToDate } from './entries.ts'
import { beginning, fragment, phoneDigits, typoKeysOf, wordsOf } from './fold.ts'
import { LISTED, LISTED_FROM, type ListedCustomer } from './listed.ts'

/** As many as one looks through; with more, another word finds sooner than another page. */
export const MOST_FOUND = 50

/** Words of what was typed that count: enough for a name, an address and a company together. */
const MOST_WORDS = 8

/** Words of the directory that one typed word may stand for. */
const MOST_MEANINGS = 100

export interface Found {
  customers: ListedCustomer[]
  /** There are others who fit as well. */
  more: boolean
  /** Nobody fits what was typed; these fit if a letter of it is wrong. */
  guessed: boolean
}

/**
 * Customers by anything of them that somebody remembers: a part of a name, an address, a number, a company, in any order; where that finds
 * nobody, with a letter missing, added, wrong or swapped in each word. Takes any text. First come those who have the words as typed.
 */
export async function searchCustomers(database: Database, typed: string): Promise<Found> {
  await bringUpToDate(database)
  const words = wordsOf(typed).slice(0, MOST_WORDS)
  return words.length === 0 ? NOBODY : byIndexes(database, (within) => search(within, typed, words))
}

async function search(within: Queryable, typed: string, words: readonly string[]): Promise<Found> {
  const exact = await byAddress(within, typed)
  if (exact !== null) return { customers: [exact], more: false, guessed: false }
  const phone = phoneDigits(typed)
  if (phone !== null) {
    const found = await byConditions(within, [phoneCondition(phone)])
    if (found.length > 0) return result(found, false)
  }
  const meanings = await meaningsOf(within, words)
  const whole = await asTyped(within, meanings)
  const found = whole.length > MOST_FOUND ? whole : [...whole, ...(await inPart(within, meanings))]
  if (found.length > 0) return result(found, false)
  return result(await withTypos(within, words, meanings), true)
}

const NOBODY: Found = { customers: [], more: false, guessed: false }

function result(found: readonly ListedCustomer[], guessed: boolean): Found {
  const customers = [...new Map(found.map((customer) => [customer.id, customer])).values()]
  return {
    customers: customers.slice(0, MOST_FOUND),
    more: customers.length > MOST_FOUND,
    guessed: guessed && customers.length > 0,
  }
}

function byAddress(database: Queryable, typed: string): Promise<ListedCustomer | null> {
  const email = parseEmail(typed)?.canonical
  if (email === undefined) return Promise.resolve(null)
  return database.row<ListedCustomer>(sql`
    select ${LISTED} from accounts named join customer_directory d on d.account_id = named.id ${LISTED_FROM}
    where named.email_canonical = ${email}`)
}

/** What one typed word may stand for among the words of the directory. */
interface Meaning {
  typed: string
  known: boolean
  /** Words that begin with it or hold it. */
  words: string[]
  /** There are too many of these to name them all. */
  broad: boolean
}

async function meaningsOf(database: Queryable, words: readonly string[]): Promise<Meaning[]> {
  const ranges = words.flatMap((word, at) =>
    [beginning(word), fragment(word)].filter((from) => from !== null).map((from) => ({ at, from })),
  )
  const rows = await database.rows<{ at: number; word: string }>(sql`
    select r.at, k.word
    from unnest(${ranges.map(({ at }) => at)}::int[], ${ranges.map(({ from }) => from)}::text[]) as r (at, first)
    cross join lateral (
      select word from directory_keys
      where key >= r.first collate "C" and key < (r.first || chr(1114111)) collate "C"
      order by key limit ${MOST_MEANINGS}
    ) k`)
  return words.map((typed, at) => {
    const all = rows.filter((row) => row.at === at).map(({ word }) => word)
    return { typed, known: all.includes(typed), words: [...new Set(all)], broad: all.length >= MOST_MEANINGS }
  })
}

/** Whoever has every word as it was typed, as far as there is such a word at all. */
async function asTyped(database: Queryable, meanings: readonly Meaning[]): Promise<ListedCustomer[]> {
  if (!meanings.some(({ known }) => known)) return []
  return byMeanings(
    database,
    meanings.map((meaning) => (meaning.known ? { ...meaning, words: [meaning.typed], broad: false } : meaning)),
  )
}

function inPart(database: Queryable, meanings: readonly Meaning[]): Promise<ListedCustomer[]> {
  return byMeanings(database, meanings)
}

async function byMeanings(database: Queryable, meanings: readonly Meaning[]): Promise<ListedCustomer[]> {
  const narrow = meanings.filter(({ broad }) => !broad)
  const leading = narrow.length > 0 ? narrow : meanings.slice(0, 1)
  const rest = meanings.filter((meaning) => !leading.includes(meaning))
  if (leading.some((meaning) => meaning.words.length === 0 && !isNumber(meaning.typed))) return []
  const [only] = meanings.length === 1 ? meanings : []
  if (only !== undefined && !isNumber(only.typed)) return byAnyWord(database, only.words)
  return byConditions(database, [...leading.map(wordCondition), ...rest.map(({ typed }) => holdsCondition(typed))])
}

/** Digits beside other words may be the end of a number, or its beginning. */
function wordCondition({ typed, words }: Pick<Meaning, 'typed' | 'words'>): Sql {
  const condition = sql`d.words && ${words}::text[]`
  const phone = isNumber(typed) ? phoneDigits(typed) : null
  return phone === null ? condition : sql`(${condition} or ${phoneCondition(phone)})`
}

function holdsCondition(typed: string): Sql {
  return fragment(typed) === null
    ? sql`exists (select from unnest(d.words) w where starts_with(w, ${typed}))`
    : sql`exists (select from unnest(d.words) w where strpos(w, ${typed}) > 0)`
}

function phoneCondition(digits: string): Sql {
  const end = [...digits].toReversed().join('')
  return sql`(reverse(d.phone) collate "C" between ${end} and ${`${end}:`} or d.phone between ${digits} and ${`${digits}:`})`
}

async function withTypos(database: Queryable, words: readonly string[], meanings: readonly Meaning[]) {
  const keys = words.flatMap((word, at) => typoKeysOf(word).map((key) => ({ at, key })))
  const rows = await database.rows<{ at: number; word: string }>(sql`
    select distinct t.at, k.word
    from unnest(${keys.map(({ at }) => at)}::int[], ${keys.map(({ key }) => key)}::text[]) as t (at, key)
    cross join lateral (select word from directory_keys where key = t.key collate "C" limit ${MOST_MEANINGS}) k`)
  const wider = meanings.map((meaning, at) => {
    const alike = rows.filter((row) => row.at === at).map(({ word }) => word)
    return { ...meaning, words: [...new Set([...meaning.words, ...alike])] }
  })
  return byMeanings(database, wider)
}

/**
 * The statement has no name on purpose: it is planned with the words in it, for one word may be a thousand people's and another
 * one's alone.
 */
function byConditions(database: Queryable, conditions: readonly Sql[]): Promise<ListedCustomer[]> {
  return listed(
    database,
    sql`select d.account_id, d.state from customer_directory d where ${join(conditions, ' and ')}`,
  )
}

/**
 * Word by word, until enough are found: asked for all the words at once, PostgreSQL would first gather everybody who has one of them.
 * Whoever has several is found by the first.
 */
function byAnyWord(database: Queryable, words: readonly string[]): Promise<ListedCustomer[]> {
  return listed(
    database,
    sql`
    select d.account_id, d.state
    from unnest(${words}::text[]) with ordinality as w (word, at)
    cross join lateral (
      select account_id, state from customer_directory
      where words @> array[w.word] and not words && (${words}::text[])[:w.at - 1]
      limit ${MOST_FOUND + 1}
    ) d`,
  )
}

function listed(database: Queryable, found: Sql): Promise<ListedCustomer[]> {
  return database.rows<ListedCustomer>(sql`
    with d as materialized (${found} limit ${MOST_FOUND + 1})
    select ${LISTED} from d ${LISTED_FROM} order by a.id desc`)
}

function isNumber(word: string): boolean {
  return /^\d+$/.test(word)
}
