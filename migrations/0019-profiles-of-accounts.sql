-- When a profile goes, PostgreSQL looks for the account that points at it. Without these it reads every account for that,
-- once for each that is erased or taken back.
create index accounts_customer_profile_id_idx on accounts (customer_profile_id) where customer_profile_id is not null;
create index accounts_staff_profile_id_idx on accounts (staff_profile_id) where staff_profile_id is not null;
