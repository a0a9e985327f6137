create table accounts (
  id uuid not null,
  kind text not null,
  status text default 'active'::text not null,
  email text,
  email_delivery text,
  email_canonical text collate "C",
  email_canonical_version smallint,
  email_confirmed_at timestamp with time zone,
  username text,
  username_canonical text collate "C",
  first_name text not null,
  last_name text not null,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  customer_profile_id uuid generated always as (
CASE
    WHEN (kind = 'customer'::text) THEN id
    ELSE NULL::uuid
END) stored,
  staff_profile_id uuid generated always as (
CASE
    WHEN (kind = 'staff'::text) THEN id
    ELSE NULL::uuid
END) stored,
  closes_at timestamp with time zone,
  closing_reason text,
  constraint accounts_can_be_named CHECK ((num_nonnulls(email_canonical, username_canonical) > 0)),
  constraint accounts_closing_has_its_date CHECK (((status = 'closing'::text) = (closes_at IS NOT NULL))),
  constraint accounts_closing_has_the_reason CHECK (((closing_reason IS NULL) OR (status = 'closing'::text))),
  constraint accounts_closing_reason_check CHECK ((char_length(closing_reason) <= 500)),
  constraint accounts_customer_profile_fkey FOREIGN KEY (customer_profile_id) REFERENCES customer_profiles(account_id) DEFERRABLE INITIALLY DEFERRED,
  constraint accounts_email_canonical_check CHECK (((octet_length(email_canonical) >= 3) AND (octet_length(email_canonical) <= 254))),
  constraint accounts_email_canonical_key UNIQUE (email_canonical),
  constraint accounts_email_check CHECK (((octet_length(email) >= 3) AND (octet_length(email) <= 1016))),
  constraint accounts_email_delivery_check CHECK (((octet_length(email_delivery) >= 3) AND (octet_length(email_delivery) <= 254))),
  constraint accounts_email_has_at CHECK ((POSITION(('@'::text) IN (email_canonical)) > 1)),
  constraint accounts_email_is_canonical CHECK ((email_canonical = lower(email_canonical))),
  constraint accounts_email_is_whole CHECK ((num_nonnulls(email, email_delivery, email_canonical, email_canonical_version) = ANY (ARRAY[0, 4]))),
  constraint accounts_first_name_check CHECK ((char_length(first_name) <= 150)),
  constraint accounts_id_kind_key UNIQUE (id, kind),
  constraint accounts_kind_check CHECK ((kind = ANY (ARRAY['customer'::text, 'staff'::text]))),
  constraint accounts_last_name_check CHECK ((char_length(last_name) <= 150)),
  constraint accounts_pkey PRIMARY KEY (id),
  constraint accounts_staff_profile_fkey FOREIGN KEY (staff_profile_id) REFERENCES staff_profiles(account_id) DEFERRABLE INITIALLY DEFERRED,
  constraint accounts_status_check CHECK ((status = ANY (ARRAY['active'::text, 'suspended'::text, 'closing'::text]))),
  constraint accounts_username_canonical_check CHECK (((char_length(username_canonical) >= 1) AND (char_length(username_canonical) <= 150))),
  constraint accounts_username_check CHECK (((char_length(username) >= 1) AND (char_length(username) <= 150))),
  constraint accounts_username_has_no_at CHECK ((POSITION(('@'::text) IN (username_canonical)) = 0)),
  constraint accounts_username_is_whole CHECK ((num_nonnulls(username, username_canonical) = ANY (ARRAY[0, 2])))
);
CREATE INDEX accounts_closes_at_idx ON public.accounts USING btree (closes_at) WHERE (status = 'closing'::text);
CREATE INDEX accounts_customer_profile_id_idx ON public.accounts USING btree (customer_profile_id) WHERE (customer_profile_id IS NOT NULL);
CREATE INDEX accounts_staff_profile_id_idx ON public.accounts USING btree (staff_profile_id) WHERE (staff_profile_id IS NOT NULL);
CREATE UNIQUE INDEX accounts_username_canonical_key ON public.accounts USING btree (username_canonical) WHERE (username_canonical IS NOT NULL);
CREATE TRIGGER accounts_in_directory AFTER UPDATE OF kind, status, email, email_confirmed_at, username, first_name, last_name ON public.accounts FOR EACH ROW WHEN ((((((((old.kind IS DISTINCT FROM new.kind) OR (old.status IS DISTINCT FROM new.status)) OR (old.email IS DISTINCT FROM new.email)) OR (old.email_confirmed_at IS DISTINCT FROM new.email_confirmed_at)) OR (old.username IS DISTINCT FROM new.username)) OR (old.first_name IS DISTINCT FROM new.first_name)) OR (old.last_name IS DISTINCT FROM new.last_name))) EXECUTE FUNCTION note_directory_change_of_account();
CREATE CONSTRAINT TRIGGER accounts_keep_an_admin AFTER UPDATE ON public.accounts NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (((old.kind = 'staff'::text) AND (old.status = 'active'::text) AND ((new.kind <> 'staff'::text) OR (new.status <> 'active'::text)))) EXECUTE FUNCTION staff_keep_an_admin();

