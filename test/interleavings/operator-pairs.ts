import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { MINUTE } from '../../src/lib/time.ts'
import { examine, invariantsOf, type Finding } from '../../src/operations/doctor/doctor.ts'
import { repair } from '../../src/operations/doctor/repair.ts'
import { importDjango } from '../../src/operations/django-import/import.ts'
import { canaryEmail } from '../support/canary.ts'
import type { TestDatabase } from '../support/database.ts'
import { importFrom, inLegacy } from '../support/legacy.ts'
import type { Answer } from '../support/visitor.ts'
import type { Flow } from './support/explorer.ts'
import type { GatedDatabase } from './support/gated-database.ts'
import type { GatedWire } from './support/gated-wire.ts'
import { ANSWER_OF_A_JOB, type Prepare } from './pairs.ts'
import { belongTogether, customerAt, idOf, registrationOf, type Stage } from './support/stage.ts'

/** What an operator's commands run on. */
export interface Commands {
  legacy: TestDatabase
  /** Between the import and our database. */
  wire: GatedWire
  /** As the owner of the tables, whom a repair needs. */
  owner: GatedDatabase
}

/** What the legacy database has of each user. */
const EVERY_ROW = ['django.accounts_customerprofile', 'django.auth_user']

/** Tables that a registration writes to as well: the statements on others are the import's own affair. */
const SHARED = /\b(accounts|customer_profiles)\b/

/** The gates of an import: where it looks for names, where it takes them, and where it writes what hangs on them. */
export function gateOfImport(text: string): string | null {
  return SHARED.test(text) ? text.replace(/\s+/g, ' ').slice(0, 60) : null
}

