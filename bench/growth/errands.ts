import { randomInt } from 'node:crypto'
import { Client } from 'pg'
import { urls } from '../../src/urls.ts'
import { browsersAt, FORM, fromSomewhere, many, newPerson } from '../speed/errands.ts'
import type { Ask } from '../speed/load.ts'
import { PASSWORD, SIGNED_IN_EACH, tokenOf } from './fill.ts'

export interface GrowthErrands {
  registrations: (count: number) => Promise<Ask[]>
  'sign-ins': (count: number) => Promise<Ask[]>
  'session checks': (count: number) => Promise<Ask[]>
  searches: (count: number) => Promise<Ask[]>
}

export interface Sampled {
  email: string
  first_name: string
  last_name: string
  phone: string
}

/** Sessions that are looked at in turn in one round. */
const SESSIONS = 500

const STAFF_TOKEN = 'session-of-the-staff'

/** The same errands on a site of any size, each of somebody else than the one before, taken from everywhere in its years. */
export async function errandsAt(url: string, superuserUrl: string, people: number): Promise<GrowthErrands> {
  const { post } = browsersAt(url)
  await addStaff(superuserUrl)
  const staff = `meridian-session=${STAFF_TOKEN}`
  const { body = '', headers = {} } = await post(urls.customers, {}, staff)
  const submission = new URLSearchParams(body).get('submission') ?? ''

  return {
    registrations: (count) => many(count, () => post(urls.customerRegistration, newPerson())),

    async 'sign-ins'(count) {
      const known = await somePeople(superuserUrl, count)
      return many(count, (index) =>
        post(urls.customerSignIn, { identifier: known[index]?.email ?? '', password: PASSWORD }),
      )
    },

    async 'session checks'(count) {
      const tokens = Array.from({ length: SESSIONS }, () =>
        tokenOf(SIGNED_IN_EACH * randomInt(1, Math.floor(people / SIGNED_IN_EACH) + 1)),
      )
      await seeNow(superuserUrl, tokens)
      return Array.from({ length: count }, (_, index) => ({
        method: 'GET',
        path: urls.sessionApi,
        headers: { cookie: `meridian-session=${tokens[index % tokens.length]}` },
        expected: 200,
      }))
    },

    async searches(count) {
      const sought = await somePeople(superuserUrl, count)
      return sought.map((person, index) => ({
        method: 'POST',
        path: urls.customersFound,
        headers: { ...headers, 'content-type': FORM, 'x-forwarded-for': fromSomewhere() },
        body: new URLSearchParams({ typed: typedOf(person, index), submission }).toString(),
        expected: 200,
      }))
    },
  }
}

/** In turn: both names, an address, a number, a name with a letter missing. */
export function typedOf({ email, first_name, last_name, phone }: Sampled, index: number): string {
  const [first, ...rest] = [...last_name]
  return [`${last_name} ${first_name}`, email, phone, `${first}${rest.slice(1).join('')} ${first_name}`][
    index % 4
  ] as string
}

/** Active customers from all of the years, each found by a place between the first id and the last. */
export async function somePeople(superuserUrl: string, count: number): Promise<Sampled[]> {
  return asking<Sampled>(
    superuserUrl,
    `with edges as (
       select ('x' || left(replace((select id from accounts order by id limit 1)::text, '-', ''), 12))::bit(48)::bigint as first,
         ('x' || left(replace((select id from accounts order by id desc limit 1)::text, '-', ''), 12))::bit(48)::bigint as last
     ), places as materialized (
       select rpad(lpad(to_hex((first + random() * (last - first))::bigint), 12, '0'), 32, '0')::uuid as place
       from edges, generate_series(1, $1)
     )
     select someone.* from places cross join lateral (
       select email, first_name, last_name, coalesce(substr(phone_number, 2), '44201234567') as phone
       from accounts a join customer_profiles p on p.account_id = a.id
       where a.id <= place and a.status = 'active' and a.email is not null order by a.id desc limit 1
     ) someone`,
    [count],
  )
}

/** So that the checks write nothing: of a session that was seen within the last minute this is not written again. */
async function seeNow(superuserUrl: string, tokens: readonly string[]): Promise<void> {
  await asking(
    superuserUrl,
    `update sessions set last_seen_at = now(), expires_at = now() + interval '29 days'
     where token_hash in (select sha256(convert_to(token, 'UTF8')) from unnest($1::text[]) as token)`,
    [tokens],
  )
}

async function addStaff(superuserUrl: string): Promise<void> {
  await asking(
    superuserUrl,
    `with account as (
       insert into accounts (id, kind, username, username_canonical, first_name, last_name)
       values (gen_random_uuid(), 'staff', 'bench', 'bench', 'Sam', 'Stone') on conflict do nothing returning id
     ), profile as (
       insert into staff_profiles (account_id, role) select id, 'admin' from account
     )
     select`,
  )
  await asking(
    superuserUrl,
    `insert into sessions (token_hash, id, account_id, idle_limit, expires_at)
     select sha256(convert_to($1, 'UTF8')), gen_random_uuid(), id, interval '1 day', now() + interval '1 day'
     from accounts where username_canonical = 'bench'
     on conflict (token_hash) do update set last_seen_at = now(), authenticated_at = now(), expires_at = excluded.expires_at`,
    [STAFF_TOKEN],
  )
}

async function asking<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}
