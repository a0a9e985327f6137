import { request } from 'node:http'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { enterMissing } from '../src/accounts/directory/entries.ts'
import { urls } from '../src/urls.ts'
import { freshDatabase, type TestDatabase } from '../test/support/database.ts'
import { staffMember } from '../test/support/hostile-people.ts'
import { startNode, type Node } from '../test/support/site.ts'
import type { Visitor } from '../test/support/visitor.ts'
import { addPeople } from './people.ts'
import { residentMiB } from './speed/parties.ts'
import { quantile } from './statistics.ts'

/**
 * Whether finding a customer among MANY takes much longer than among FEW: through the whole site, each question in turns on both, with the
 * plans that PostgreSQL chose; and the memory of a node while all of them are downloaded.
 *
 *     node scripts/launch.mjs scripts/bench.mjs console-search
 */
const FEW = Number(process.env['FEW'] ?? 10_000)
const MANY = Number(process.env['MANY'] ?? 1_000_000)
const EACH = Number(process.env['EACH'] ?? 200)
const WARM_UP = 20

const AT_MOST_TIMES = 5

/** The node itself looks through everything when it starts, in a few batches. */
const FEW_SCANS = 10
const MEBIBYTE = 1024 * 1024

/** MiB by which the node's memory may grow while it sends the whole list: buffers and what waits for the collector. */
const MAY_GROW = 96

interface Place {
  count: number
  db: TestDatabase
  node: Node
  visitor: Visitor
  token: string
  ids: string[]
  people: { first_name: string; last_name: string; phone: string; email: string; company: string }[]
}

/** Scans of whole tables before the first question. */
const scansBefore: Record<string, number> = {}

const places = [await open(FEW), await open(MANY)] as [Place, Place]

type Ask = (place: Place, turn: number) => Promise<{ status: number; body: string }>

const find =
  (typed: (person: Place['people'][number], turn: number) => string): Ask =>
  (place, turn) =>
    place.visitor.post(urls.customersFound, {
      typed: typed(place.people[turn % place.people.length] as Place['people'][number], turn),
      submission: place.token,
    })

const list =
  (query: (place: Place, turn: number) => string): Ask =>
  (place, turn) =>
    place.visitor.get(`${urls.customers}?${query(place, turn)}`)

const questions: Record<string, Ask> = {
  'a fragment': find(({ last_name }) => last_name.slice(1, 6)),
  'a first name alone': find(({ first_name }) => first_name),
  'a beginning of two letters': find(({ last_name }) => last_name.slice(0, 2)),
  'first and last name': find(({ first_name, last_name }) => `${last_name} ${first_name}`),
  'a typo': find(({ last_name, company }, turn) => `${mistyped(last_name, turn)} ${company.split(' ').at(-1)}`),
  'a phone number': find(({ phone }) => phone),
  'the end of a phone number': find(({ phone }) => phone.slice(-6)),
  'an address': find(({ email }) => email),
  'a part of an address': find(({ email }) => email.split('@')[0] ?? ''),
  nobody: find((_, turn) => `xqzvwk${turn}`),
  'the first page': list(() => ''),
  'the last page': list(() => 'end=last'),
  'any page': list(({ ids }, turn) => `after=${ids[turn % ids.length]}`),
  'any page, backwards': list(({ ids }, turn) => `before=${ids[turn % ids.length]}`),
  'any page by name': list(({ ids }, turn) => `order=name&after=${ids[turn % ids.length]}`),
  'any page of one country': list(({ ids }, turn) => `country=PL&after=${ids[turn % ids.length]}`),
  'any page of the suspended, by name': list(
    ({ ids }, turn) => `state=suspended&order=name&after=${ids[turn % ids.length]}`,
  ),
}

test.each(Object.entries(questions))(
  '%s',
  async (name, ask) => {
    const times: [number[], number[]] = [[], []]
    for (let turn = 0; turn < WARM_UP + EACH; turn += 1) {
      for (const [at, place] of places.entries()) {
        const began = performance.now()
        const { status } = await ask(place, turn)
        if (turn >= WARM_UP) times[at as 0 | 1].push(performance.now() - began)
        expect(status).toBe(200)
      }
    }
    const [few, many] = times.map((all) => ({ p50: quantile(all, 0.5), p95: quantile(all, 0.95) })) as [
      Quantiles,
      Quantiles,
    ]
    const words = ({ p50, p95 }: Quantiles) => `p50 ${p50.toFixed(1).padStart(6)} p95 ${p95.toFixed(1).padStart(6)} ms`
    say(`${name.padEnd(36)} ${words(few)} | ${words(many)} | p95 × ${(many.p95 / few.p95).toFixed(2)}`)
    expect(many.p95 / few.p95).toBeLessThanOrEqual(AT_MOST_TIMES)
  },
  1_800_000,
)

