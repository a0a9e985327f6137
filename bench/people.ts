import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/**
 * Customers in any number, by a few set-based statements: realistic names of many languages, addresses, companies, numbers,
 * spread over four years. They have no passwords. The nth of them is the same in every database.
 *
 *     node scripts/launch.mjs bench/people.ts 1000000 --url postgres://…
 */
export async function addPeople(url: string, count: number, report: (added: number) => void = () => {}): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const run = randomBytes(3).toString('hex')
  try {
    for (let from = 0; from < count; from += BATCH) {
      const to = Math.min(count, from + BATCH)
      await client.query(STATEMENT, peopleParameters(from, to - 1, count, run))
      report(to)
    }
    await client.query('analyze accounts, customer_profiles')
  } finally {
    await client.end()
  }
}

const BATCH = 50_000

export const FIRST =
  'Amelia Łukasz José María Zoë Søren Björk Chloé Nguyễn Mehmet Ayşe İbrahim Olga Дмитрий Анна Γιώργος Ελένη 美咲 伟 Siobhán Ruairí François Jürgen Käthe Đorđe Željka Håkon Åsa Tomáš Eliška Ștefan Ioana Kofi Ngozi Chidi Amara Priya Arjun Fatima Omar Layla Yusuf Grace Ada Alan Edsger Barbara Donald Margaret Radia Frances Katherine Dorothy Mary Annie Hedy Linus Ken Dennis Bjarne Guido Larry James John Robert Michael William David Richard Joseph Thomas Charles Patricia Jennifer Linda Elizabeth Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Ashley Emily Kimberly Donna Carol Michelle Daniel Matthew Anthony Mark Paul Steven Andrew Kenneth Joshua Kevin Brian George'.split(
    ' ',
  )
export const LAST =
  'Earhart Müller Schröder Weiß García Fernández López Sørensen Østergård Guðmundsdóttir Dvořák Novák Kowalski Wałęsa Yılmaz Şahin Иванов Петрова Παπαδόπουλος 佐藤 王 O’Brien Ní-Dhomhnaill Lefèvre Béranger D’Angelo Núñez Popescu Țepeș Đorđević Šimunić Lindström Ångström Mäkinen Virtanen Okafor Adeyemi Mensah Sharma Patel Singh Haddad Rahman Nguyen Trần Hopper Lovelace Turing Dijkstra Liskov Knuth Hamilton Perlman Allen Johnson Vaughan Jackson Easley Lamarr Torvalds Thompson Ritchie Stroustrup Wall Smith Williams Brown Jones Davis Miller Wilson Moore Taylor Anderson Thomas White Harris Martin Clark Lewis Robinson Walker Young King Wright Scott Hill Green Adams Baker Nelson Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers'.split(
    ' ',
  )
export const TRADES =
  'Logistics Shipping Freight Trading Marine Rail Cargo Foods Textiles Papier Söhne Holding Werke Air Ports Cold-Chain'.split(
    ' ',
  )
export const CITIES =
  'Rotterdam Zürich Kraków São-Paulo İzmir Malmö Lagos Accra Pune Osaka Göteborg Łódź Cork Genève Boston Austin Leeds'.split(
    ' ',
  )
const COUNTRIES = 'NL CH PL BR TR SE NG GH IN JP SE PL IE CH US US GB'.split(' ')

export const SYLLABLES = [
  'bra cor del fen gar hol jan kel lam mor nor pel ros sal tor ver',
  'a e i o u ei au ow',
  'b ck d ff ll m n rr s tt v w',
  'son sen er ski ova ini ez ton ley berg dorf man',
].map((list) => list.split(' '))

/** What their addresses are made of: two words, a number, and one of these places. */
export const ADDRESSES = {
  first: 'ann lee max kim sam joe eva tom ida ben'.split(' '),
  second: 'sea sky oak bay fox elm ivy jay'.split(' '),
  places: ['example.com', 'example.org', 'mail.example.net', 'post.example'],
}