create table archived_rows (
  id bigint generated always as identity not null,
  run_id uuid not null,
  relation text not null,
  account_id uuid,
  former jsonb,
  made jsonb,
  why text not null,
  archived_at timestamp with time zone default now() not null,
  constraint archived_rows_pkey PRIMARY KEY (id),
  constraint archived_rows_relation_check CHECK (((char_length(relation) >= 1) AND (char_length(relation) <= 200))),
  constraint archived_rows_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id),
  constraint archived_rows_say_something CHECK ((num_nonnulls(former, made) > 0)),
  constraint archived_rows_why_check CHECK (((char_length(why) >= 1) AND (char_length(why) <= 1000)))
);
CREATE INDEX archived_rows_account_id_idx ON public.archived_rows USING btree (account_id);
CREATE INDEX archived_rows_run_id_idx ON public.archived_rows USING btree (run_id, id);

create table audit_events (
  id bigint generated always as identity not null,
  occurred_at timestamp with time zone default now() not null,
  event text not null,
  account_id uuid,
  actor_id uuid,
  network text,
  reference text,
  details jsonb default '{}'::jsonb not null,
  constraint audit_events_event_check CHECK ((event ~ '^[a-z]+(-[a-z]+)*$'::text)),
  constraint audit_events_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_events_account_id_idx ON public.audit_events USING btree (account_id, id);
CREATE INDEX audit_events_by_others_idx ON public.audit_events USING btree (actor_id, id) WHERE (actor_id IS DISTINCT FROM account_id);
CREATE INDEX audit_events_occurred_at_idx ON public.audit_events USING brin (occurred_at);
CREATE INDEX audit_events_rare_idx ON public.audit_events USING btree (event, id) WHERE (event <> ALL ('{customer-registered,signed-in,signed-out,sign-in-refused}'::text[]));

create table codes (
  id uuid not null,
  code_hash bytea not null,
  purpose text not null,
  account_id uuid not null,
  email_canonical text collate "C" not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  spent_at timestamp with time zone,
  constraint codes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint codes_code_hash_check CHECK ((octet_length(code_hash) = 32)),
  constraint codes_code_hash_key UNIQUE (code_hash),
  constraint codes_pkey PRIMARY KEY (id),
  constraint codes_purpose_check CHECK ((purpose ~ '^[a-z]+(-[a-z]+)*$'::text))
);
CREATE INDEX codes_account_id_idx ON public.codes USING btree (account_id);

create table customer_directory (
  account_id uuid not null,
  words text[] not null,
  phone text collate "C",
  name_key text collate "C" not null,
  state text not null,
  country text collate "C",
  constraint customer_directory_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint customer_directory_pkey PRIMARY KEY (account_id),
  constraint customer_directory_state_check CHECK ((state = ANY (ARRAY['active'::text, 'unconfirmed'::text, 'suspended'::text, 'closing'::text])))
);
CREATE INDEX customer_directory_country_idx ON public.customer_directory USING btree (country, account_id);
CREATE INDEX customer_directory_country_name_idx ON public.customer_directory USING btree (country, name_key, account_id);
CREATE INDEX customer_directory_name_idx ON public.customer_directory USING btree (name_key, account_id);
CREATE INDEX customer_directory_phone_end_idx ON public.customer_directory USING btree (reverse(phone));
CREATE INDEX customer_directory_phone_idx ON public.customer_directory USING btree (phone) WHERE (phone IS NOT NULL);
CREATE INDEX customer_directory_state_idx ON public.customer_directory USING btree (state, account_id);
CREATE INDEX customer_directory_state_name_idx ON public.customer_directory USING btree (state, name_key, account_id);
CREATE INDEX customer_directory_words_idx ON public.customer_directory USING gin (words);

create table customer_profiles (
  account_id uuid not null,
  kind text generated always as ('customer'::text) stored not null,
  phone_number text,
  company text,
  address text,
  city text,
  state text,
  country text,
  postal_code text,
  date_of_birth date,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint customer_profiles_account_fkey FOREIGN KEY (account_id, kind) REFERENCES accounts(id, kind) ON DELETE CASCADE,
  constraint customer_profiles_address_check CHECK ((char_length(address) <= 500)),
  constraint customer_profiles_city_check CHECK ((char_length(city) <= 100)),
  constraint customer_profiles_company_check CHECK ((char_length(company) <= 150)),
  constraint customer_profiles_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint customer_profiles_date_of_birth_check CHECK ((date_of_birth >= '1900-01-01'::date)),
  constraint customer_profiles_phone_number_check CHECK ((phone_number ~ '^\+[1-9][0-9]{5,14}$'::text)),
  constraint customer_profiles_pkey PRIMARY KEY (account_id),
  constraint customer_profiles_postal_code_check CHECK ((char_length(postal_code) <= 20)),
  constraint customer_profiles_state_check CHECK ((char_length(state) <= 100))
);
CREATE TRIGGER customer_profiles_in_directory AFTER UPDATE OF phone_number, company, city, country ON public.customer_profiles FOR EACH ROW WHEN (((((old.phone_number IS DISTINCT FROM new.phone_number) OR (old.company IS DISTINCT FROM new.company)) OR (old.city IS DISTINCT FROM new.city)) OR (old.country IS DISTINCT FROM new.country))) EXECUTE FUNCTION note_directory_change();

create table directory_changes (
  id bigint generated always as identity not null,
  account_id uuid not null,
  constraint directory_changes_pkey PRIMARY KEY (id)
);

create table directory_keys (
  key text collate "C" not null,
  word text collate "C" not null,
  constraint directory_keys_pkey PRIMARY KEY (key, word)
);

create table directory_turns (
  only_one boolean default true not null,
  begun_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  constraint directory_turns_only_one_check CHECK (only_one),
  constraint directory_turns_pkey PRIMARY KEY (only_one)
);

create table email_changes (
  code_id uuid not null,
  email text not null,
  email_delivery text not null,
  email_canonical_version smallint not null,
  confirmed_at timestamp with time zone,
  former_canonical text collate "C",
  constraint email_changes_code_id_fkey FOREIGN KEY (code_id) REFERENCES codes(id) ON DELETE CASCADE,
  constraint email_changes_email_check CHECK (((octet_length(email) >= 3) AND (octet_length(email) <= 1016))),
  constraint email_changes_email_delivery_check CHECK (((octet_length(email_delivery) >= 3) AND (octet_length(email_delivery) <= 254))),
  constraint email_changes_former_canonical_check CHECK (((octet_length(former_canonical) >= 3) AND (octet_length(former_canonical) <= 254))),
  constraint email_changes_pkey PRIMARY KEY (code_id)
);

create table hourly_figures (
  hour timestamp with time zone not null,
  counts jsonb not null,
  constraint hourly_figures_pkey PRIMARY KEY (hour)
);

create table import_questions (
  id uuid not null,
  run_id uuid not null,
  legacy_id bigint not null,
  account_id uuid,
  finding text not null,
  wanted text not null,
  decided_at timestamp with time zone,
  decided_by uuid,
  decision text,
  constraint import_questions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint import_questions_are_decided_whole CHECK ((num_nonnulls(decided_at, decision) = ANY (ARRAY[0, 2]))),
  constraint import_questions_decision_check CHECK ((decision ~ '^[a-z]+(-[a-z]+)*$'::text)),
  constraint import_questions_finding_check CHECK ((finding ~ '^[a-z]+(-[a-z]+)*$'::text)),
  constraint import_questions_pkey PRIMARY KEY (id),
  constraint import_questions_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id),
  constraint import_questions_wanted_check CHECK (((octet_length(wanted) >= 1) AND (octet_length(wanted) <= 1016)))
);
CREATE INDEX import_questions_account_id_idx ON public.import_questions USING btree (account_id);
CREATE INDEX import_questions_open_idx ON public.import_questions USING btree (id) WHERE (decided_at IS NULL);
CREATE INDEX import_questions_run_id_idx ON public.import_questions USING btree (run_id);

