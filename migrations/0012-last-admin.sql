-- There is always an active admin once there was one, whatever is updated and by whom: two admins who demote or suspend
-- each other at once are looked at one after the other. Read committed, which everything here uses, gives each query of
-- the function a view of its own, taken after the lock. Deleting is not held back: only an undone import does it.
create function staff_keep_an_admin() returns trigger language plpgsql set search_path = public, pg_temp as $$
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
$$;

create constraint trigger accounts_keep_an_admin after update on accounts for each row
  when (old.kind = 'staff' and old.status = 'active' and (new.kind <> 'staff' or new.status <> 'active'))
  execute function staff_keep_an_admin();

create constraint trigger staff_profiles_keep_an_admin after update on staff_profiles for each row
  when (old.role = 'admin' and new.role <> 'admin')
  execute function staff_keep_an_admin();
