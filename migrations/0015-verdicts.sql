-- What the doctor found, each time it was asked. Findings name rows by their keys and hold nothing that somebody typed.
create table verdicts (
  id uuid primary key,
  given_at timestamptz not null default now(),
  sound boolean not null,
  asked integer not null check (asked > 0),
  findings jsonb not null,
  constraint verdicts_sound_or_findings check (sound = (findings = '[]'::jsonb))
);