test('every question was answered by indexes', async () => {
  const { db } = places[1]
  const client = new Client({ connectionString: db.superuserUrl })
  await client.connect()
  const { rows } = await client.query<{ seq_scan: string; relname: string }>(
    `select relname, seq_scan from pg_stat_user_tables where relname in ('customer_directory', 'directory_keys', 'accounts', 'customer_profiles')`,
  )
  const { rows: used } = await client.query<{ name: string; scans: string }>(
    `select indexrelname as name, idx_scan as scans from pg_stat_user_indexes
     where relname in ('customer_directory', 'directory_keys') and idx_scan > 0 order by 1`,
  )
  await client.end()
  for (const { name, scans } of used) say(`  ${name.padEnd(40)} used ${scans} times`)
  const since = Object.fromEntries(
    rows.map(({ relname, seq_scan }) => [relname, Number(seq_scan) - (scansBefore[relname] ?? 0)]),
  )
  say(`  scans of a whole table: ${JSON.stringify(since)}`)
  for (const table of ['customer_directory', 'directory_keys', 'accounts', 'customer_profiles'])
    expect(since[table] ?? 0, table).toBeLessThanOrEqual(FEW_SCANS)
})

test('memory stays flat while all are downloaded', async () => {
  const { node, db } = places[1]
  const { visitor } = await staffMember(db, node, 'admin')
  const submission = await visitor.token(urls.customers)
  const before = residentMiB(node.process.pid as number)
  let most = before
  const watch = setInterval(() => (most = Math.max(most, residentMiB(node.process.pid as number))), 100)
  const began = performance.now()
  const { bytes, lines } = await download(node, visitor, submission)
  clearInterval(watch)
  say(
    `all ${lines - 1} as CSV: ${(bytes / MEBIBYTE).toFixed(0)} MiB in ${((performance.now() - began) / 1000).toFixed(1)} s; ` +
      `memory ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`,
  )
  expect(lines - 1).toBe(MANY)
  expect(most - before).toBeLessThan(MAY_GROW)
}, 1_800_000)

interface Quantiles {
  p50: number
  p95: number
}

async function open(count: number): Promise<Place> {
  const db = await freshDatabase()
  await addPeople(db.appUrl, count)
  const began = performance.now()
  await enterMissing(db.database)
  const seconds = (performance.now() - began) / 1000
  const client = new Client({ connectionString: db.superuserUrl })
  await client.connect()
  await client.query('vacuum analyze')
  const { rows } = await client.query<Record<string, string>>(`
    select pg_size_pretty(pg_total_relation_size('customer_directory')) as directory,
      pg_size_pretty(pg_total_relation_size('directory_keys')) as keys,
      pg_size_pretty(pg_total_relation_size('accounts') + pg_total_relation_size('customer_profiles')) as people,
      (select count(distinct word) from directory_keys) as words`)
  say(`${count} customers entered in ${seconds.toFixed(1)} s: ${JSON.stringify(rows[0])}`)
  const { rows: sample } = await client.query<Place['people'][number] & { id: string }>(
    `select a.id, first_name, last_name, email, coalesce(substr(phone_number, 2), '44201234567') as phone, coalesce(company, 'Freight') as company
     from accounts a join customer_profiles p on p.account_id = a.id
     where a.kind = 'customer' and length(last_name) > 4 order by md5(a.id::text) limit 500`,
  )
  const node = await startNode(db, { LOG_LEVEL: 'warn', LIMITS: 'off' })
  const { visitor } = await staffMember(db, node, 'customer_care')
  const token = await visitor.token(urls.customers)
  await new Promise((settled) => setTimeout(settled, 8000))
  const { rows: scans } = await client.query<{ relname: string; seq_scan: string }>(
    'select relname, seq_scan from pg_stat_user_tables',
  )
  if (count === MANY) for (const { relname, seq_scan } of scans) scansBefore[relname] = Number(seq_scan)
  await client.end()
  return { count, db, node, visitor, token, ids: sample.map(({ id }) => id), people: sample }
}

/** One letter left out, doubled, or swapped with the next one. */
function mistyped(word: string, turn: number): string {
  const letters = [...word]
  const at = 1 + (turn % Math.max(1, letters.length - 2))
  if (turn % 3 === 0) return letters.toSpliced(at, 1).join('')
  if (turn % 3 === 1) return letters.toSpliced(at, 0, letters[at] ?? '').join('')
  return letters.toSpliced(at, 2, letters[at + 1] ?? '', letters[at] ?? '').join('')
}

function say(words: string): void {
  process.stdout.write(`${words}\n`)
}

/** Read as it comes and thrown away, so that what is measured is the node. */
function download(node: Node, visitor: Visitor, submission: string): Promise<{ bytes: number; lines: number }> {
  const body = new URLSearchParams({ submission }).toString()
  const headers = {
    cookie: [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
    'sec-fetch-site': 'same-origin',
    'x-forwarded-for': visitor.network,
  }
  return new Promise((resolve, reject) => {
    const { port } = new URL(node.url)
    const outgoing = request(
      { host: '127.0.0.1', port, method: 'POST', path: urls.customersDownload, headers },
      (answer) => {
        let [bytes, lines] = [0, 0]
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
        })
        answer.on('end', () => resolve({ bytes, lines }))
        answer.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
