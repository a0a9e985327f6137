-- Work that changes what people have: an import, a repair, a merge, a customer who becomes staff. Each is a run, and every
-- row that a run changes or removes is kept here as it was, with why, so that the run can be taken back.
create table runs (
  id uuid primary key,
  kind text not null check (kind ~ '^[a-z]+(-[a-z]+)*$'),
  -- Who did it; null for somebody at the command line. No foreign key: what was done outlives who did it.
  actor_id uuid,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  undone_at timestamptz,
  details jsonb not null default '{}'
);

create table archived_rows (
  id bigint generated always as identity primary key,
  run_id uuid not null references runs (id),
  -- The table, by its name; one of another database has that database's name before it.
  relation text not null check (char_length(relation) between 1 and 200),
  -- Whose row it is. What is kept of an account goes when the account is erased.
  account_id uuid,
  -- The row before the run, null for one that the run made; and after it, null for one that the run removed.
  former jsonb,
  made jsonb,
  why text not null check (char_length(why) between 1 and 1000),
  archived_at timestamptz not null default now(),
  constraint archived_rows_say_something check (num_nonnulls(former, made) > 0)
);

create index archived_rows_run_id_idx on archived_rows (run_id, id);
create index archived_rows_account_id_idx on archived_rows (account_id);
