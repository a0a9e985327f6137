create table passwords (
  account_id uuid primary key references accounts (id) on delete cascade,
  hash text not null check (octet_length(hash) between 20 and 512),
  changed_at timestamptz not null default now(),
  consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
  disabled_at timestamptz
) with (fillfactor = 90);

-- A session's token is known to the browser alone: what is kept here is its SHA-256.
create table sessions (
  token_hash bytea primary key check (octet_length(token_hash) = 32),
  id uuid not null,
  account_id uuid not null references accounts (id) on delete cascade,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  idle_limit interval not null,
  expires_at timestamptz not null,
  user_agent text check (char_length(user_agent) <= 256),
  network text check (char_length(network) <= 64)
) with (fillfactor = 80);

create index sessions_account_id_idx on sessions (account_id);

-- That a submission has been carried out. The hash covers the form's secret and everything typed into it, so that only
-- the very same submission finds it again.
create table receipts (
  receipt_hash bytea primary key check (octet_length(receipt_hash) = 32),
  account_id uuid not null references accounts (id) on delete cascade,
  created_at timestamptz not null default now(),
  replayed_at timestamptz
);

create index receipts_account_id_idx on receipts (account_id);

create table limits (
  key text primary key,
  taken integer not null,
  most integer,
  strikes integer not null default 0,
  window_ends_at timestamptz not null
) with (fillfactor = 50);
