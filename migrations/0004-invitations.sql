create table invitations (
  id uuid primary key,
  code_hash bytea not null unique check (octet_length(code_hash) = 32),
  role text not null check (role in ('customer_care', 'manager', 'admin')),
  for_first_admin boolean not null default false,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references accounts (id) on delete set null,
  constraint invitations_first_admin_is_admin check (not for_first_admin or role = 'admin')
);

-- There is one way in for the first admin, so that two links can never make two.
create unique index invitations_one_for_first_admin on invitations (for_first_admin) where for_first_admin;
