-- Who people are. An account and its profile exist together or not at all, and the two foreign keys at the bottom of
-- this file are what makes it so: neither row can be committed without the other, whoever writes them.

create table accounts (
  id uuid primary key,
  kind text not null check (kind in ('customer', 'staff')),
  status text not null default 'active' check (status in ('active', 'suspended')),

  -- The address as it was typed, as letters are sent to it, and in the one form in which addresses are compared.
  email text check (octet_length(email) between 3 and 1016),
  email_delivery text check (octet_length(email_delivery) between 3 and 254),
  email_canonical text collate "C" check (octet_length(email_canonical) between 3 and 254),
  email_canonical_version smallint,
  email_confirmed_at timestamptz,

  username text check (char_length(username) between 1 and 150),
  username_canonical text collate "C" check (char_length(username_canonical) between 1 and 150),

  first_name text not null check (char_length(first_name) <= 150),
  last_name text not null check (char_length(last_name) <= 150),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  customer_profile_id uuid generated always as (case when kind = 'customer' then id end) stored,
  staff_profile_id uuid generated always as (case when kind = 'staff' then id end) stored,

  constraint accounts_id_kind_key unique (id, kind),
  constraint accounts_email_canonical_key unique (email_canonical),
  constraint accounts_email_is_whole check (
    num_nonnulls(email, email_delivery, email_canonical, email_canonical_version) in (0, 4)
  ),
  constraint accounts_email_is_canonical check (email_canonical = lower(email_canonical)),
  constraint accounts_username_is_whole check (num_nonnulls(username, username_canonical) in (0, 2)),
  constraint accounts_can_be_named check (num_nonnulls(email_canonical, username_canonical) > 0),

  -- One namespace for both names by their shape: an address has an @, a username has none, so that nobody's username
  -- can ever be another's address.
  constraint accounts_email_has_at check (position('@' in email_canonical) > 1),
  constraint accounts_username_has_no_at check (position('@' in username_canonical) = 0)
);

create unique index accounts_username_canonical_key on accounts (username_canonical)
  where username_canonical is not null;

create table customer_profiles (
  account_id uuid primary key,
  kind text not null generated always as ('customer') stored,
  phone_number text check (phone_number ~ '^\+[1-9][0-9]{5,14}$'),
  company text check (char_length(company) <= 150),
  address text check (char_length(address) <= 500),
  city text check (char_length(city) <= 100),
  state text check (char_length(state) <= 100),
  country text check (country ~ '^[A-Z]{2}$'),
  postal_code text check (char_length(postal_code) <= 20),
  date_of_birth date check (date_of_birth >= date '1900-01-01'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint customer_profiles_account_fkey foreign key (account_id, kind)
    references accounts (id, kind) on delete cascade
);

create table staff_profiles (
  account_id uuid primary key,
  kind text not null generated always as ('staff') stored,
  role text not null check (role in ('customer_care', 'manager', 'admin')),
  phone_number text check (phone_number ~ '^\+[1-9][0-9]{5,14}$'),
  department text check (char_length(department) <= 100),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint staff_profiles_account_fkey foreign key (account_id, kind)
    references accounts (id, kind) on delete cascade
);

-- The other half: an account points at the profile of its own kind, checked when the transaction commits.
alter table accounts
  add constraint accounts_customer_profile_fkey foreign key (customer_profile_id)
    references customer_profiles (account_id) deferrable initially deferred,
  add constraint accounts_staff_profile_fkey foreign key (staff_profile_id)
    references staff_profiles (account_id) deferrable initially deferred;
