-- Whose turn it was to look through the directory as a whole. One row for all nodes: none does at its start what another
-- has just done.
create table directory_turns (
  only_one boolean primary key default true check (only_one),
  begun_at timestamptz not null,
  finished_at timestamptz
);