create table imported_password_schemes (
  scheme text not null,
  decoy text not null,
  constraint imported_password_schemes_decoy_check CHECK (((octet_length(decoy) >= 20) AND (octet_length(decoy) <= 512))),
  constraint imported_password_schemes_pkey PRIMARY KEY (scheme),
  constraint imported_password_schemes_scheme_check CHECK (((char_length(scheme) >= 1) AND (char_length(scheme) <= 100)))
);

create table imported_rows (
  source text not null,
  relation text not null,
  legacy_id bigint not null,
  account_id uuid,
  run_id uuid not null,
  findings text[] default '{}'::text[] not null,
  constraint imported_rows_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE SET NULL,
  constraint imported_rows_pkey PRIMARY KEY (source, relation, legacy_id),
  constraint imported_rows_relation_check CHECK (((char_length(relation) >= 1) AND (char_length(relation) <= 100))),
  constraint imported_rows_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(id),
  constraint imported_rows_source_check CHECK (((char_length(source) >= 1) AND (char_length(source) <= 100)))
);
CREATE INDEX imported_rows_account_id_idx ON public.imported_rows USING btree (account_id);
CREATE INDEX imported_rows_run_id_idx ON public.imported_rows USING btree (run_id);

create table invitations (
  id uuid not null,
  code_hash bytea not null,
  role text not null,
  for_first_admin boolean default false not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by uuid,
  email text,
  email_delivery text,
  email_canonical text collate "C",
  email_canonical_version smallint,
  invited_by uuid,
  revoked_at timestamp with time zone,
  constraint invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES accounts(id) ON DELETE SET NULL,
  constraint invitations_code_hash_check CHECK ((octet_length(code_hash) = 32)),
  constraint invitations_code_hash_key UNIQUE (code_hash),
  constraint invitations_email_canonical_check CHECK (((octet_length(email_canonical) >= 3) AND (octet_length(email_canonical) <= 254))),
  constraint invitations_email_check CHECK (((octet_length(email) >= 3) AND (octet_length(email) <= 1016))),
  constraint invitations_email_delivery_check CHECK (((octet_length(email_delivery) >= 3) AND (octet_length(email_delivery) <= 254))),
  constraint invitations_email_is_whole CHECK ((num_nonnulls(email, email_delivery, email_canonical, email_canonical_version) = ANY (ARRAY[0, 4]))),
  constraint invitations_first_admin_is_admin CHECK (((NOT for_first_admin) OR (role = 'admin'::text))),
  constraint invitations_have_one_end CHECK ((num_nonnulls(accepted_at, revoked_at) < 2)),
  constraint invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES accounts(id) ON DELETE SET NULL,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_role_check CHECK ((role = ANY (ARRAY['customer_care'::text, 'manager'::text, 'admin'::text])))
);
CREATE INDEX invitations_accepted_by_idx ON public.invitations USING btree (accepted_by);
CREATE INDEX invitations_invited_by_idx ON public.invitations USING btree (invited_by);
CREATE UNIQUE INDEX invitations_one_for_first_admin ON public.invitations USING btree (for_first_admin) WHERE for_first_admin;
CREATE UNIQUE INDEX invitations_one_open_per_address ON public.invitations USING btree (email_canonical) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));

