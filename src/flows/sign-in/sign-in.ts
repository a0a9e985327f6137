import type { AccountKind, AccountStatus } from '../../accounts/account.ts'
import { closingTicket } from '../../accounts/closing.ts'
import { parseIdentifier, type Identifier } from '../../accounts/identifier.ts'
import { guessClaims, wrongGuessStatement, type GuessClaims } from '../../accounts/passwords/guesses.ts'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { newSessionToken, type Client, type SessionToken } from '../../accounts/sessions/sessions.ts'
import type { Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import type { Sql } from '../../database/sql.ts'
import { untilFullStep } from '../../lib/full-step.ts'
import type { Keys } from '../../lib/keys.ts'
import type { Limits } from '../../limits/limits.ts'
import { credentialStatement, signInStatement } from './statements.ts'

export interface Doorkeeper {
  database: Database
  passwords: Passwords
  limits: Limits
  keys: Keys
}

export interface SignInRequest {
  /** An address or a username, as typed. */
  identifier: string
  password: string
  /** The session that this browser has now, if any: it ends with the new one's beginning (ASVS 7.2.4). */
  previousToken: SessionToken | null
  client: Client
  origin: Origin
}

export type SignInOutcome =
  | { outcome: 'signed-in'; accountId: string; kind: AccountKind; sessionToken: SessionToken }
  | { outcome: 'wrong-credentials' | 'account-suspended' }
  | { outcome: 'account-closing'; ticket: string }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/** Milliseconds. */
const REFUSALS_EVERY = 20

/** What the statements of a refusal may take beside the hash, in milliseconds, where imported hashes set the pace. */
const STATEMENTS = 40

/** What is on record for the name that was typed. */
export interface Credential {
  account_id: string
  kind: AccountKind
  status: AccountStatus
  /** Null unless it is closing. */
  closing_mark: string | null
  hash: string | null
  disabled: boolean
}

type Found = (Credential | { account_id: null }) & {
  /** A hash of nobody's password for each scheme of imported ones that is in use. */
  decoys: string[]
}

/**
 * Signs somebody in by address or username. An attempt is taken before the password is looked at, so that parallel
 * guesses cannot outrun the limit, and given back when it was right. Whether the name exists shows in neither words,
 * status nor time: every attempt costs one lookup, one hash and one recording statement, and a refusal waits for the next
 * full step, in which the few hundredths of a millisecond vanish that an existing row takes more.
 */
export async function signIn(doorkeeper: Doorkeeper, request: SignInRequest): Promise<SignInOutcome> {
  const began = performance.now()
  const identifier = parseIdentifier(request.identifier)
  const found = await doorkeeper.database.found<Found>(credentialStatement(identifier))
  const outcome = await attempt(doorkeeper, request, identifier, known(found))
  if (outcome.outcome !== 'signed-in') await untilFullStep(began, await refusalStep(doorkeeper, request, found))
  return outcome
}

/** Milliseconds, a multiple of the usual step. */
async function refusalStep({ passwords }: Doorkeeper, { password }: SignInRequest, found: Found | null) {
  const slowest = await passwords.timeForAnyScheme(found?.decoys ?? [], password)
  if (slowest === 0) return REFUSALS_EVERY
  return Math.ceil((slowest + STATEMENTS) / REFUSALS_EVERY) * REFUSALS_EVERY
}

function known(found: Found | null): Credential | null {
  return found !== null && found.account_id !== null ? found : null
}

async function attempt(
  doorkeeper: Doorkeeper,
  request: SignInRequest,
  identifier: Identifier | null,
  credential: Credential | null,
): Promise<SignInOutcome> {
  const { database, passwords, limits } = doorkeeper
  const claims = claimsOf(credential, identifier, request)
  const taken = await limits.take([...claims.ofAccount, claims.ofNetwork])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }

  const matches = await passwords.verify(credential?.hash ?? null, request.password, request.client.network)
  if (!credential || !matches || credential.disabled) return refuse(database, request, credential, 'wrong-credentials')
  if (credential.status === 'suspended') return refuse(database, request, credential, 'account-suspended')
  if (credential.closing_mark !== null) {
    await database.rows(limits.giveBack(claims.ofAccount))
    return offerToKeep(doorkeeper, request, credential.account_id, credential.closing_mark)
  }

  return open(doorkeeper, request, credential, limits.giveBack(claims.ofAccount))
}

/** An account is counted as one by whichever of its names it is called; a name that is nobody's is counted as itself. */
function claimsOf(
  credential: Credential | null,
  identifier: Identifier | null,
  { identifier: typed, client }: SignInRequest,
): GuessClaims {
  return guessClaims(credential?.account_id ?? identifier?.email ?? identifier?.username ?? typed, client.network)
}

async function refuse(
  database: Database,
  request: SignInRequest,
  credential: Credential | null,
  outcome: 'wrong-credentials' | 'account-suspended',
): Promise<SignInOutcome> {
  const accountId = credential?.account_id ?? null
  const claims = claimsOf(credential, parseIdentifier(request.identifier), request)
  await database.rows(
    wrongGuessStatement(
      { event: 'sign-in-refused', accountId, actorId: null, reason: outcome, claims },
      request.origin,
    ),
  )
  return { outcome }
}

/** Lets nobody in, but tells whose password was right that the account is closing, and hands them the ticket to keep it. */
async function offerToKeep(
  { database, keys }: Doorkeeper,
  { origin }: SignInRequest,
  accountId: string,
  mark: string,
): Promise<SignInOutcome> {
  const reason = 'account-closing'
  await database.rows(wrongGuessStatement({ event: 'sign-in-refused', accountId, actorId: null, reason }, origin))
  return { outcome: reason, ticket: closingTicket(keys, { accountId, mark }) }
}

/** Opens the session if what was verified still holds at that moment: not changed, disabled or suspended meanwhile. */
async function open(
  { database, passwords }: Doorkeeper,
  request: SignInRequest,
  credential: Credential,
  giveBack: Sql,
): Promise<SignInOutcome> {
  const { account_id: accountId, kind, hash } = credential
  const verified = hash as string
  const newHash = passwords.isOutdated(verified) ? await passwords.hash(request.password, request.client.network) : null
  const sessionToken = newSessionToken()
  const opened = await database.row(
    signInStatement({ accountId, kind, verified, newHash, sessionToken, giveBack, ...request }),
  )
  return opened
    ? { outcome: 'signed-in', accountId, kind, sessionToken }
    : refuse(database, request, credential, 'wrong-credentials')
}
