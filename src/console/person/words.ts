import type { AuditEvent } from '../../audit/events.ts'
import { auditSentence } from '../../audit/words.ts'
import type { Happening } from '../../flows/person/timeline.ts'
import type { Obstacle, Scope, Step } from '../../flows/sign-in-help/verdict.ts'
import { inWords } from '../../lib/duration.ts'
import { dayInWords, momentInWords } from '../../lib/moments.ts'
import { letterNames } from '../../mail/letters/names.ts'

/** How a network is shown: masked, or whole once that was asked for. */
export type Network = (network: string) => string

/** The rule in the way, in one sentence about "they". */
export function sentenceFor(obstacle: Obstacle, now: Date, network: Network): string {
  switch (obstacle.cause) {
    case 'suspended':
      return 'The account is suspended: nobody is signed in to it, whatever they type.'
    case 'closing':
      return `They closed the account. It is erased on ${dayInWords(obstacle.closesAt)}, and until then it can be kept.`
    case 'name-of-another':
      return 'The name that they type is somebody else’s: it belongs to another account.'
    case 'name-of-nobody':
      return 'No account has the name that they type.'
    case 'former-address':
      return 'They use an address that this account no longer has: it was changed.'
    case 'no-password':
      return obstacle.linkUntil
        ? `They have no password yet. The link with which they choose one waits in their mail until ${momentInWords(obstacle.linkUntil)}.`
        : 'They have no password yet, and no link with which they could choose one is good any more.'
    case 'password-disabled':
      return `Their password was disabled after ${obstacle.failures} wrong ones in a row: even the right one opens nothing now.`
    case 'no-address':
      return 'The account has no email address, so there is nowhere to send a way back in.'
    case 'undeliverable':
      return `Our letters do not reach their address: the last one, “${letterNames[obstacle.letter]}”, was given up on ${dayInWords(obstacle.since)}.`
    case 'throttled':
      return `They tried too often: ${throttledWords(obstacle.scope, obstacle.network && network(obstacle.network))} is held off until ${timeInWords(obstacle.until, now)}, even with the right password.`
    case 'wrong-password':
      return `Only the password is in the way: ${obstacle.failures === 1 ? 'the last one that was typed was' : `the last ${obstacle.failures} that were typed were`} wrong.`
    case 'nothing':
      return 'Nothing is in the way: with their name and password they are let in.'
  }
}

function throttledWords(scope: Scope, network: string | null): string {
  if (scope === 'account') return 'everybody who tries this account'
  return scope === 'network' ? `everybody on the network ${network}` : `whoever tries it from the network ${network}`
}

function timeInWords(until: Date, now: Date): string {
  return `${until.toISOString().slice(11, 16)} UTC, for ${inWords(until.getTime() - now.getTime())} more`
}

/** What the button says, what it does, and the reason under which that is recorded. */
export const stepWords: Record<Step, { button: string; does: string }> = {
  restore: { button: 'Restore the account', does: 'They can sign in again at once, with the password that they have.' },
  reopen: {
    button: 'Keep the account open',
    does: 'Nothing is erased, a letter tells them so, and they sign in as before.',
  },
  'show-name': {
    button: 'Show the names they sign in with',
    does: 'Tell them which of these to use. That you looked is recorded.',
  },
  'send-recovery': {
    button: 'Send a link to choose a password',
    does: 'The link goes to the address of the account alone, is good for 24 hours, and signs them in.',
  },
  'correct-address': {
    button: 'Correct the address',
    does: 'Ask them to spell their address; the link to confirm it goes to the new one.',
  },
  'clear-attempts': { button: 'Let them try again now', does: 'What they tried so far is forgotten by the limits.' },
}

/** The reason that is recorded for a step that was taken straight from the verdict. */
export const stepReasons: Record<Obstacle['cause'], string> = {
  suspended: 'The person asked to be let in again.',
  closing: 'The person wants to keep the account.',
  'name-of-another': '',
  'name-of-nobody': '',
  'former-address': '',
  'no-password': 'The person has no password yet.',
  'password-disabled': 'The password was disabled after too many wrong ones.',
  'no-address': 'The account had no address.',
  undeliverable: 'Letters do not reach the person.',
  throttled: 'The person tried too often and was held off.',
  'wrong-password': 'The person does not know the password any more.',
  nothing: 'The person asked for a way back in.',
}

/** What happened, in words; `amiss` is what somebody looking for trouble looks for. */
export function happeningInWords(
  happening: Happening,
  network: Network,
): { words: string; amiss: boolean; remark: string | null } {
  const { times } = happening
  if (happening.what === 'letter') {
    const { letter, end } = happening
    const words = `The letter “${letterNames[letter]}” ${letterEnds[end]}${times > 1 ? `, ${times} times` : ''}.`
    return { words, amiss: end === 'failing' || end === 'given up', remark: null }
  }
  const { event, actor, details } = happening
  const by = actor.who === 'somebody' ? actor.name : null
  return {
    words: auditSentence(event, { details, by, times }),
    amiss: AMISS.has(event),
    remark: happening.network === null || by !== null ? null : `Network ${network(happening.network)}`,
  }
}

const letterEnds = {
  waiting: 'waits to be sent',
  failing: 'could not be sent yet, and is tried again',
  sent: 'was sent',
  'given up': 'could not be delivered, and was given up',
}

const AMISS = new Set<AuditEvent>([
  'sign-in-refused',
  'password-refused',
  'password-disabled',
  'account-suspended',
  'account-closing',
])
