import { randomBytes } from 'node:crypto'
import type { Client } from 'pg'
import { newId } from '../../src/lib/random.ts'

/** A kind of damage: what stands in its way, the damage to one account of many, and the invariant that it offends. */
export interface Corruption {
  offends: string
  /** `n` of the accounts, whose ids are given, are damaged; each once. */
  damage: (client: Client, ids: string[]) => Promise<unknown>
}

/** Everything that would refuse the damage, dropped; and one trigger of a foreign key switched off. */
export async function dropGuards(client: Client): Promise<number> {
  const { rows } = await client.query<{ table: string; name: string; type: string }>(
    `select conrelid::regclass::text as "table", conname as name, contype as type from pg_constraint
     where connamespace = 'public'::regnamespace and contype in ('f', 'c', 'u', 'p')
       and conrelid::regclass::text in ('accounts', 'customer_profiles', 'staff_profiles', 'passwords', 'sessions',
         'receipts', 'codes', 'letters', 'known_browsers')
     order by contype = 'f' desc`,
  )
  const keep = new Set(['accounts_pkey', 'accounts_id_kind_key'])
  let dropped = 0
  for (const { table, name } of rows.filter((each) => !keep.has(each.name))) {
    await client.query(`alter table ${table} drop constraint if exists "${name}" cascade`)
    dropped += 1
  }
  for (const index of ['accounts_username_canonical_key', 'letters_one_welcome_per_account']) {
    await client.query(`drop index ${index}`)
  }
  await client.query('alter table accounts disable trigger accounts_in_directory')
  return dropped
}

const each = (statement: string) => (client: Client, ids: string[]) => client.query(statement, [ids])

/** A row of another account's, made anew under an id that is nobody's, so that each damage counts once. */
export const corruptions: Record<string, Corruption> = {
  'an address that somebody has': {
    offends: 'one-account-per-address',
    damage: each(`
      update accounts a set email = t.email, email_delivery = t.email_delivery, email_canonical = t.email_canonical
      from accounts t where a.id = any($1::uuid[]) and t.id = (select id from accounts where kind = 'customer' and id <> all($1::uuid[]) order by id limit 1)`),
  },
  'a canonical address that is not': {
    offends: 'addresses-are-canonical',
    damage: each(`update accounts set email_canonical = 'x' || email_canonical where id = any($1::uuid[])`),
  },
  'a username that somebody has': {
    offends: 'one-account-per-username',
    damage: each(`
      update accounts a set username = t.username, username_canonical = t.username_canonical
      from accounts t where a.id = any($1::uuid[]) and t.id = (select id from accounts where id <> all($1::uuid[]) order by id desc limit 1)`),
  },
  'a canonical username that is not': {
    offends: 'usernames-are-canonical',
    damage: each(`update accounts set username_canonical = username_canonical || 'x' where id = any($1::uuid[])`),
  },
  'no profile': {
    offends: 'one-profile-of-its-kind',
    damage: each(`delete from customer_profiles where account_id = any($1::uuid[])`),
  },
  'a second profile': {
    offends: 'customer-profiles-are-single',
    damage: each(`
      insert into customer_profiles (account_id, phone_number, city, created_at, updated_at)
      select account_id, '+14155550100', null, created_at - interval '1 day', updated_at - interval '1 day'
      from customer_profiles where account_id = any($1::uuid[])`),
  },
  'a profile of the other kind': {
    offends: 'staff-profiles-belong',
    damage: each(`insert into staff_profiles (account_id, role) select unnest($1::uuid[]), 'manager'`),
  },
  'a field that cannot be': {
    offends: 'customer-profiles-are-well-formed',
    damage: each(`update customer_profiles set phone_number = 'call me' where account_id = any($1::uuid[])`),
  },
  'a status that is none': {
    offends: 'accounts-are-well-formed',
    damage: each(`update accounts set status = 'limbo' where id = any($1::uuid[])`),
  },
  'a session of nobody': {
    offends: 'sessions-belong',
    damage: each(`update sessions set account_id = gen_random_uuid() where account_id = any($1::uuid[])`),
  },
  'a receipt of nobody': {
    offends: 'receipts-belong',
    damage: each(`update receipts set account_id = gen_random_uuid() where account_id = any($1::uuid[])`),
  },
  'a letter to nobody': {
    offends: 'letters-belong',
    damage: each(`update letters set account_id = gen_random_uuid() where account_id = any($1::uuid[])`),
  },
  'a second welcome': {
    offends: 'one-welcome-per-account',
    damage: each(`
      insert into letters (id, account_id, kind, recipient, created_at)
      select gen_random_uuid(), account_id, kind, recipient, now() from letters where account_id = any($1::uuid[]) and kind = 'welcome'`),
  },
  'a password of nobody': {
    offends: 'passwords-belong',
    damage: each(`update passwords set account_id = gen_random_uuid() where account_id = any($1::uuid[])`),
  },
  'a password twice': {
    offends: 'passwords-are-single',
    damage: each(`
      insert into passwords (account_id, hash, changed_at) select account_id, hash, changed_at - interval '1 year'
      from passwords where account_id = any($1::uuid[])`),
  },
  'failures below zero': {
    offends: 'passwords-are-well-formed',
    damage: each(`update passwords set consecutive_failures = -1 where account_id = any($1::uuid[])`),
  },
  'a letter that is stuck': {
    offends: 'outbox-not-stuck',
    damage: each(`
      update letters set due_at = now() - interval '1 day', claimed_until = now() - interval '20 hours'
      where account_id = any($1::uuid[])`),
  },
  'a code of nobody': {
    offends: 'codes-belong',
    damage: each(`update codes set account_id = gen_random_uuid() where account_id = any($1::uuid[])`),
  },
  'a session twice': {
    offends: 'sessions-are-single',
    damage: each(`insert into sessions select s.* from sessions s where account_id = any($1::uuid[])`),
  },
  'no events': {
    offends: 'audit-without-gaps',
    damage: each(`delete from audit_events where account_id = any($1::uuid[])`),
  },
}

/** Customers made by the application's own tables in one go: each with all that a registration leaves. */
export async function populate(client: Client, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId())
  const password = randomBytes(24).toString('hex')
  await client.query(
    `with a as (
       insert into accounts (id, kind, email, email_delivery, email_canonical, email_canonical_version, username, username_canonical, first_name, last_name)
       select id, 'customer', 'Person' || n || '@Example.com', 'Person' || n || '@example.com', 'person' || n || '@example.com', 1,
         'Person.' || n, 'person.' || n, 'Person', 'No ' || n
       from unnest($1::uuid[]) with ordinality as u (id, n) returning id
     ), p as (insert into customer_profiles (account_id, city) select id, 'Zürich' from a
     ), w as (insert into passwords (account_id, hash) select id, $2 from a
     ), s as (
       insert into sessions (token_hash, id, account_id, idle_limit, expires_at)
       select sha256(convert_to(id::text, 'UTF8')), gen_random_uuid(), id, interval '1 day', now() + interval '30 days' from a
     ), r as (insert into receipts (receipt_hash, account_id) select sha256(convert_to(id::text, 'UTF8')), id from a
     ), l as (insert into letters (id, account_id, kind, recipient) select gen_random_uuid(), id, 'welcome', 'x@example.com' from a
     ), c as (
       insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)
       select gen_random_uuid(), sha256(convert_to(id::text, 'UTF8')), 'confirmation', id, 'x@example.com', now() + interval '1 day' from a
     ) insert into audit_events (event, account_id, actor_id) select 'customer-registered', id, id from a`,
    [ids, password],
  )
  return ids
}