create table known_browsers (
  account_id uuid not null,
  browser_hash bytea not null,
  first_seen_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null,
  constraint known_browsers_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint known_browsers_browser_hash_check CHECK ((octet_length(browser_hash) = 32)),
  constraint known_browsers_pkey PRIMARY KEY (account_id, browser_hash)
);

create table letters (
  id uuid not null,
  account_id uuid,
  kind text not null,
  recipient text not null,
  data jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  code_id uuid,
  due_at timestamp with time zone default now() not null,
  attempts integer default 0 not null,
  claimed_until timestamp with time zone,
  sent_at timestamp with time zone,
  given_up_at timestamp with time zone,
  last_error text,
  constraint letters_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint letters_attempts_check CHECK ((attempts >= 0)),
  constraint letters_have_one_end CHECK ((num_nonnulls(sent_at, given_up_at) < 2)),
  constraint letters_kind_check CHECK ((kind ~ '^[a-z]+(-[a-z]+)*$'::text)),
  constraint letters_last_error_check CHECK ((char_length(last_error) <= 500)),
  constraint letters_pkey PRIMARY KEY (id),
  constraint letters_recipient_check CHECK (((octet_length(recipient) >= 3) AND (octet_length(recipient) <= 254)))
);
CREATE INDEX letters_account_id_idx ON public.letters USING btree (account_id);
CREATE INDEX letters_failing_idx ON public.letters USING btree (id) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL) AND (last_error IS NOT NULL));
CREATE INDEX letters_given_up_idx ON public.letters USING btree (id) WHERE (given_up_at IS NOT NULL);
CREATE UNIQUE INDEX letters_one_welcome_per_account ON public.letters USING btree (account_id) WHERE (kind = 'welcome'::text);
CREATE INDEX letters_rare_idx ON public.letters USING btree (kind, id) WHERE (kind <> ALL ('{welcome,new-device}'::text[]));
CREATE INDEX letters_to_no_account_idx ON public.letters USING btree (lower(recipient)) WHERE (account_id IS NULL);
CREATE INDEX letters_waiting_idx ON public.letters USING btree (due_at) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL));

