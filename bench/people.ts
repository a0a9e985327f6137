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
      await client.query(STATEMENT, [from, to - 1, count, FIRST, LAST, TRADES, CITIES, COUNTRIES, run])
      report(to)
    }
    await client.query('analyze accounts, customer_profiles')
  } finally {
    await client.end()
  }
}

const BATCH = 50_000

const FIRST =
  'Amelia Łukasz José María Zoë Søren Björk Chloé Nguyễn Mehmet Ayşe İbrahim Olga Дмитрий Анна Γιώργος Ελένη 美咲 伟 Siobhán Ruairí François Jürgen Käthe Đorđe Željka Håkon Åsa Tomáš Eliška Ștefan Ioana Kofi Ngozi Chidi Amara Priya Arjun Fatima Omar Layla Yusuf Grace Ada Alan Edsger Barbara Donald Margaret Radia Frances Katherine Dorothy Mary Annie Hedy Linus Ken Dennis Bjarne Guido Larry James John Robert Michael William David Richard Joseph Thomas Charles Patricia Jennifer Linda Elizabeth Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Ashley Emily Kimberly Donna Carol Michelle Daniel Matthew Anthony Mark Paul Steven Andrew Kenneth Joshua Kevin Brian George'.split(
    ' ',
  )
const LAST =
  'Earhart Müller Schröder Weiß García Fernández López Sørensen Østergård Guðmundsdóttir Dvořák Novák Kowalski Wałęsa Yılmaz Şahin Иванов Петрова Παπαδόπουλος 佐藤 王 O’Brien Ní-Dhomhnaill Lefèvre Béranger D’Angelo Núñez Popescu Țepeș Đorđević Šimunić Lindström Ångström Mäkinen Virtanen Okafor Adeyemi Mensah Sharma Patel Singh Haddad Rahman Nguyen Trần Hopper Lovelace Turing Dijkstra Liskov Knuth Hamilton Perlman Allen Johnson Vaughan Jackson Easley Lamarr Torvalds Thompson Ritchie Stroustrup Wall Smith Williams Brown Jones Davis Miller Wilson Moore Taylor Anderson Thomas White Harris Martin Clark Lewis Robinson Walker Young King Wright Scott Hill Green Adams Baker Nelson Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers'.split(
    ' ',
  )
const TRADES =
  'Logistics Shipping Freight Trading Marine Rail Cargo Foods Textiles Papier Söhne Holding Werke Air Ports Cold-Chain'.split(
    ' ',
  )
const CITIES =
  'Rotterdam Zürich Kraków São-Paulo İzmir Malmö Lagos Accra Pune Osaka Göteborg Łódź Cork Genève Boston Austin Leeds'.split(
    ' ',
  )
const COUNTRIES = 'NL CH PL BR TR SE NG GH IN JP SE PL IE CH US US GB'.split(' ')

/** Syllables make rarer names beside the common ones, as a population has them: new words come with every thousand people, ever fewer. */
const STATEMENT = `
  with seeds as materialized (
    select n, abs(hashint8(n::bigint)::bigint) as a, abs(hashint8(n::bigint + 1000000007)::bigint) as b,
      now() - ($3::bigint - n) * (interval '4 years' / $3::bigint) as at
    from generate_series($1::bigint, $2::bigint) as n
  ), people as materialized (
    select n, a, b, at,
      (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n || $9), 1, 3) || '8' || substr(md5(n || $9), 4, 15))::uuid as id,
      ($4::text[])[1 + a % cardinality($4::text[])] as first_name,
      case when b % 3 > 0 then ($5::text[])[1 + (b / 3) % cardinality($5::text[])]
        else initcap((array['bra','cor','del','fen','gar','hol','jan','kel','lam','mor','nor','pel','ros','sal','tor','ver'])[1 + (b / 3) % 16]
          || (array['a','e','i','o','u','ei','au','ow'])[1 + (b / 48) % 8] || (array['b','ck','d','ff','ll','m','n','rr','s','tt','v','w'])[1 + (b / 384) % 12]
          || (array['son','sen','er','ski','ova','ini','ez','ton','ley','berg','dorf','man'])[1 + (b / 4608) % 12]) end as last_name
    from seeds
  ), accounts_made as (
    insert into accounts (id, kind, status, email, email_delivery, email_canonical, email_canonical_version, email_confirmed_at,
      username, username_canonical, first_name, last_name, created_at, updated_at)
    select id, 'customer', case when a % 211 = 0 then 'suspended' else 'active' end, address, address, address, 1,
      case when b % 5 > 0 then at + interval '5 minutes' end,
      case when a % 4 = 0 then 'person.' || $9 || n end, case when a % 4 = 0 then 'person.' || $9 || n end,
      first_name, last_name, at, at
    from (
      select *, lower((array['ann','lee','max','kim','sam','joe','eva','tom','ida','ben'])[1 + b % 10] || '.' ||
        (array['sea','sky','oak','bay','fox','elm','ivy','jay'])[1 + a % 8] || n || '.' || $9 || '@' ||
        (array['example.com','example.org','mail.example.net','post.example'])[1 + b % 4]) as address
      from people
    ) addressed
    returning null
  )
  insert into customer_profiles (account_id, phone_number, company, city, country, created_at, updated_at)
  select id, case when a % 3 > 0 then '+' || (array['1555','4420','4930','3120','4821'])[1 + b % 5] || lpad((n % 10000000)::text, 7, '0') end,
    case when b % 2 = 0 then last_name || ' ' || ($6::text[])[1 + a % cardinality($6::text[])] end,
    replace(($7::text[])[1 + b % cardinality($7::text[])], '-', ' '), ($8::text[])[1 + b % cardinality($8::text[])], at, at
  from people`

if (process.argv[1]?.endsWith('people.ts')) {
  const [count = '', flag, url = process.env['DATABASE_URL']] = process.argv.slice(2)
  if (!(Number(count) > 0) || (flag !== undefined && flag !== '--url') || url === undefined) {
    process.stderr.write('Say how many, and where: bench/people.ts 10000 --url postgres://…\n')
    process.exit(1)
  }
  await addPeople(url, Number(count), (added) => process.stderr.write(`\r${added} of ${count}`))
  process.stderr.write('\n')
}
