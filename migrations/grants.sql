-- What the application's role may do, said anew after every migration. :"app" is that role's name.
-- It owns nothing and creates nothing: it cannot change the schema, disable a constraint, or rewrite what happened.
grant usage on schema public to :"app";
grant select, insert, update, delete on
  accounts, customer_profiles, staff_profiles, passwords, sessions, receipts, limits, letters, codes,
  recovery_requests, email_changes, pending_registrations, invitations, known_browsers, runs, archived_rows,
  imported_password_schemes, imported_rows, import_questions,
  customer_directory, directory_keys, directory_changes, directory_turns
  to :"app";
grant select, insert on audit_events, tombstones, hourly_figures to :"app";
grant select on schema_migrations to :"app";
-- Update, for the row locks of housekeeping alone.
grant select, insert, update, delete on verdicts to :"app";
