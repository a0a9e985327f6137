-- The console lists letters by their ids, which are in order of time, by state and by kind. The expression is that of
-- src/mail/outbox-reader.ts.
create index letters_state_idx on letters ((
  case when sent_at is not null then 'sent' when given_up_at is not null then 'given up'
    when last_error is not null then 'failing' else 'waiting' end), id);
create index letters_kind_idx on letters (kind, id);
