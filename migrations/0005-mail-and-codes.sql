-- The outbox as the courier works it. A letter waits until it is due, is claimed for a while by one courier, and ends
-- as sent or, after many tries, as given up.
alter table letters drop constraint letters_kind_check;
alter table letters
  add constraint letters_kind_check check (kind ~ '^[a-z]+(-[a-z]+)*$'),
  add column code_id uuid,
  add column due_at timestamptz not null default now(),
  add column attempts integer not null default 0 check (attempts >= 0),
  add column claimed_until timestamptz,
  add column sent_at timestamptz,
  add column given_up_at timestamptz,
  add column last_error text check (char_length(last_error) <= 500),
  add constraint letters_have_one_end check (num_nonnulls(sent_at, given_up_at) < 2);

create index letters_waiting_idx on letters (due_at) where sent_at is null and given_up_at is null;
create index letters_account_id_idx on letters (account_id);

-- One-time codes. A code proves one address, for one purpose, of one account, once.
create table codes (
  id uuid primary key,
  code_hash bytea not null unique check (octet_length(code_hash) = 32),
  purpose text not null check (purpose ~ '^[a-z]+(-[a-z]+)*$'),
  account_id uuid not null references accounts (id) on delete cascade,
  email_canonical text collate "C" not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  spent_at timestamptz
);

create index codes_account_id_idx on codes (account_id);

-- Somebody asked to get back in. The row is the same whether or not anybody is meant by it, so that the answer takes the
-- same time; who is meant is found out later, by whoever delivers the letters.
create table recovery_requests (
  id uuid primary key,
  email_canonical text collate "C",
  username_canonical text collate "C",
  network text,
  reference text,
  created_at timestamptz not null default now()
);