/** What an operator does while somebody registers. The database is these pairs' own: whole after each meeting, by the doctor. */
export function operatorPairsOn(
  db: TestDatabase,
  stage: Stage,
  { legacy, wire, owner }: Commands,
): Record<string, Prepare> {
  return {
    'registration × import batch, one address': async () => {
      const email = canaryEmail()
      const username = newUsername()
      const legacyId = await legacyUser(email.toUpperCase(), username)
      const registration = await registrationOf(stage, { email })
      return {
        flows: { registration, batch: importing() },
        check: async (answers) => {
          const registered = isRegistered(answers['registration'], 'This email address is already registered.')
          const imported = await importedAs(legacyId)
          expect(imported).toEqual({
            id: imported?.id,
            email: registered ? null : email,
            username,
            profiles: 1,
            archived: registered ? ['django.auth_user'] : [],
            questions: registered ? ['address-taken'] : [],
          })
          expect(imported?.id).not.toBeNull()
          expect((await idOf(db, email)) === imported?.id).toBe(!registered)
          expect(await belongTogether(db, email, registration.form['password'] as string)).toBe(registered)
          expect(await registration.visitor.isSignedIn()).toBe(registered)
          expect(await soundness()).toEqual([])
        },
      }
    },

    'registration × import batch, address and username': async () => {
      const email = canaryEmail()
      const username = newUsername()
      const legacyId = await legacyUser(email, username)
      const registration = await registrationOf(stage, { email, username })
      return {
        flows: { registration, batch: importing() },
        check: async (answers) => {
          const registered = answers['registration']?.status === 303
          const imported = await importedAs(legacyId)
          // Whose both names are somebody's has none to be called by: the row is kept for a person to decide about.
          expect(imported).toMatchObject(
            registered
              ? { id: null, archived: EVERY_ROW, questions: ['address-taken', 'username-taken'] }
              : { email, username, profiles: 1, questions: [] },
          )
          expect(await belongTogether(db, email, registration.form['password'] as string)).toBe(registered)
          expect(await soundness()).toEqual([])
        },
      }
    },

    'registration × repair': async () => {
      const keeper = await customerAt(db, stage)
      const twin = await customerAt(db, stage)
      const half = await customerAt(db, stage)
      await damage(keeper.id, twin.id, half.id)
      const before = await findings()
      expect(before.map(({ invariant }) => invariant)).toEqual(
        expect.arrayContaining(['constraints-in-place', 'one-account-per-address', 'one-profile-of-its-kind']),
      )
      const registration = await registrationOf(stage, { email: keeper.email })
      const repairing: Flow<Answer> = {
        database: owner,
        run: async () => {
          const { deeds } = await repair(owner, before, 'meridian_app')
          expect(deeds.filter(({ failed }) => failed !== null)).toEqual([])
          return ANSWER_OF_A_JOB
        },
      }
      return {
        flows: { registration, repairing },
        check: async (answers) => {
          // Before the constraint is back the newcomer may be told of a success: the address stays with who had it first.
          const registered = isRegistered(answers['registration'], 'This email address is already registered.')
          expect(await registration.visitor.isSignedIn()).toBe(registered)
          expect(await idOf(db, keeper.email)).toBe(keeper.id)
          expect(await belongTogether(db, keeper.email, keeper.password)).toBe(true)
          const [twinNow] = await db.query('select email_canonical, username_canonical from accounts where id = $1', [
            twin.id,
          ])
          expect(twinNow).toEqual({ email_canonical: null, username_canonical: `account-${twin.id}` })
          expect(await db.count(`customer_profiles where account_id = '${half.id}'`)).toBe(1)
          expect(await soundness()).toEqual([])
        },
      }
    },
  }

  function importing(): Flow<Answer> {
    const run = async () => {
      await importDjango(importFrom(legacy.superuserUrl, wire.url(db.appUrl)))
      return ANSWER_OF_A_JOB
    }
    return { database: wire, run }
  }

  /** The one user whom the next import has not dealt with yet, and so the whole of its batch. */
  async function legacyUser(email: string, username: string): Promise<string> {
    const [user] = await inLegacy<{ id: number }>(
      legacy,
      `with u as (
         insert into auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
         values ('pbkdf2_sha256$260000$KpsTzqbbUc3YpjSGL5OM2m$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k=', false, '${username}',
           'Ann', 'Archer', '${email}', false, true, now() - interval '1 year') returning id
       )
       insert into accounts_customerprofile (phone_number, city, is_active_customer, created_at, updated_at, user_id)
       select '+1 202 555 0142', 'Baltimore', true, now(), now(), id from u returning user_id as id`,
    )
    return String(user?.id)
  }

  async function importedAs(legacyId: string) {
    const [row] = await db.query<{
      id: string | null
      email: string | null
      username: string | null
      profiles: number
      archived: string[]
      questions: string[]
    }>(
      `select a.id, a.email_canonical as email, a.username_canonical as username,
         (select count(*)::int from customer_profiles p where p.account_id = a.id) as profiles,
         (select coalesce(array_agg(r.relation order by r.relation), '{}') from archived_rows r
           where r.former ->> case r.relation when 'django.auth_user' then 'id' else 'user_id' end = $1) as archived,
         (select coalesce(array_agg(q.finding order by q.finding), '{}') from import_questions q where q.legacy_id = i.legacy_id) as questions
       from imported_rows i left join accounts a on a.id = i.account_id
       where i.relation = 'auth_user' and i.legacy_id = $1::bigint`,
      [legacyId],
    )
    return row
  }

  /** Two accounts of one address, and one without a profile: the constraint that refuses it is gone, as before a repair. */
  async function damage(keeper: string, twin: string, half: string): Promise<void> {
    await inLegacy(
      { ...db },
      `set session_replication_role = replica;
       alter table accounts drop constraint accounts_email_canonical_key cascade;
       delete from customer_profiles where account_id = '${half}';
       update accounts t set email = k.email, email_delivery = k.email_delivery, email_canonical = k.email_canonical
       from accounts k where k.id = '${keeper}' and t.id = '${twin}'`,
    )
  }

  async function findings(): Promise<Finding[]> {
    return (await examine(db.database, invariantsOf({ mailServer: false }), { patience: MINUTE })).findings
  }

  async function soundness(): Promise<string[]> {
    return (await findings()).map(({ invariant, count }) => `${invariant} (${count})`)
  }
}

function newUsername(): string {
  return `ann${randomBytes(6).toString('hex')}`
}

/** Whether it made an account; where not, it says why in these words. */
function isRegistered(answer: Answer | undefined, words: string): boolean {
  if (answer?.status !== 303) expect([answer?.status, answer?.body.includes(words)]).toEqual([422, true])
  return answer?.status === 303
}
