create table letters (
  id uuid primary key,
  account_id uuid references accounts (id) on delete cascade,
  kind text not null check (kind in ('welcome')),
  recipient text not null check (octet_length(recipient) between 3 and 254),
  data jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create unique index letters_one_welcome_per_account on letters (account_id) where kind = 'welcome';

-- Append-only: grants.sql lets the application insert and read, never change or remove. There is no foreign key on
-- purpose, for what happened to an account has to outlive it.
create table audit_events (
  id bigint generated always as identity primary key,
  occurred_at timestamptz not null default now(),
  event text not null check (event ~ '^[a-z]+(-[a-z]+)*$'),
  account_id uuid,
  actor_id uuid,
  network text,
  reference text,
  details jsonb not null default '{}'
);
