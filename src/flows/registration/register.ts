import { CONFIRMATION_VALID_FOR, newCode } from '../../accounts/codes/codes.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { oncePerSubmission, type Done } from '../../accounts/receipts/once.ts'
import { findReplay, fingerprint, type Submission } from '../../accounts/receipts/receipts.ts'
import type { Client } from '../../accounts/sessions/sessions.ts'
import type { Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import type { Keys } from '../../lib/keys.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Limits, Rule } from '../../limits/limits.ts'
import type { RegistrationInput } from './input.ts'
import { conflictStatement, registrationStatement } from './statement.ts'

export interface Registrar {
  database: Database
  passwords: Passwords
  limits: Limits
  keys: Keys
}

/** What a registration can come to. `registered` and `replayed` are the same to whoever sent it. */
export type RegistrationOutcome = Done | RegistrationRefusal

export type RegistrationRefusal =
  | { outcome: 'email-taken' | 'username-taken' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

export interface RegistrationRequest {
  input: RegistrationInput
  submission: Submission
  client: Client
  origin: Origin
}

/** Wide enough for a school or an office behind one address, too narrow for a machine. */
export const REGISTRATIONS_PER_NETWORK: Rule = {
  name: 'registrations per network',
  most: 120,
  window: HOUR,
  backsOff: false,
}

/** Registers a customer: exactly one account and one profile, however often and wherever the same submission is sent. */
export async function register(registrar: Registrar, request: RegistrationRequest): Promise<RegistrationOutcome> {
  const { database, passwords, limits, keys } = registrar
  const { input, client, origin } = request
  const print = printOf(request.submission)

  return oncePerSubmission<RegistrationRefusal>(registrar, print, {
    admit: async () => {
      const taken = await limits.take([{ rule: REGISTRATIONS_PER_NETWORK, subject: client.network ?? 'none' }])
      return taken.allowed ? null : { outcome: 'too-many-attempts', ...taken }
    },
    prepare: async (sessionToken) => {
      const passwordHash = await passwords.hash(input.password, client.network)
      const accountId = newId()
      const confirmation = newCode(keys, 'confirmation', newId(), CONFIRMATION_VALID_FOR)
      const made = { accountId, input, passwordHash, fingerprint: print, sessionToken, confirmation, client, origin }
      return () => accountOf(database, registrationStatement(made))
    },
    whyNot: () => conflict(database, input),
  })
}

/** What became of this very submission, if it was carried out before and the session that it opened still lives. */
export async function findRegistration(
  { database, keys }: Pick<Registrar, 'database' | 'keys'>,
  submission: Submission,
): Promise<Done | null> {
  const found = await findReplay(database, keys, printOf(submission))
  return found && { outcome: 'replayed', ...found }
}

function printOf(submission: Submission): string {
  return fingerprint(submission, 'registration')
}

async function conflict(database: Database, input: RegistrationInput): Promise<RegistrationRefusal | null> {
  const verdict = await database.row<{ email_taken: boolean; username_taken: boolean }>(
    conflictStatement(input.email.canonical, input.username?.canonical ?? null),
  )
  if (verdict?.email_taken) return { outcome: 'email-taken' }
  return verdict?.username_taken ? { outcome: 'username-taken' } : null
}

async function accountOf(database: Database, statement: ReturnType<typeof registrationStatement>) {
  return (await database.row<{ account_id: string }>(statement))?.account_id ?? null
}
