import { sql } from '../../../src/database/sql.ts'
import type { TestDatabase } from '../../support/database.ts'
import { connectionTo } from '../../support/database.ts'
import type { GatedDatabase } from './gated-database.ts'

/** How the legacy site registered: before its repair (two plain inserts of the profile) and after it (get_or_create twice). */
export interface LegacyDesign {
  profile: 'create' | 'get-or-create'
}

export interface LegacyAnswer {
  status: 303 | 422 | 500
}

/** The two tables of the legacy site, as Django makes them: the address not unique; the profile's user only where told. */
export async function legacyTables(db: TestDatabase, { uniqueProfiles }: { uniqueProfiles: boolean }): Promise<void> {
  const superuser = await connectionTo(db.superuserUrl)
  await superuser.query(`
    drop schema if exists legacy cascade;
    create schema legacy;
    create table legacy.users (id serial primary key, email text not null);
    create table legacy.profiles (
      id serial primary key, user_id int not null ${uniqueProfiles ? 'unique' : ''} references legacy.users, phone text
    );
    grant usage on schema legacy to meridian_app;
    grant all on all tables in schema legacy to meridian_app;
    grant all on all sequences in schema legacy to meridian_app;`)
}

/**
 * A registration of the legacy site, statement by statement, each a commit of its own: the form asks whether the address is
 * taken, the user is saved, the signal makes a profile, and then the form makes it again.
 */
export async function legacyRegister(
  database: GatedDatabase,
  email: string,
  { profile }: LegacyDesign,
): Promise<LegacyAnswer> {
  const taken = await database.row(sql`select id from legacy.users where email = ${email}`)
  if (taken) return { status: 422 }
  try {
    const user = await database.row<{ id: number }>(
      sql`insert into legacy.users (email) values (${email}) returning id`,
    )
    const make = profile === 'create' ? create : getOrCreate
    await make(database, user?.id ?? 0, null)
    await make(database, user?.id ?? 0, '+14155550100')
    return { status: 303 }
  } catch {
    return { status: 500 }
  }
}

/** The form once more, as by a double click on a page whose first answer was an error; Django's own update of what was typed. */
export async function legacySaveProfile(
  database: GatedDatabase,
  email: string,
  { profile }: LegacyDesign,
): Promise<LegacyAnswer> {
  const user = await database.row<{ id: number }>(sql`select id from legacy.users where email = ${email}`)
  if (!user) return { status: 422 }
  try {
    await (profile === 'create' ? create : getOrCreate)(database, user.id, '+14155550101')
    return { status: 303 }
  } catch {
    return { status: 500 }
  }
}

async function create(database: GatedDatabase, user: number, phone: string | null): Promise<void> {
  await database.rows(sql`insert into legacy.profiles (user_id, phone) values (${user}, ${phone})`)
}

async function getOrCreate(database: GatedDatabase, user: number, phone: string | null): Promise<void> {
  const found = await database.row(sql`select id from legacy.profiles where user_id = ${user}`)
  if (found) await database.rows(sql`update legacy.profiles set phone = ${phone} where user_id = ${user}`)
  else await create(database, user, phone)
}
