-- What an import from another system needs to be taken up again, repeated and taken back.

-- The schemes of the imported hashes that are still in use, each with a hash of nobody's password: from these a node
-- learns how long a refusal has to take, so that its time does not tell an imported account from another.
create table imported_password_schemes (
  scheme text primary key check (char_length(scheme) between 1 and 100),
  decoy text not null check (octet_length(decoy) between 20 and 512)
);

-- The passwords that were hashed elsewhere: they get fewer with each sign-in, and the index with them.
create index passwords_imported_idx on passwords (account_id) where hash not like '$argon2id$%';
