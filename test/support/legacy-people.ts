import type { Client } from 'pg'

const HASH = 'pbkdf2_sha256$260000$KpsTzqbbUc3YpjSGL5OM2m$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k='

/** The legacy tables as Django 4.2 makes them, but for the constraint whose absence made the repair necessary. */
export const LEGACY_TABLES = `
  create table auth_user (id serial primary key, password varchar(128) not null, last_login timestamptz, is_superuser boolean not null,
    username varchar(150) not null unique, first_name varchar(150) not null, last_name varchar(150) not null, email varchar(254) not null,
    is_staff boolean not null, is_active boolean not null, date_joined timestamptz not null);
  create table accounts_customerprofile (id bigserial primary key, phone_number varchar(20), address text, city varchar(100), state varchar(100),
    country varchar(100), postal_code varchar(20), date_of_birth date, is_active_customer boolean not null, created_at timestamptz not null,
    updated_at timestamptz not null, user_id integer not null);
  create table accounts_staffprofile (id bigserial primary key, role varchar(20) not null, phone_number varchar(20), department varchar(100),
    is_active_staff boolean not null, created_at timestamptz not null, updated_at timestamptz not null, user_id integer not null);
  create table django_migrations (id bigserial primary key, app varchar(255) not null, name varchar(255) not null, applied timestamptz not null);
  insert into django_migrations (app, name, applied) values ('auth', '0012_alter_user_first_name_max_length', now());`

/**
 * As many users, and a profile for each, in two statements; every finding that one database can have is in one in a hundred
 * of them. A user's number decides which: the number modulo 100 is the finding's.
 */
export async function generateLegacyPeople(client: Client, users: number): Promise<void> {
  await client.query(LEGACY_TABLES)
  await client.query(
    `insert into auth_user
     select n, case n % 100 when 1 then '!unusable' || n when 2 then 'md5$salt$' || md5(n::text) else $2 end,
       case when n % 3 = 0 then timestamptz '2024-01-01' + n * interval '1 second' end, n % 100 = 3,
       case n % 100 when 4 then 'named' || n || '@example.com' when 5 then 'Folded' || n when 6 then 'folded' || (n - 1)
         when 7 then 'user' || (n + 1) || '@example.com' when 9 then 'odd' || n || '@' else 'user' || n end,
       case n % 100 when 10 then 'An' || chr(8238) || 'n' else 'Ann' end, 'Archer',
       case n % 100 when 11 then '' when 12 then 'not an address' when 13 then 'user' || (n + 1) || '@EXAMPLE.com' when 9 then ''
         else 'user' || n || '@example.com' end,
       n % 100 between 3 and 3 or n % 100 between 15 and 17, n % 100 <> 18, timestamptz '2020-01-01' + n * interval '1 minute'
     from generate_series(1, $1::int) n`,
    [users, HASH],
  )
  await client.query(
    `insert into accounts_customerprofile (phone_number, address, city, state, country, postal_code, date_of_birth, is_active_customer, created_at,
       updated_at, user_id)
     select case n % 100 when 19 then 'ring twice' else '+1 202 555 ' || lpad((n % 10000)::text, 4, '0') end,
       case n % 100 when 20 then repeat('x', 600) else n || ' Quay Street' end, 'Baltimore', 'Maryland',
       case n % 100 when 21 then 'Atlantis' else 'United States' end, '21201',
       case n % 100 when 22 then date '1812-02-07' else date '1984-05-27' end, n % 100 <> 23,
       timestamptz '2020-01-01' + n * interval '1 minute', timestamptz '2020-01-01' + (n + copy) * interval '1 minute',
       case n % 100 when 24 then n + 100000000 else n end
     from generate_series(1, $1::int) n, generate_series(1, case n % 100 when 25 then 3 else 1 end) copy
     where n % 100 not in (26, 3, 15, 17)`,
    [users],
  )
  await client.query(
    `insert into accounts_staffprofile (role, phone_number, department, is_active_staff, created_at, updated_at, user_id)
     select case n % 100 when 15 then 'janitor' else 'manager' end, null, 'Desk', true, now(), now(), n
     from generate_series(1, $1::int) n where n % 100 in (15, 27)`,
    [users],
  )
  await client.query('analyze')
}
