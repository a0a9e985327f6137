import { legacyFindings, type LegacyFinding } from '../../../django/findings.ts'
import { join, sql } from '../../../database/sql.ts'
import type { Invariant } from '../invariant.ts'
import { amissStatement, guards } from './guards.ts'
import { offences } from './offences.ts'

export const CONSTRAINT_MISSING = 'constraint-missing'

const MENDS = 'meridian repair django shows what it would do, and does it with --apply.'
const DECIDE = 'A person decides.'

/** What holds in a sound legacy database, and what to do where it does not. */
const words: Record<LegacyFinding, { expects: string; remedy: string }> = {
  'several-profiles': {
    expects: 'No user has two profiles of one kind.',
    remedy: `${MENDS} Staff profiles whose roles differ wait for a person.`,
  },
  'profile-without-user': {
    expects: 'Each profile has its user.',
    remedy: `${MENDS} What rows of other tables refer to waits for a person.`,
  },
  'profile-of-wrong-kind': {
    expects: 'Customers have customer profiles alone, staff have staff profiles alone.',
    remedy: `${DECIDE} Where somebody is staff and is not marked so, mark them in Django's admin; otherwise repair django --decide profile-of-wrong-kind archives the profile.`,
  },
  'profile-missing': { expects: 'Each customer has a customer profile.', remedy: MENDS },
  'staff-without-profile': { expects: 'Each member of the staff has a staff profile.', remedy: MENDS },
  'role-unknown': {
    expects: 'Each role of the staff is one of the three.',
    remedy: `${DECIDE} Give another role in Django's admin, or the least of them with repair django --decide role-unknown.`,
  },
  'address-shared': {
    expects: 'No two users have one address, in this or another case.',
    remedy: `${DECIDE} repair django --keep-address <user> leaves it to that one; --decide address-shared to the last to have signed in, each time.`,
  },
  'username-shared': {
    expects: 'No two users have one username, in this or another case.',
    remedy: `${DECIDE} Rename one of them in Django's admin, and tell them.`,
  },
  'username-of-another': {
    expects: 'No username is the address of somebody else.',
    remedy: `${DECIDE} Whoever types it may be either. Rename that user in Django's admin, and tell them.`,
  },
}

/** Every invariant of the legacy database, its constraints last. */
export function legacyInvariants(): Invariant[] {
  const names = Object.keys(legacyFindings) as LegacyFinding[]
  return [
    ...names.map((name) => ({
      name,
      ...words[name],
      offenders: join(
        offences
          .filter(({ finding }) => finding === name)
          .map(
            ({ keyed, offenders }) =>
              sql`select concat_ws(' ', ${keyed}::text, key) as subject, found from (${offenders}) as o`,
          ),
        ' union all ',
      ),
    })),
    {
      name: CONSTRAINT_MISSING,
      expects:
        'The database itself keeps one user for each address and username, one profile for each user, and a user for each profile.',
      remedy: `${MENDS} It mends the rows first.`,
      offenders: sql`
        select concat_ws(' ', 'constraint', amiss.name) as subject,
          case was when 'missing' then 'is missing: nothing keeps ' || e.keeps else 'was never held to the rows before it' end as found
        from (${amissStatement()}) as amiss
          join jsonb_to_recordset(${JSON.stringify(guards.map(({ name, keeps }) => ({ name, keeps })))}::jsonb)
            as e (name text, keeps text) on e.name = amiss.guard`,
    },
  ]
}
