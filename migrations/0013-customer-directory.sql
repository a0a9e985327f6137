-- Where the staff find customers. Made from accounts and customer_profiles, and always to be made again from them: a
-- registration writes nothing here, and is entered a moment later (docs/decisions, "A directory that readers keep").
create table customer_directory (
  account_id uuid primary key references accounts (id) on delete cascade,
  -- Folded: lower case, no marks, each run of letters or of digits a word of its own.
  words text[] not null,
  -- Digits alone, with the country's.
  phone text collate "C",
  name_key text collate "C" not null,
  state text not null check (state in ('active', 'unconfirmed', 'suspended', 'closing')),
  country text collate "C"
);

create index customer_directory_words_idx on customer_directory using gin (words);
create index customer_directory_phone_idx on customer_directory (phone) where phone is not null;
create index customer_directory_phone_end_idx on customer_directory (reverse(phone) collate "C") where phone is not null;
create index customer_directory_name_idx on customer_directory (name_key, account_id);
create index customer_directory_state_idx on customer_directory (state, account_id);
create index customer_directory_state_name_idx on customer_directory (state, name_key, account_id);
create index customer_directory_country_idx on customer_directory (country, account_id);
create index customer_directory_country_name_idx on customer_directory (country, name_key, account_id);

-- Every word once, under what leads to it: '^' and the word, '-' and each of its endings, '~' and the word with one letter
-- left out. So a beginning, a fragment and a typo are each found by a short walk through one index.
create table directory_keys (
  key text collate "C" not null,
  word text collate "C" not null,
  primary key (key, word)
);

-- Customers whose entry is out of date. Only ever added to by those who change them, so that nobody waits for it.
create table directory_changes (
  id bigint generated always as identity primary key,
  account_id uuid not null
);

create function note_directory_change() returns trigger language plpgsql as $$
begin
  insert into directory_changes (account_id) values (new.account_id);
  return null;
end $$;

create function note_directory_change_of_account() returns trigger language plpgsql as $$
begin
  insert into directory_changes (account_id) values (new.id);
  return null;
end $$;

create trigger accounts_in_directory
  after update of kind, status, email, email_confirmed_at, username, first_name, last_name on accounts
  for each row
  when ((old.kind, old.status, old.email, old.email_confirmed_at, old.username, old.first_name, old.last_name)
    is distinct from (new.kind, new.status, new.email, new.email_confirmed_at, new.username, new.first_name, new.last_name))
  execute function note_directory_change_of_account();

create trigger customer_profiles_in_directory
  after update of phone_number, company, city, country on customer_profiles
  for each row
  when ((old.phone_number, old.company, old.city, old.country)
    is distinct from (new.phone_number, new.company, new.city, new.country))
  execute function note_directory_change();
