-- Registrations whose address nobody has proved yet (REGISTRATION_MODE=verify-first). A row is the same whether or not the
-- address belongs to somebody, so that the answer takes the same time; which letter it causes is found out later, by
-- whoever delivers the letters. There may be several of one address: none of them holds it, and whoever reads its mail
-- decides which is followed. The bounds are those of the account that it may become.
create table pending_registrations (
  id uuid primary key,
  code_hash bytea not null unique check (octet_length(code_hash) = 32),
  -- That this very submission has been taken, and from which browser: hashes of secrets that only its sender has.
  receipt_hash bytea not null unique check (octet_length(receipt_hash) = 32),
  browser_hash bytea check (octet_length(browser_hash) = 32),

  email text not null check (octet_length(email) between 3 and 1016),
  email_delivery text not null check (octet_length(email_delivery) between 3 and 254),
  email_canonical text collate "C" not null check (octet_length(email_canonical) between 3 and 254),
  email_canonical_version smallint not null,
  username text check (char_length(username) between 1 and 150),
  username_canonical text collate "C" check (char_length(username_canonical) between 1 and 150),
  first_name text not null check (char_length(first_name) <= 150),
  last_name text not null check (char_length(last_name) <= 150),
  password_hash text not null check (octet_length(password_hash) between 20 and 512),
  phone_number text check (phone_number ~ '^\+[1-9][0-9]{5,14}$'),
  company text check (char_length(company) <= 150),
  address text check (char_length(address) <= 500),
  city text check (char_length(city) <= 100),
  state text check (char_length(state) <= 100),
  country text check (country ~ '^[A-Z]{2}$'),
  postal_code text check (char_length(postal_code) <= 20),
  date_of_birth date check (date_of_birth >= date '1900-01-01'),

  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- When its letter was written; null while one is owed.
  settled_at timestamptz,
  constraint pending_registrations_username_is_whole check (num_nonnulls(username, username_canonical) in (0, 2))
);

create index pending_registrations_email_canonical_idx on pending_registrations (email_canonical);
create index pending_registrations_browser_hash_idx on pending_registrations (browser_hash);
create index pending_registrations_unsettled_idx on pending_registrations (id) where settled_at is null;
create index pending_registrations_created_at_idx on pending_registrations (created_at);