create table limits (
  key text not null,
  taken integer not null,
  most integer,
  strikes integer default 0 not null,
  window_ends_at timestamp with time zone not null,
  constraint limits_pkey PRIMARY KEY (key)
);

create table passwords (
  account_id uuid not null,
  hash text not null,
  changed_at timestamp with time zone default now() not null,
  consecutive_failures integer default 0 not null,
  disabled_at timestamp with time zone,
  constraint passwords_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint passwords_consecutive_failures_check CHECK ((consecutive_failures >= 0)),
  constraint passwords_hash_check CHECK (((octet_length(hash) >= 20) AND (octet_length(hash) <= 512))),
  constraint passwords_pkey PRIMARY KEY (account_id)
);
CREATE INDEX passwords_imported_idx ON public.passwords USING btree (account_id) WHERE (hash !~~ '$argon2id$%'::text);

create table pending_registrations (
  id uuid not null,
  code_hash bytea not null,
  receipt_hash bytea not null,
  browser_hash bytea,
  email text not null,
  email_delivery text not null,
  email_canonical text collate "C" not null,
  email_canonical_version smallint not null,
  username text,
  username_canonical text collate "C",
  first_name text not null,
  last_name text not null,
  password_hash text not null,
  phone_number text,
  company text,
  address text,
  city text,
  state text,
  country text,
  postal_code text,
  date_of_birth date,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  settled_at timestamp with time zone,
  constraint pending_registrations_address_check CHECK ((char_length(address) <= 500)),
  constraint pending_registrations_browser_hash_check CHECK ((octet_length(browser_hash) = 32)),
  constraint pending_registrations_city_check CHECK ((char_length(city) <= 100)),
  constraint pending_registrations_code_hash_check CHECK ((octet_length(code_hash) = 32)),
  constraint pending_registrations_code_hash_key UNIQUE (code_hash),
  constraint pending_registrations_company_check CHECK ((char_length(company) <= 150)),
  constraint pending_registrations_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
  constraint pending_registrations_date_of_birth_check CHECK ((date_of_birth >= '1900-01-01'::date)),
  constraint pending_registrations_email_canonical_check CHECK (((octet_length(email_canonical) >= 3) AND (octet_length(email_canonical) <= 254))),
  constraint pending_registrations_email_check CHECK (((octet_length(email) >= 3) AND (octet_length(email) <= 1016))),
  constraint pending_registrations_email_delivery_check CHECK (((octet_length(email_delivery) >= 3) AND (octet_length(email_delivery) <= 254))),
  constraint pending_registrations_first_name_check CHECK ((char_length(first_name) <= 150)),
  constraint pending_registrations_last_name_check CHECK ((char_length(last_name) <= 150)),
  constraint pending_registrations_password_hash_check CHECK (((octet_length(password_hash) >= 20) AND (octet_length(password_hash) <= 512))),
  constraint pending_registrations_phone_number_check CHECK ((phone_number ~ '^\+[1-9][0-9]{5,14}$'::text)),
  constraint pending_registrations_pkey PRIMARY KEY (id),
  constraint pending_registrations_postal_code_check CHECK ((char_length(postal_code) <= 20)),
  constraint pending_registrations_receipt_hash_check CHECK ((octet_length(receipt_hash) = 32)),
  constraint pending_registrations_receipt_hash_key UNIQUE (receipt_hash),
  constraint pending_registrations_state_check CHECK ((char_length(state) <= 100)),
  constraint pending_registrations_username_canonical_check CHECK (((char_length(username_canonical) >= 1) AND (char_length(username_canonical) <= 150))),
  constraint pending_registrations_username_check CHECK (((char_length(username) >= 1) AND (char_length(username) <= 150))),
  constraint pending_registrations_username_is_whole CHECK ((num_nonnulls(username, username_canonical) = ANY (ARRAY[0, 2])))
);
CREATE INDEX pending_registrations_browser_hash_idx ON public.pending_registrations USING btree (browser_hash);
CREATE INDEX pending_registrations_created_at_idx ON public.pending_registrations USING btree (created_at);
CREATE INDEX pending_registrations_email_canonical_idx ON public.pending_registrations USING btree (email_canonical);
CREATE INDEX pending_registrations_unsettled_idx ON public.pending_registrations USING btree (id) WHERE (settled_at IS NULL);

