import { describe, expect, test } from 'vitest'
import { parseIdentifier } from '../../src/accounts/identifier.ts'
import {
  FAILURES_THAT_DISABLE,
  SIGN_INS_PER_ACCOUNT,
  SIGN_INS_PER_ACCOUNT_AND_NETWORK,
} from '../../src/accounts/passwords/guesses.ts'
import { clearAttempts } from '../../src/flows/sign-in-help/clear-attempts.ts'
import { findByName } from '../../src/flows/sign-in-help/find.ts'
import { whyNotIn } from '../../src/flows/sign-in-help/verdict.ts'
import { restoreAccount, suspendAccount } from '../../src/flows/suspension/suspend.ts'
import { reopenAccount } from '../../src/flows/leaving/reopen.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const here = { network: null, reference: null }

describe('why somebody cannot sign in is told as sign-in itself would find it:', () => {
  test('nothing, for whoever can', async () => {
    const { id } = await customer()
    expect(await causes(id)).toEqual(['nothing'])
    expect(await whyNotIn(db.database, newId())).toBe(null)
  })

  test('wrong passwords, then the limit, at the very attempt from which sign-in refuses; cleared, the right one is let in', async () => {
    const { id, email, password } = await customer()
    const visitor = new Visitor(site)
    for (let guess = 0; guess < SIGN_INS_PER_ACCOUNT_AND_NETWORK.most; guess += 1) {
      expect(await causes(id)).toEqual([guess === 0 ? 'nothing' : 'wrong-password'])
      expect((await visitor.signIn(email, 'not this one')).status).toBe(422)
    }
    const [throttled] = (await whyNotIn(db.database, id)) ?? []
    expect(throttled).toMatchObject({ cause: 'throttled', scope: 'account and network', network: visitor.network })
    expect((await visitor.signIn(email, password)).status).toBe(429)
    expect(await clearAttempts(db.database, act(id), here)).toBe(true)
    expect(await causes(id)).toEqual(['wrong-password'])
    expect((await visitor.signIn(email, password)).status).toBe(303)
    expect(await causes(id)).toEqual(['nothing'])
  })

  test('the limit of all networks together', async () => {
    const { id, email, password } = await customer()
    for (let guess = 0; guess < SIGN_INS_PER_ACCOUNT.most; guess += 1) await new Visitor(site).signIn(email, 'no')
    expect((await whyNotIn(db.database, id))?.[0]).toMatchObject({ cause: 'throttled', scope: 'account' })
    expect((await new Visitor(site).signIn(email, password)).status).toBe(429)
    await clearAttempts(db.database, act(id), here)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test('a hundred failures', async () => {
    const { id, email, password } = await customer()
    await db.query(`update passwords set consecutive_failures = $2 where account_id = $1`, [
      id,
      FAILURES_THAT_DISABLE - 1,
    ])
    await new Visitor(site).signIn(email, 'not this one')
    expect(await causes(id)).toEqual(['password-disabled'])
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
  })

  test('a suspension, which ends every session at once and is lifted by its opposite', async () => {
    const { id, email, password, visitor } = await customer()
    expect(await db.database.transaction((within) => suspendAccount(within, { ...act(id), actorId: null }, here))).toBe(
      'suspended',
    )
    expect(await visitor.isSignedIn()).toBe(false)
    expect(await causes(id)).toEqual(['suspended'])
    expect((await new Visitor(site).signIn(email, password)).body).toContain('suspended')
    expect(await restoreAccount(db.database, { ...act(id), actorId: null }, here)).toBe('restored')
    expect(await restoreAccount(db.database, { ...act(id), actorId: null }, here)).toBe('not-suspended')
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test('a closing, which staff undo', async () => {
    const { id, email, password, visitor } = await customer()
    await visitor.submit(urls.accountClosing, {})
    expect(await causes(id)).toEqual(['closing'])
    expect(await reopenAccount(db.database, act(id), here)).toBe(true)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test('no password, and letters that do not arrive', async () => {
    const { id } = await customer()
    await db.query(`delete from passwords where account_id = $1`, [id])
    expect(await causes(id)).toEqual(['no-password'])
    await db.query(`update letters set given_up_at = now() where account_id = $1`, [id])
    expect(await causes(id)).toEqual(['undeliverable', 'no-password'])
  })

  test('the name that they use: another’s, a former one, or nobody’s', async () => {
    const [{ id, email }, other] = [await customer(), await customer()]
    const causesFor = async (name: string) =>
      (await whyNotIn(db.database, id, parseIdentifier(name)))?.map(({ cause }) => cause)
    expect(await causesFor(email.toUpperCase())).toEqual(['nothing'])
    expect(await causesFor(other.email)).toEqual(['name-of-another'])
    expect(await causesFor('nobody.has.this')).toEqual(['name-of-nobody'])
    expect(await causesFor('')).toEqual(['name-of-nobody'])

    const former = await formerAddressOf(id)
    expect(await causesFor(former)).toEqual(['former-address'])
    expect(await findByName(db.database, former)).toEqual({ found: 'former-address', id })
    expect(await causes(id)).toEqual(['nothing'])
    await new Visitor(site).signIn(former, 'whatever it is')
    expect(await causes(id)).toEqual(['former-address'])
  })
})

async function customer() {
  const visitor = new Visitor(site)
  const { email, password } = await visitor.register()
  const found = await findByName(db.database, email)
  if (!('id' in found)) throw new Error('nobody registered')
  return { id: found.id, email, password, visitor }
}

async function causes(id: string) {
  return (await whyNotIn(db.database, id))?.map(({ cause }) => cause)
}

function act(accountId: string) {
  return { accountId, actorId: newId(), reason: 'They called.' }
}

/** An address that the account had, as a change of address leaves it behind. */
async function formerAddressOf(accountId: string): Promise<string> {
  const former = `former.${newId()}@example.com`
  await db.query(
    `insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)
     values ($1, sha256(convert_to($3, 'UTF8')), 'email-revert', $2, $3, now() + interval '7 days')`,
    [newId(), accountId, former],
  )
  return former
}