/**
 * The parts `seeds` and `people` of a statement: those of numbers $1 to $2 of $3 in all, `$9` keeping the addresses of several runs apart.
 * Syllables make rarer names beside the common ones, as a population has them: new words come with every thousand people, ever fewer.
 */
export const PEOPLE = `
  seeds as materialized (
    select n, abs(hashint8(n::bigint)::bigint) as a, abs(hashint8(n::bigint + 1000000007)::bigint) as b,
      now() - ($3::bigint - n) * (interval '4 years' / $3::bigint) as at
    from generate_series($1::bigint, $2::bigint) as n
  ), named as (
    select n, a, b, at,
      (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n || $9), 1, 3) || '8' || substr(md5(n || $9), 4, 15))::uuid as id,
      ${oneOf('$4::text[]', 'a')} as first_name,
      case when b % 3 > 0 then ${oneOf('$5::text[]', 'b / 3')}
        else initcap(${SYLLABLES.map((list, at) => oneOf(literal(list), `b / ${[3, 48, 384, 4608][at]}`)).join(' || ')}) end as last_name
    from seeds
  ), people as materialized (
    select n, a, b, at, id, first_name, last_name,
      lower(${oneOf(literal(ADDRESSES.first), 'b')} || '.' || ${oneOf(literal(ADDRESSES.second), 'a')} || n || '.' || $9 || '@' ||
        ${oneOf(literal(ADDRESSES.places), 'b')}) as address,
      case when a % 4 = 0 then 'person.' || $9 || n end as username,
      case when a % 211 = 0 then 'suspended' else 'active' end as status,
      case when b % 5 > 0 then at + interval '5 minutes' end as confirmed_at,
      case when a % 3 > 0 then '+' || ${oneOf("array['1555','4420','4930','3120','4821']", 'b')} || lpad((n % 10000000)::text, 7, '0') end as phone_number,
      case when b % 2 = 0 then last_name || ' ' || ${oneOf('$6::text[]', 'a')} end as company,
      replace(${oneOf('$7::text[]', 'b')}, '-', ' ') as city,
      ${oneOf('$8::text[]', 'b')} as country
    from named
  )`

/** What PEOPLE takes as its parameters, $1 to $9. */
export function peopleParameters(from: number, to: number, count: number, run: string): unknown[] {
  return [from, to, count, FIRST, LAST, TRADES, CITIES, COUNTRIES, run]
}

export const ACCOUNTS_OF_PEOPLE = `
  insert into accounts (id, kind, status, email, email_delivery, email_canonical, email_canonical_version, email_confirmed_at,
    username, username_canonical, first_name, last_name, created_at, updated_at)
  select id, 'customer', status, address, address, address, 1, confirmed_at, username, username, first_name, last_name, at, at
  from people`

export const PROFILES_OF_PEOPLE = `
  insert into customer_profiles (account_id, phone_number, company, city, country, created_at, updated_at)
  select id, phone_number, company, city, country, at, at from people`

const STATEMENT = `with ${PEOPLE}, accounts_made as (${ACCOUNTS_OF_PEOPLE}) ${PROFILES_OF_PEOPLE}`

function oneOf(list: string, number: string): string {
  return `(${list})[1 + (${number}) % cardinality(${list})]`
}

function literal(words: readonly string[]): string {
  return `array[${words.map((word) => `'${word}'`).join(', ')}]`
}

if (process.argv[1]?.endsWith('people.ts')) {
  const [count = '', flag, url = process.env['DATABASE_URL']] = process.argv.slice(2)
  if (!(Number(count) > 0) || (flag !== undefined && flag !== '--url') || url === undefined) {
    process.stderr.write('Say how many, and where: bench/people.ts 10000 --url postgres://…\n')
    process.exit(1)
  }
  await addPeople(url, Number(count), (added) => process.stderr.write(`\r${added} of ${count}`))
  process.stderr.write('\n')
}
