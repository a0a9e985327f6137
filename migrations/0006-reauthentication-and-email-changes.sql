-- When the person of a session last gave the password. Pages where much is at stake ask for it again after a while.
alter table sessions add column authenticated_at timestamptz not null default now();
update sessions set authenticated_at = created_at;

-- Where a code leads that changes an account's address: the new address for one that confirms it, the former one for
-- one that takes it back. One row a code, so that no other change can ever put an address of its own in its place.
create table email_changes (
  code_id uuid primary key references codes (id) on delete cascade,
  email text not null check (octet_length(email) between 3 and 1016),
  email_delivery text not null check (octet_length(email_delivery) between 3 and 254),
  email_canonical_version smallint not null,
  -- When the account's owner had confirmed the address before; null for one that is still to be confirmed.
  confirmed_at timestamptz,
  -- The address that the account had when a change was asked for, and must still have when it is confirmed.
  former_canonical text collate "C" check (octet_length(former_canonical) between 3 and 254)
);
