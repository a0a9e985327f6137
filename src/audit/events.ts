import { sql, type Sql } from '../database/sql.ts'

/** Everything that is recorded. docs/audit.md says of each what it means; a test holds the two together. */
export const auditEvents = [
  'customer-registered',
  'registration-requested',
  'staff-registered',
  'signed-in',
  'sign-in-refused',
  'password-refused',
  'reauthenticated',
  'password-disabled',
  'signed-out',
  'sign-out-repeated',
  'session-ended',
  'other-sessions-ended',
  'profile-changed',
  'email-confirmed',
  'confirmation-requested',
  'recovery-requested',
  'password-recovered',
  'password-changed',
  'email-change-requested',
  'email-changed',
  'email-taken-back',
  'email-given-up',
  'data-downloaded',
  'customers-exported',
  'customers-export-ended',
  'account-closing',
  'account-kept',
  'account-erased',
  'account-repaired',
  'repair-undone',
  'accounts-merged',
  'merge-undone',
  'account-suspended',
  'account-restored',
  'attempts-cleared',
  'sessions-ended',
  'registration-link-sent',
  'personal-data-shown',
  'letter-retried',
  'letter-read',
  'account-imported',
  'import-undone',
  'import-question-decided',
  'staff-invited',
  'invitation-sent-again',
  'invitation-revoked',
  'staff-from-customer',
  'role-changed',
  'audit-shown',
] as const

export type AuditEvent = (typeof auditEvents)[number]

/** From where an act came: the client's network and the reference under which the log knows the request. */
export interface Origin {
  network: string | null
  reference: string | null
}

/** Of what no request asked for: an operator's command, or what a node does by itself. */
export const NO_REQUEST: Origin = { network: null, reference: null }

/**
 * The row that records an act, as a fragment for the statement that carries it out: both are committed or neither.
 * `from` names the part of that statement whose rows (with account_id and actor_id) were changed.
 */
export function auditInsert(
  event: AuditEvent,
  { network, reference }: Origin,
  from: Sql,
  details: Sql = sql`'{}'::jsonb`,
): Sql {
  return sql`
    insert into audit_events (event, account_id, actor_id, network, reference, details)
    select ${event}, account_id, actor_id, ${network}, ${reference}, ${details} from ${from}`
}
