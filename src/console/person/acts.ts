import type { Permission } from '../../accounts/permissions.ts'
import { endSessionsOf } from '../../accounts/sessions/end-all.ts'
import type { StaffAct } from '../../accounts/staff-act.ts'
import { Fault } from '../../answers/fault.ts'
import type { Origin } from '../../audit/events.ts'
import type { Queryable } from '../../database/database.ts'
import { reopenAccount } from '../../flows/leaving/reopen.ts'
import type { Person } from '../../flows/person/person.ts'
import { sendRecovery } from '../../flows/recovery/by-staff.ts'
import { clearAttempts } from '../../flows/sign-in-help/clear-attempts.ts'
import {
  restoreAccount,
  suspendAccount,
  type RestorationOutcome,
  type SuspensionOutcome,
} from '../../flows/suspension/suspend.ts'
import type { FlashCode } from '../../http/flash.ts'
import type { Keys } from '../../lib/keys.ts'
import { urls } from '../../urls.ts'

/** One thing that staff do on somebody's account, with a reason. */
export interface Act {
  name: string
  url: `${string}/:id/${string}`
  may: Permission
  /** Whether the password is asked for again before it, when it was given longer ago than RECENT_FOR. */
  recent: boolean
  title: string
  lead: string
  submit: string
  done: FlashCode
  /** When it is offered among the rest of the help. */
  offered: (person: Person) => boolean
  /** False where it could not be done any more. */
  carryOut: (within: Queryable, act: StaffAct, origin: Origin) => Promise<boolean>
}

/** All of them, in the order in which they are offered. */
export function actsWith(keys: Keys): readonly Act[] {
  return [
    {
      name: 'recovery',
      url: urls.personRecovery,
      may: 'help-customers',
      recent: false,
      title: 'Send a link to choose a password',
      lead: 'The link goes to the address of the account alone, and is good for 24 hours. Whoever follows it chooses a password and is signed in; everybody else is signed out.',
      submit: 'Send the link',
      done: 'person-letter-sent',
      offered: ({ status, email }) => status !== 'suspended' && email !== null,
      carryOut: (within, act, origin) => sendRecovery(within, keys, act, origin),
    },
    {
      name: 'attempts',
      url: urls.personAttempts,
      may: 'help-customers',
      recent: false,
      title: 'Let them try again now',
      lead: 'The limits forget what was tried at this account. A password that was disabled stays so.',
      submit: 'Let them try again',
      done: 'person-helped',
      offered: ({ status }) => status === 'active',
      carryOut: clearAttempts,
    },
    {
      name: 'sessions',
      url: urls.personSessions,
      may: 'help-customers',
      recent: false,
      title: 'Sign them out everywhere',
      lead: 'Every browser that is signed in to this account is signed out with its next request. Nothing else changes.',
      submit: 'Sign them out',
      done: 'person-helped',
      offered: ({ sessions }) => sessions.length > 0,
      carryOut: async (within, act, origin) => {
        await endSessionsOf(within, act, origin)
        return true
      },
    },
    {
      name: 'reopening',
      url: urls.personReopening,
      may: 'help-customers',
      recent: true,
      title: 'Keep the account open',
      lead: 'The account is not erased, and is just as it was. A letter tells its owner.',
      submit: 'Keep it open',
      done: 'person-helped',
      offered: ({ status }) => status === 'closing',
      carryOut: reopenAccount,
    },
    {
      name: 'suspension',
      url: urls.personSuspension,
      may: 'suspend-customers',
      recent: true,
      title: 'Suspend the account',
      lead: 'They are signed out everywhere, and cannot sign in until somebody restores the account. Nothing is lost.',
      submit: 'Suspend',
      done: 'person-helped',
      offered: ({ status }) => status === 'active',
      carryOut: async (within, act, origin) => carriedOut(await suspendAccount(within, act, origin)),
    },
    {
      name: 'restoration',
      url: urls.personRestoration,
      may: 'suspend-customers',
      recent: true,
      title: 'Restore the account',
      lead: 'They can sign in again, with the password that they have.',
      submit: 'Restore',
      done: 'person-helped',
      offered: ({ status }) => status === 'suspended',
      carryOut: async (within, act, origin) => carriedOut(await restoreAccount(within, act, origin)),
    },
  ]
}

/** Demoted since the request began, somebody is told what those are told who never could. */
function carriedOut(outcome: SuspensionOutcome | RestorationOutcome): boolean {
  if (outcome === 'not-allowed') throw new Fault('not-allowed')
  return outcome === 'suspended' || outcome === 'restored'
}
