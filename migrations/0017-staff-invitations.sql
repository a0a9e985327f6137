-- Whom an invitation is for. The first admin's is for whoever holds the link, and has no address.
alter table invitations
  add column email text check (octet_length(email) between 3 and 1016),
  add column email_delivery text check (octet_length(email_delivery) between 3 and 254),
  add column email_canonical text collate "C" check (octet_length(email_canonical) between 3 and 254),
  add column email_canonical_version smallint,
  add column invited_by uuid references accounts (id) on delete set null,
  add column revoked_at timestamptz,
  add constraint invitations_email_is_whole
    check (num_nonnulls(email, email_delivery, email_canonical, email_canonical_version) in (0, 4)),
  add constraint invitations_have_one_end check (num_nonnulls(accepted_at, revoked_at) < 2);

-- Of any number of invitations to one address the last one counts: sending another replaces the link of the former.
create unique index invitations_one_open_per_address on invitations (email_canonical)
  where accepted_at is null and revoked_at is null;
create index invitations_accepted_by_idx on invitations (accepted_by);
create index invitations_invited_by_idx on invitations (invited_by);
