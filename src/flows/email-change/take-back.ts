import { codeHash, codesVoid } from '../../accounts/codes/codes.ts'
import { auditInsert, type Origin } from '../../audit/events.ts'
import type { Database, Queryable } from '../../database/database.ts'
import { offendedConstraint } from '../../database/faults.ts'
import { named, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'

export type TakeBackOutcome = { outcome: 'taken-back' | 'code-unusable' | 'address-taken' }

/** The address that a code would give back to its account, or null where it would give none. */
export async function findTakeBack(database: Queryable, code: string): Promise<string | null> {
  const row = await database.row<{ email: string }>(
    named(
      'email-take-back-find',
      sql`
      select e.email
      from codes c join email_changes e on e.code_id = c.id join accounts a on a.id = c.account_id
      where c.code_hash = ${codeHash('email-revert', code)} and c.purpose = 'email-revert'
        and c.spent_at is null and c.expires_at > now() and a.email_canonical is not null`,
    ),
  )
  return row?.email ?? null
}

/**
 * Gives an account its former address back, for somebody who reads the mail of that address. Whoever changed it may have
 * the password too, so nobody stays signed in and the password opens nothing any more: recovery makes a new one.
 */
export async function takeBackEmail(database: Database, code: string, origin: Origin): Promise<TakeBackOutcome> {
  try {
    const done = await database.transaction((within) => carryOut(within, code, origin))
    return done || (await wasTakenBackBy(database, code)) ? { outcome: 'taken-back' } : { outcome: 'code-unusable' }
  } catch (error) {
    if (offendedConstraint(error) === 'accounts_email_canonical_key') return { outcome: 'address-taken' }
    throw error
  }
}

interface Spent {
  code_id: string
  account_id: string
  email_canonical: string
}

async function carryOut(within: Queryable, code: string, origin: Origin): Promise<boolean> {
  const spent = await within.row<Spent>(spendStatement(code))
  if (!spent) return false
  await within.rows(giveUpStatement(spent, origin))
  await within.rows(restoreStatement(spent, origin))
  return true
}

/**
 * Takes the account's row and then its password's, for which whoever signs in, recovers or changes the address at this
 * moment is waited; what they did, only the statements after this one see, and undo.
 */
function spendStatement(code: string) {
  return named(
    'email-take-back-spend',
    sql`
    with account as (
      select a.id as account_id
      from accounts a join codes c on c.account_id = a.id
      where c.code_hash = ${codeHash('email-revert', code)} and c.purpose = 'email-revert' and a.email_canonical is not null
      for update of a
    ), spent as (
      update codes c set spent_at = now()
      from account
      where c.code_hash = ${codeHash('email-revert', code)} and c.purpose = 'email-revert' and c.spent_at is null
        and c.expires_at > now() and c.account_id = account.account_id
      returning c.id as code_id, c.account_id, c.email_canonical
    ), password as (
      update passwords p set disabled_at = coalesce(p.disabled_at, now()) from spent where p.account_id = spent.account_id
    )
    select code_id, account_id, email_canonical from spent`,
  )
}

/**
 * An account that has claimed the address meanwhile and never proved it gives it up: else whoever took this account's
 * address away could keep its owner from it by registering under it. It keeps everything else, under a username.
 */
function giveUpStatement({ account_id, email_canonical }: Spent, origin: Origin) {
  const placeholder = `formerly.${newId()}`
  return named(
    'email-take-back-give-up',
    sql`
    with claim as (
      update accounts set email = null, email_delivery = null, email_canonical = null, email_canonical_version = null,
        username = coalesce(username, ${placeholder}), username_canonical = coalesce(username_canonical, ${placeholder}),
        updated_at = now()
      where email_canonical = ${email_canonical} and id <> ${account_id} and email_confirmed_at is null
      returning id as account_id, ${account_id}::uuid as actor_id
    ), ended as (
      delete from sessions s using claim where s.account_id = claim.account_id
    ), event as (${auditInsert('email-given-up', origin, sql`claim`)}
    )
    select account_id from claim`,
  )
}

/** Of the ways back, those to later addresses end: they are the thief's. One to an earlier address stays its owner's. */
function restoreStatement({ code_id, account_id }: Spent, origin: Origin) {
  return named(
    'email-take-back',
    sql`
    with account as (
      update accounts a set email = e.email, email_delivery = e.email_delivery, email_canonical = c.email_canonical,
        email_canonical_version = e.email_canonical_version, email_confirmed_at = coalesce(e.confirmed_at, now()),
        updated_at = now()
      from codes c join email_changes e on e.code_id = c.id
      where c.id = ${code_id} and a.id = c.account_id
      returning a.id as account_id, a.id as actor_id
    ), ended as (
      delete from sessions where account_id = ${account_id}
    ), strangers as (
      delete from known_browsers where account_id = ${account_id}
    ), void as (${codesVoid(account_id, ['confirmation', 'recovery', 'email-change', 'email-correction'])}
    ), later as (
      update codes set spent_at = now()
      where account_id = ${account_id} and purpose = 'email-revert' and spent_at is null
        and created_at >= (select created_at from codes where id = ${code_id})
    )${auditInsert('email-taken-back', origin, sql`account`)}`,
  )
}

/** Whether this code is the one that gave the account the address which it has. */
async function wasTakenBackBy(database: Database, code: string): Promise<boolean> {
  const row = await database.row(
    named(
      'email-take-back-replay',
      sql`
      select from codes c join accounts a on a.id = c.account_id
      where c.code_hash = ${codeHash('email-revert', code)} and c.purpose = 'email-revert' and c.spent_at is not null
        and a.email_canonical = c.email_canonical`,
    ),
  )
  return row !== null
}
