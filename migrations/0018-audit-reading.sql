-- For reading the record by who did it and by what was done. Registering, signing in and out are by far the most and are
-- done by people to themselves: they are in neither index, so that no registration pays for it.
create index audit_events_by_others_idx on audit_events (actor_id, id) where actor_id is distinct from account_id;
create index audit_events_rare_idx on audit_events (event, id)
  where event <> all ('{customer-registered,signed-in,signed-out,sign-in-refused}');
create index audit_events_occurred_at_idx on audit_events using brin (occurred_at);
