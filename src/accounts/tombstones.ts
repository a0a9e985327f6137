import { sql, type Sql } from '../database/sql.ts'

/** By what an erased person is recognised in an import. */
export type Identity = 'email' | 'username'

/**
 * The hash that stands for an erased person, as a fragment. `canonical` is the one form in which addresses or usernames
 * are compared. docs/decisions says why it has a label instead of a key.
 */
export function identityHash(identity: Identity, canonical: Sql): Sql {
  return sql`sha256(convert_to(${`meridian tombstone: ${identity}: `}::text || ${canonical}, 'UTF8'))`
}

/** The tombstone of an account, as a fragment. `from` has email_canonical and username_canonical. */
export function tombstoneInsert(from: Sql): Sql {
  return sql`
    insert into tombstones (identity_hash)
    select coalesce(${identityHash('email', sql`email_canonical`)}, ${identityHash('username', sql`username_canonical`)})
    from ${from}
    on conflict do nothing`
}
