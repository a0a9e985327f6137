-- Somebody who closes their account has until closes_at to change their mind; then the account is erased. Both stand in
-- the account's own row, so that closing, keeping and erasing are decided by one row lock.
alter table accounts drop constraint accounts_status_check;
alter table accounts
  add column closes_at timestamptz,
  add column closing_reason text check (char_length(closing_reason) <= 500),
  add constraint accounts_status_check check (status in ('active', 'suspended', 'closing')),
  add constraint accounts_closing_has_its_date check ((status = 'closing') = (closes_at is not null)),
  add constraint accounts_closing_has_the_reason check (closing_reason is null or status = 'closing');

create index accounts_closes_at_idx on accounts (closes_at) where status = 'closing';

-- Who was erased, by a hash of their address (or username, where there was no address), so that an import of old
-- records does not bring them back. It says nothing else, not even which account it was.
create table tombstones (
  identity_hash bytea primary key check (octet_length(identity_hash) = 32),
  erased_at timestamptz not null default now()
);

-- What happened to an account is asked for by its person (everything held about them), and by those who help.
create index audit_events_account_id_idx on audit_events (account_id, id);

-- Letters to an address that had no account yet; they go with the account that it came to have.
create index letters_to_no_account_idx on letters (lower(recipient)) where account_id is null;

