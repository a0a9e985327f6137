-- What a registration writes is written by everybody: an index that serves the console alone leaves its letter out.
-- Most letters are of these two kinds, and are soon found among all; the few in trouble have indexes of their own. In the
-- words of src/mail/outbox-reader.ts, or they would not be used.
drop index letters_kind_idx;
create index letters_rare_idx on letters (kind, id) where kind <> all ('{welcome,new-device}');
drop index letters_state_idx;
create index letters_failing_idx on letters (id) where sent_at is null and given_up_at is null and last_error is not null;
create index letters_given_up_idx on letters (id) where given_up_at is not null;