create table receipts (
  receipt_hash bytea not null,
  account_id uuid not null,
  created_at timestamp with time zone default now() not null,
  replayed_at timestamp with time zone,
  constraint receipts_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint receipts_pkey PRIMARY KEY (receipt_hash),
  constraint receipts_receipt_hash_check CHECK ((octet_length(receipt_hash) = 32))
);
CREATE INDEX receipts_account_id_idx ON public.receipts USING btree (account_id);

create table recovery_requests (
  id uuid not null,
  email_canonical text collate "C",
  username_canonical text collate "C",
  network text,
  reference text,
  created_at timestamp with time zone default now() not null,
  constraint recovery_requests_pkey PRIMARY KEY (id)
);

create table runs (
  id uuid not null,
  kind text not null,
  actor_id uuid,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  undone_at timestamp with time zone,
  details jsonb default '{}'::jsonb not null,
  constraint runs_kind_check CHECK ((kind ~ '^[a-z]+(-[a-z]+)*$'::text)),
  constraint runs_pkey PRIMARY KEY (id)
);

create table schema_migrations (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migrations_pkey PRIMARY KEY (name)
);

create table sessions (
  token_hash bytea not null,
  id uuid not null,
  account_id uuid not null,
  created_at timestamp with time zone default now() not null,
  last_seen_at timestamp with time zone default now() not null,
  idle_limit interval not null,
  expires_at timestamp with time zone not null,
  user_agent text,
  network text,
  authenticated_at timestamp with time zone default now() not null,
  constraint sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE,
  constraint sessions_network_check CHECK ((char_length(network) <= 64)),
  constraint sessions_pkey PRIMARY KEY (token_hash),
  constraint sessions_token_hash_check CHECK ((octet_length(token_hash) = 32)),
  constraint sessions_user_agent_check CHECK ((char_length(user_agent) <= 256))
);
CREATE INDEX sessions_account_id_idx ON public.sessions USING btree (account_id);

