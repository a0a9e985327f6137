-- Where imported rows came from, and what a person has to decide about them.

-- One row for each legacy row that an import has dealt with, so that it is dealt with once: whichever account it became,
-- or none. It outlives the account, so that who was erased is not brought back.
create table imported_rows (
  source text not null check (char_length(source) between 1 and 100),
  relation text not null check (char_length(relation) between 1 and 100),
  legacy_id bigint not null,
  account_id uuid references accounts (id) on delete set null,
  run_id uuid not null references runs (id),
  -- The names of what was found in the row; docs/moving-from-django.md says of each what was done about it.
  findings text[] not null default '{}',
  primary key (source, relation, legacy_id)
);

create index imported_rows_account_id_idx on imported_rows (account_id);
create index imported_rows_run_id_idx on imported_rows (run_id);

-- A name that two people wanted: nobody was merged, one has it, and a person decides about the other.
create table import_questions (
  id uuid primary key,
  run_id uuid not null references runs (id),
  legacy_id bigint not null,
  -- The account that goes without; none where without it there was no name left to sign in with.
  account_id uuid references accounts (id) on delete cascade,
  finding text not null check (finding ~ '^[a-z]+(-[a-z]+)*$'),
  wanted text not null check (octet_length(wanted) between 1 and 1016),
  decided_at timestamptz,
  decided_by uuid,
  decision text check (decision ~ '^[a-z]+(-[a-z]+)*$'),
  constraint import_questions_are_decided_whole check (num_nonnulls(decided_at, decision) in (0, 2))
);

create index import_questions_open_idx on import_questions (id) where decided_at is null;
create index import_questions_account_id_idx on import_questions (account_id);
create index import_questions_run_id_idx on import_questions (run_id);
