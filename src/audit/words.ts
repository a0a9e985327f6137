import type { AuditEvent } from './events.ts'

/** What is known of an event beside its name. */
export interface Telling {
  details: Readonly<Record<string, unknown>>
  /** Who did it, by name, where that is somebody else than the person it happened to; null otherwise. */
  by: string | null
  /** How often in a row, where several are told as one. */
  times?: number
}

/**
 * One sentence of what happened, in plain words about the person whom it happened to. Total: an event without its
 * sentence does not compile. One that a newer version recorded is told by its name.
 */
export function auditSentence(event: string, telling: Telling): string {
  const words = Object.hasOwn(sentences, event) ? sentences[event as AuditEvent](telling) : capitalised(event)
  const { times = 1 } = telling
  const sentence = `${words}${times > 1 ? `, ${times} times` : ''}`
  return sentence.endsWith('.') ? sentence : `${sentence}.`
}

const sentences: Record<AuditEvent, (telling: Telling) => string> = {
  'customer-registered': ({ by }) => `Registered as a customer${byWhom(by)}`,
  'registration-requested': () => 'Asked to register; the address was still to be proved',
  'staff-registered': () => 'Accepted an invitation and joined the staff',
  'signed-in': () => 'Signed in with the password',
  'sign-in-refused': ({ details }) => `Was not let in: ${refusalWords(details['reason'])}`,
  'password-refused': () => 'Gave a wrong password while signed in',
  reauthenticated: () => 'Gave the password again',
  'password-disabled': () => 'The password was disabled after a hundred wrong ones in a row',
  'signed-out': () => 'Signed out',
  'sign-out-repeated': () => 'Signed out once more of a session that had ended',
  'session-ended': ({ by }) => `Ended a session${byWhom(by)}`,
  'other-sessions-ended': ({ details, by }) => `Ended ${counted(details['count'], 'other session')}${byWhom(by)}`,
  'profile-changed': ({ details, by }) => `Changed the profile${fieldsOf(details['fields'])}${byWhom(by)}`,
  'email-confirmed': () => 'Confirmed the email address',
  'confirmation-requested': () => 'Asked for another link to confirm the address',
  'recovery-requested': (telling) => `A letter with a way back in was written${act(telling)}`,
  'password-recovered': () => 'Chose a new password by the link in a letter; every session was ended',
  'password-changed': () => 'Changed the password; every other session was ended',
  'email-change-requested': () => 'Asked for another email address',
  'email-changed': ({ by }) => `The email address was changed${byWhom(by)}`,
  'email-taken-back': () => 'Took the former email address back; every session was ended and the password disabled',
  'email-given-up': () => 'Lost the address, which was never proved, to the account that took it back',
  'data-downloaded': ({ details }) => `Downloaded everything held about them${inFormat(details['format'])}`,
  'account-closing': () => 'Closed the account; it is erased after fourteen days',
  'account-kept': (telling) => `Kept the account that was closing${act(telling)}`,
  'account-erased': () => 'The account was erased',
  'account-imported': () => 'Was taken over from another system',
  'import-undone': () => 'The import that had made the account was taken back',
  'account-repaired': () => 'A repair of the records changed something of this account, or found events of it missing',
  'repair-undone': () => 'A repair of the records was taken back',
  'accounts-merged': (telling) => `Was merged with another account${act(telling)}`,
  'merge-undone': (telling) => `The merge with another account was taken back${act(telling)}`,
  'account-suspended': (telling) => `Was suspended${act(telling)}`,
  'account-restored': (telling) => `Was restored${act(telling)}`,
  'attempts-cleared': (telling) => `Was let try again at once${act(telling)}`,
  'sessions-ended': (telling) => `${capitalised(counted(telling.details['count'], 'session'))} ended${act(telling)}`,
  'registration-link-sent': (telling) => `The link that finishes the registration was sent again${act(telling)}`,
  'customers-exported': () => 'Began to download the list of customers',
  'customers-export-ended': ({ details }) => `Finished downloading ${counted(details['rows'], 'customer')}`,
  'import-question-decided': (telling) => `What an import had left open was decided${act(telling)}`,
  'staff-invited': (telling) => `Somebody was invited to the staff${asRole(telling.details['role'])}${act(telling)}`,
  'invitation-sent-again': (telling) => `An invitation to the staff was sent again${act(telling)}`,
  'invitation-revoked': (telling) => `An invitation to the staff was taken back${act(telling)}`,
  'staff-from-customer': ({ details }) =>
    `Accepted an invitation and became staff${asRole(details['role'])}; the customer profile was archived`,
  'role-changed': (telling) => `Got another role${asRole(telling.details['to'])} ${act(telling)}`,
  'audit-shown': ({ details, by }) =>
    `Names and networks of ${counted(details['count'], 'event')} of the record were shown${by === null ? '' : ` to ${by}`}`,
  'letter-retried': ({ by }) => `A letter that had not left was made due again${byWhom(by)}`,
  'letter-read': ({ by }) => `A letter was read with its link${byWhom(by)}`,
  'personal-data-shown': ({ by }) => `What the console masks was shown${by === null ? '' : ` to ${by}`}`,
}

const refusals: Record<string, string> = {
  'wrong-credentials': 'wrong password',
  'account-suspended': 'the account is suspended',
  'account-closing': 'the account is closing',
}

function refusalWords(reason: unknown): string {
  return (typeof reason === 'string' && refusals[reason]) || 'refused'
}

/** Who did it and why, as far as either is known. */
function act({ details, by }: Telling): string {
  const actor = by ?? (details['by'] === 'operator' ? 'the operator' : null)
  const { reason } = details
  return `${byWhom(actor)}${typeof reason === 'string' ? `: ${reason.replace(/\.+$/, '')}` : ''}`
}

function byWhom(by: string | null): string {
  return by === null ? '' : ` by ${by}`
}

function counted(count: unknown, noun: string): string {
  return typeof count === 'number' ? `${count} ${noun}${count === 1 ? '' : 's'}` : `every ${noun}`
}

function fieldsOf(fields: unknown): string {
  return Array.isArray(fields) && fields.length > 0
    ? ` (${fields.map((name) => String(name).replaceAll('_', ' ')).join(', ')})`
    : ''
}

function asRole(role: unknown): string {
  return typeof role === 'string' ? ` as ${role.replaceAll('_', ' ')}` : ''
}

function inFormat(format: unknown): string {
  return typeof format === 'string' ? ` as ${format.toUpperCase()}` : ''
}

function capitalised(event: string): string {
  return event.charAt(0).toUpperCase() + event.slice(1).replaceAll('-', ' ')
}
