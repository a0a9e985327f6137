import { CONFIRMATION_VALID_FOR, newCode } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { findReplay, fingerprint, sessionTokenOf, type Submission } from '../../accounts/receipts/receipts.ts'
import type { Client, SessionToken } from '../../accounts/sessions/sessions.ts'
import type { Origin } from '../../audit/events.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import { Fault } from '../../answers/fault.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import type { RegistrationInput } from './input.ts'
import { conflictStatement, registrationStatement, type Registration } from './statement.ts'

export interface Registrar {
  database: Database
  passwords: Passwords
  limits: Limits
  keys: Keys
}

/** What a registration can come to. The first two are the same to whoever sent it. */
export type RegistrationOutcome =
  | { outcome: 'registered' | 'replayed'; accountId: string; sessionToken: SessionToken }
  | { outcome: 'email-taken' | 'username-taken' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export interface RegistrationRequest {
  input: RegistrationInput
  submission: Submission
  client: Client
  origin: Origin
}

/** Wide enough for a school or an office behind one address, too narrow for a machine. */
export const REGISTRATIONS_PER_NETWORK: Rule = { name: 'registrations per network', most: 120, window: HOUR }

/** A conflict whose cause is gone when it is asked for (the other registration was undone) is simply tried again. */
export const TRIES = 3

/**
 * Registers a customer: exactly one account and one profile, however often and wherever the same submission is sent.
 * Through a lost connection the statement is sent again, since its receipt tells whether the first one was carried out.
 */
export async function register(registrar: Registrar, request: RegistrationRequest): Promise<RegistrationOutcome> {
  const { database, passwords, limits } = registrar
  const { input, client, origin } = request
  const taken = await limits.take([{ rule: REGISTRATIONS_PER_NETWORK, subject: client.network ?? 'none' }])

  const print = fingerprint(request.submission, input)
  // A network that has had its share of registrations still gets its answer to one that it made.
  if (!taken.allowed) {
    return (await replay(database, registrar.keys, print)) ?? { outcome: 'too-many-attempts', ...taken }
  }

  const passwordHash = await passwords.hash(input.password)
  const sessionToken = sessionTokenOf(registrar.keys, print)
  const registration: Registration = {
    accountId: newId(),
    input,
    passwordHash,
    fingerprint: print,
    sessionToken,
    confirmation: newCode(registrar.keys, 'confirmation', newId(), CONFIRMATION_VALID_FOR),
    client,
    origin,
  }
  return sendingAgain(() => carryOut(database, registrar.keys, registration))
}

/** What became of this very submission, if it was carried out before and the session that it opened still lives. */
export async function findRegistration(
  { database, keys }: Pick<Registrar, 'database' | 'keys'>,
  { input, submission }: Pick<RegistrationRequest, 'input' | 'submission'>,
): Promise<RegistrationOutcome | null> {
  return replay(database, keys, fingerprint(submission, input))
}

async function carryOut(database: Database, keys: Keys, registration: Registration): Promise<RegistrationOutcome> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const inserted = await database.row<{ account_id: string }>(registrationStatement(registration))
    if (inserted)
      return { outcome: 'registered', accountId: inserted.account_id, sessionToken: registration.sessionToken }
    const verdict =
      (await replay(database, keys, registration.fingerprint)) ?? (await conflict(database, registration.input))
    if (verdict) return verdict
  }
  throw new Fault('database-busy', { details: 'A conflict that is gone whenever it is asked for.' })
}

async function replay(database: Database, keys: Keys, print: string): Promise<RegistrationOutcome | null> {
  const found = await findReplay(database, keys, print)
  return found && { outcome: 'replayed', ...found }
}

async function conflict(database: Database, input: RegistrationInput): Promise<RegistrationOutcome | null> {
  const verdict = await database.row<{ email_taken: boolean; username_taken: boolean }>(
    conflictStatement(input.email.canonical, input.username?.canonical ?? null),
  )
  if (verdict?.email_taken) return { outcome: 'email-taken' }
  return verdict?.username_taken ? { outcome: 'username-taken' } : null
}
