import { CONFIRMATION_VALID_FOR, codeFor, codeHash } from '../../accounts/codes/codes.ts'
import { fingerprint, receiptHash, type Submission } from '../../accounts/receipts/receipts.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import { sendingAgain, type Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { HOUR } from '../../lib/time.ts'
import type { Rule } from '../../limits/limits.ts'
import { letterInsert } from '../../mail/outbox.ts'
import { REGISTRATIONS_PER_NETWORK, type Registrar, type RegistrationRequest } from './register.ts'
import { personAsColumns } from './statement.ts'

export type PendingOutcome =
  | { outcome: 'link-sent' }
  | { outcome: 'too-many-attempts'; rule: string; retryAfter: number }

/** Letters to one address that one network may cause: enough for typing mistakes and a second thought. */
export const LINKS_PER_ADDRESS_AND_NETWORK: Rule = {
  name: 'registration links per address and network',
  most: 5,
  window: HOUR,
}

/** And all networks together. It never grows: whoever wants to keep an address out gets an hour, and needs several networks. */
export const LINKS_PER_ADDRESS: Rule = {
  name: 'registration links per address',
  most: 20,
  window: HOUR,
  backsOff: false,
}

/** The same letter once more, for one browser. */
export const LINKS_AGAIN_PER_BROWSER: Rule = { name: 'registration links again per browser', most: 3, window: HOUR }

/**
 * Takes a registration for which an address is still to be proved. Whoever the address belongs to, if anybody: the same
 * limits, one hash, one row and one answer. Which letter is due is found out later, by `answerPendingRegistrations`.
 */
export async function requestRegistration(
  { database, passwords, limits, keys }: Registrar,
  { input, submission, client, origin }: RegistrationRequest,
): Promise<PendingOutcome> {
  const print = printOf(submission)
  const network = client.network ?? 'none'
  const taken = await limits.take([
    { rule: REGISTRATIONS_PER_NETWORK, subject: network },
    { rule: LINKS_PER_ADDRESS_AND_NETWORK, subject: `${input.email.canonical} ${network}` },
    { rule: LINKS_PER_ADDRESS, subject: input.email.canonical },
  ])
  // As in `register`: the limits stand in the way of new submissions, never of one that was taken before.
  if (!taken.allowed) return (await wasTaken(database, print)) ? LINK_SENT : { outcome: 'too-many-attempts', ...taken }

  const passwordHash = await passwords.hash(input.password, client.network)
  const id = newId()
  const code = codeHash('registration', codeFor(keys, 'registration', id))
  const statement = named(
    'registration-pending',
    sql`
    with pending as (
      insert into pending_registrations (id, code_hash, receipt_hash, browser_hash, expires_at,
        first_name, last_name, email, email_delivery, email_canonical, email_canonical_version, username, username_canonical,
        password_hash, phone_number, company, address, city, state, country, postal_code, date_of_birth)
      select ${id}::uuid, ${code}::bytea, ${receiptHash(print)}::bytea, ${client.browser}::bytea,
        now() + ${CONFIRMATION_VALID_FOR} * interval '1 millisecond', ${personAsColumns(input, passwordHash)}
      where not exists (select from receipts where receipt_hash = ${receiptHash(print)})
      on conflict (receipt_hash) do nothing
      returning null::uuid as account_id, null::uuid as actor_id
    )${auditInsert('registration-requested', origin, sql`pending`)}`,
  )
  await sendingAgain(() => database.rows(statement))
  return LINK_SENT
}

/** Whether this very submission was taken, whatever has become of it since. */
export async function findPendingRegistration(
  { database }: Pick<Registrar, 'database'>,
  submission: Submission,
): Promise<PendingOutcome | null> {
  return (await wasTaken(database, printOf(submission))) ? LINK_SENT : null
}

/**
 * Has the letter of this browser's last registration written once more. Whether there is one shows in neither words nor
 * time, and so does not tell whether the address has become an account's since: the event is written in any case.
 */
export async function requestLinkAgain(
  { database, limits }: Pick<Registrar, 'database' | 'limits'>,
  browser: Buffer,
  origin: Origin,
): Promise<PendingOutcome> {
  const taken = await limits.take([{ rule: LINKS_AGAIN_PER_BROWSER, subject: browser.toString('base64url') }])
  if (!taken.allowed) return { outcome: 'too-many-attempts', ...taken }
  await database.rows(
    named(
      'registration-link-again',
      sql`
      with pending as (
        update pending_registrations set settled_at = null
        where id = (
          select id from pending_registrations where browser_hash = ${browser} and expires_at > now() order by id desc limit 1
        )
      ), request as (
        select null::uuid as account_id, null::uuid as actor_id
      )${auditInsert('registration-requested', origin, sql`request`)}`,
    ),
  )
  return LINK_SENT
}

/**
 * Writes the letters that registrations are waiting for: its link to a newcomer, to whom the address belongs that they
 * have an account. One statement a registration, so that a crash repeats none.
 */
export async function answerPendingRegistrations(database: Database): Promise<number> {
  for (let answered = 0; ; answered += 1) {
    if ((await database.row(answerStatement())) === null) return answered
  }
}

function answerStatement() {
  const link = { id: newId(), kind: 'registration-link', codeId: sql`code_id` } as const
  const word = { id: newId(), kind: 'already-registered', codeId: null } as const
  return named(
    'registration-answer',
    sql`
    with pending as (
      update pending_registrations set settled_at = now()
      where id = (
        select id from pending_registrations where settled_at is null order by id limit 1 for update skip locked
      )
      returning id as code_id, null::uuid as account_id, email_canonical, email_delivery, first_name
    ), owner as (
      select a.id as account_id, a.email_delivery, a.first_name from pending join accounts a using (email_canonical)
    ), newcomer as (
      select * from pending where not exists (select from owner)
    ), word as (${letterInsert(word, sql`owner`)}
    ), link as (${letterInsert(link, sql`newcomer`)}
    )
    select code_id from pending`,
  )
}

const LINK_SENT = { outcome: 'link-sent' } as const

async function wasTaken(database: Database, print: string): Promise<boolean> {
  const hash = receiptHash(print)
  const row = await database.row<{ taken: boolean }>(
    named(
      'registration-was-taken',
      sql`
      select exists (select from pending_registrations where receipt_hash = ${hash})
        or exists (select from receipts where receipt_hash = ${hash}) as taken`,
    ),
  )
  return row?.taken ?? false
}

function printOf(submission: Submission): string {
  return fingerprint(submission, 'pending registration')
}
