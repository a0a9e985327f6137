-- Browsers that an account has been signed in with, so that one more can be told to its owner. The hash covers the
-- browser's cookie and the account, so that this table does not tell which accounts are used in one browser.
create table known_browsers (
  account_id uuid not null references accounts (id) on delete cascade,
  browser_hash bytea not null check (octet_length(browser_hash) = 32),
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  primary key (account_id, browser_hash)
);