create table staff_profiles (
  account_id uuid not null,
  kind text generated always as ('staff'::text) stored not null,
  role text not null,
  phone_number text,
  department text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint staff_profiles_account_fkey FOREIGN KEY (account_id, kind) REFERENCES accounts(id, kind) ON DELETE CASCADE,
  constraint staff_profiles_department_check CHECK ((char_length(department) <= 100)),
  constraint staff_profiles_phone_number_check CHECK ((phone_number ~ '^\+[1-9][0-9]{5,14}$'::text)),
  constraint staff_profiles_pkey PRIMARY KEY (account_id),
  constraint staff_profiles_role_check CHECK ((role = ANY (ARRAY['customer_care'::text, 'manager'::text, 'admin'::text])))
);
CREATE CONSTRAINT TRIGGER staff_profiles_keep_an_admin AFTER UPDATE ON public.staff_profiles NOT DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (((old.role = 'admin'::text) AND (new.role <> 'admin'::text))) EXECUTE FUNCTION staff_keep_an_admin();

create table tombstones (
  identity_hash bytea not null,
  erased_at timestamp with time zone default now() not null,
  constraint tombstones_identity_hash_check CHECK ((octet_length(identity_hash) = 32)),
  constraint tombstones_pkey PRIMARY KEY (identity_hash)
);

create table verdicts (
  id uuid not null,
  given_at timestamp with time zone default now() not null,
  sound boolean not null,
  asked integer not null,
  findings jsonb not null,
  constraint verdicts_asked_check CHECK ((asked > 0)),
  constraint verdicts_pkey PRIMARY KEY (id),
  constraint verdicts_sound_or_findings CHECK ((sound = (findings = '[]'::jsonb)))
);

CREATE OR REPLACE FUNCTION public.note_directory_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into directory_changes (account_id) values (new.account_id);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.note_directory_change_of_account()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into directory_changes (account_id) values (new.id);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION public.staff_keep_an_admin()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
  perform pg_advisory_xact_lock(hashtext('staff'));
  if not exists (
    select from accounts a join staff_profiles p on p.account_id = a.id
    where a.kind = 'staff' and a.status = 'active' and p.role = 'admin'
  ) then
    raise exception 'there would be no active admin left'
      using errcode = 'check_violation', constraint = 'staff_keep_an_admin';
  end if;
  return null;
end
$function$;
