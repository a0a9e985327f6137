/** Everything that an import writes, but for what differs from run to run: its id, moments, and random decoys. */
const PARTS = [
  'select to_jsonb(t) as row from accounts t',
  'select to_jsonb(t) from customer_profiles t',
  'select to_jsonb(t) from staff_profiles t',
  'select to_jsonb(t) from passwords t',
  `select to_jsonb(t) - 'run_id' from imported_rows t`,
  `select to_jsonb(t) - 'run_id' - 'id' - 'archived_at' from archived_rows t`,
  `select to_jsonb(t) - 'run_id' - 'id' from import_questions t`,
  `select to_jsonb(t) - 'decoy' from imported_password_schemes t`,
]

/** One checksum of it all, whatever the order: the hashes of the rows, added up. */
export const IMPORTED_STATE = `
  select count(*) || ' ' || coalesce(sum(('x' || left(md5(row::text), 15))::bit(60)::bigint), 0) as sum
  from (${PARTS.join(' union all ')}) s`
