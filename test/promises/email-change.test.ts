import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EMAIL_CHANGES_PER_ACCOUNT, EMAIL_CHANGES_PER_ADDRESS } from '../../src/flows/email-change/request.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { accountId, customer, staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type Answer } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

const TO_NEW = 'Confirm your new address for Meridian Asset Logistics'
const TO_OLD = 'The address of your account with Meridian Asset Logistics was changed'
const TO_HOLDER = 'You already have an account with Meridian Asset Logistics'

describe('a change of address', () => {
  test.each([
    ['a customer', () => customer(site), urls.customerProfile, urls.customerSignIn],
    ['a staff member', () => staffMember(db, site), urls.staffProfile, urls.staffSignIn],
  ])('of %s is done when the new address has confirmed it, and not before', async (_, person, profile, signIn) => {
    const { visitor, email, password } = await person()
    const fresh = canaryEmail()
    const asked = await visitor.submit(urls.emailChange, { email: fresh })
    expect([asked.status, asked.headers.location]).toEqual([303, profile])
    const link = await linkTo(fresh, TO_NEW)
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email })
    await visitor.get(link)
    expect((await visitor.get(urls.emailConfirmation)).body).toContain(fresh)
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email })
    const done = await visitor.submit(urls.emailConfirmation, {})
    expect([done.status, done.headers.location]).toEqual([303, profile])
    expect((await visitor.get(profile)).body).toContain(fresh)
    const id = await accountId(db, fresh)
    expect(await addressOf(id)).toEqual({
      email: fresh,
      email_delivery: fresh,
      email_canonical: fresh,
      confirmed: true,
    })
    expect((await new Visitor(site).submit(signIn, { identifier: email, password })).status).toBe(422)
    expect((await new Visitor(site).submit(signIn, { identifier: fresh, password })).status).toBe(303)
    expect(await eventsOf(id)).toEqual(['email-change-requested', 'email-changed'])
    await letterTo(email, TO_OLD)
    expect(mailbox.to(email).map(({ subject }) => subject)).not.toContain(TO_NEW)
    expect(mailbox.to(fresh).map(({ subject }) => subject)).not.toContain(TO_OLD)
  })

  test('asks for the password again when the sign-in is older than 10 minutes', async () => {
    const { visitor, email } = await customer(site)
    await db.query(`update sessions set authenticated_at = now() - interval '11 minutes' where account_id = $1`, [
      await accountId(db, email),
    ])
    expect((await visitor.get(urls.emailChange)).headers.location).toMatch(urls.reauthentication)
    expect((await visitor.post(urls.emailChange, { email: canaryEmail() })).status).toBe(307)
  })

  test('to an address that belongs to somebody is answered alike, and only its owner is told', async () => {
    const holder = await customer(site)
    const nobody = canaryEmail()
    const answers = []
    for (const email of [holder.email, nobody]) {
      const { visitor } = await customer(site)
      const { status, headers } = await visitor.submit(urls.emailChange, { email })
      answers.push([status, headers.location])
    }
    expect(answers[0]).toEqual(answers[1])
    await letterTo(nobody, TO_NEW)
    const told = await letterTo(holder.email, TO_HOLDER)
    expect(told.text).not.toContain('?code=')
    expect(mailbox.to(holder.email).map(({ subject }) => subject)).not.toContain(TO_NEW)
    expect(mailbox.to(nobody).map(({ subject }) => subject)).toEqual([TO_NEW])
  })

  test.each(['', 'nobody', 'a@b', 'a@example.com,b@example.com', 'a b@example.com', `${'x'.repeat(300)}@example.com`])(
    'to %o is refused in words, and what was typed stays',
    async (email) => {
      const { visitor } = await customer(site)
      const answer = await visitor.submit(urls.emailChange, { email })
      expect(answer.status).toBe(422)
      expect(answer.body).toContain('id="email-error"')
      expect(answer.body).toContain(email === '' ? 'name="email"' : `value="${email}"`)
    },
  )

  test('to the address that one has already is refused in words', async () => {
    const { visitor, email } = await customer(site)
    const answer = await visitor.submit(urls.emailChange, { email: email.toUpperCase() })
    expect([answer.status, answer.body.includes('your address already')]).toEqual([422, true])
  })

  test('is limited for each account and for each address', async () => {
    const { visitor } = await customer(site)
    const submission = await visitor.token(urls.emailChange)
    const ask = (email: string) => visitor.post(urls.emailChange, { email, submission })
    const answers = await Promise.all(Array.from({ length: 9 }, () => ask(canaryEmail())))
    expect(answers.filter(({ status }) => status === 303).length).toBe(EMAIL_CHANGES_PER_ACCOUNT.most)
    const victim = canaryEmail()
    const others = await Promise.all(
      Array.from({ length: 6 }, async () => (await customer(site)).visitor.submit(urls.emailChange, { email: victim })),
    )
    expect(others.filter(({ status }) => status === 303).length).toBe(EMAIL_CHANGES_PER_ADDRESS.most)
  })

  test('makes a link to recover with, sent to the old address before, worthless', async () => {
    const { visitor, email } = await customer(site)
    const recovery = await recoveryLink(email)
    await change(visitor, canaryEmail())
    const stranger = new Visitor(site)
    await stranger.get(recovery)
    expect((await stranger.get(urls.newPassword)).status).toBe(410)
  })

  test('gives an address to somebody who had none, with no letter to nowhere', async () => {
    const { visitor, email } = await customer(site)
    const id = await accountId(db, email)
    await db.query(
      `update accounts set email = null, email_delivery = null, email_canonical = null, email_canonical_version = null,
         username = 'no.address', username_canonical = 'no.address' where id = $1`,
      [id],
    )
    const fresh = canaryEmail()
    await change(visitor, fresh)
    expect(await addressOf(id)).toMatchObject({ email: fresh, confirmed: true })
    expect(await codesOf(id, 'email-revert')).toBe(0)
  })
})

describe('6.5.1 the code that confirms a new address', () => {
  test('opened by a mail scanner spends nothing', async () => {
    const { visitor, email } = await customer(site)
    const fresh = canaryEmail()
    const link = await ask(visitor, fresh)
    for (const who of [new Visitor(site), new Visitor(site), visitor.at(site)]) {
      await who.get(link)
      await who.get(urls.emailConfirmation)
    }
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email })
    await confirm(visitor, link)
    expect(await accountId(db, fresh)).toBeDefined()
  })

  test('changes nothing a second time, though the address is by now what it was when the change was asked for', async () => {
    const { visitor, email } = await customer(site)
    const [id, fresh] = [await accountId(db, email), canaryEmail()]
    await visitor.submit(urls.emailChange, { email: fresh })
    const used = await linkTo(fresh, TO_NEW)
    await visitor.get(used)
    expect((await visitor.submit(urls.emailConfirmation, {})).headers.location).toBe(urls.customerProfile)
    await visitor.submit(urls.emailChange, { email })
    await visitor.get(await linkTo(email, TO_NEW))
    expect((await visitor.submit(urls.emailConfirmation, {})).headers.location).toBe(urls.customerProfile)

    await visitor.get(used)
    const submission = await visitor.token(urls.customerProfile)
    expect((await visitor.post(urls.emailConfirmation, { submission })).status).toBe(410)
    expect(await addressOf(id)).toMatchObject({ email_canonical: email })
  })

  test('spent 16 times at once changes the address once, and writes to the old one once', async () => {
    const { visitor, email } = await customer(site)
    const fresh = canaryEmail()
    await visitor.get(await ask(visitor, fresh))
    const submission = await visitor.token(urls.emailConfirmation)
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => visitor.at(site).post(urls.emailConfirmation, { submission })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(303))
    const id = await accountId(db, fresh)
    expect(await eventsOf(id)).toEqual(['email-change-requested', 'email-changed'])
    expect(await codesOf(id, 'email-revert')).toBe(1)
    await letterTo(email, TO_OLD)
    expect(mailbox.to(email).filter(({ subject }) => subject === TO_OLD).length).toBe(1)
  })

  test.each([
    ['expired', `update codes set expires_at = now() - interval '1 second' where account_id = $1 and spent_at is null`],
    ['of another purpose', `update codes set purpose = 'confirmation' where account_id = $1`],
    ['altered', `update codes set code_hash = sha256(code_hash) where account_id = $1`],
    ['asked for under another address', `update email_changes set former_canonical = 'former@example.com'`],
  ])('that is %s changes nothing', async (_, statement) => {
    const { visitor, email } = await customer(site)
    const id = await accountId(db, email)
    await visitor.get(await ask(visitor, canaryEmail()))
    const submission = await visitor.token(urls.emailConfirmation)
    await db.query(statement, statement.includes('$1') ? [id] : [])
    const answer = await visitor.post(urls.emailConfirmation, { submission })
    expect([answer.status, answer.body.includes('no longer works')]).toEqual([410, true])
    expect(await addressOf(id)).toMatchObject({ email })
  })

  test('is of use to nobody but the account that asked: not to a stranger who gets the letter by mistake', async () => {
    const { visitor, email } = await customer(site)
    const fresh = canaryEmail()
    const link = await ask(visitor, fresh)
    const { visitor: stranger, email: strangers } = await customer(site)
    await stranger.get(link)
    expect((await stranger.get(urls.emailConfirmation)).status).toBe(410)
    const again = stranger.at(site)
    await again.get(link)
    const submission = await again.token(urls.customerProfile)
    expect((await again.post(urls.emailConfirmation, { submission })).status).toBe(410)
    const nobody = new Visitor(site)
    await nobody.get(link)
    expect((await nobody.get(urls.emailConfirmation)).headers.location).toMatch(urls.customerSignIn)
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email })
    expect(await addressOf(await accountId(db, strangers))).toMatchObject({ email: strangers })
  })

  test('waits while its person signs in on the device on which the letter was opened', async () => {
    const { visitor, email, password } = await customer(site)
    const fresh = canaryEmail()
    const link = await ask(visitor, fresh)
    const phone = new Visitor(site)
    await phone.get(link)
    const { location } = (await phone.get(urls.emailConfirmation)).headers
    const signedIn = await phone.submit(location as string, { identifier: email, password })
    expect(signedIn.headers.location).toBe(urls.emailConfirmation)
    expect((await phone.submit(urls.emailConfirmation, {})).headers.location).toBe(urls.customerProfile)
    expect(await accountId(db, fresh)).toBeDefined()
  })

  test.each([
    ['confirmation', urls.confirmation],
    ['recovery', urls.newPassword],
    ['taking an address back', urls.emailReversal],
    ['finishing a registration', urls.registrationLink],
  ])('is none for %s', async (_, url) => {
    const { visitor, email } = await customer(site)
    const link = await ask(visitor, canaryEmail())
    const thief = new Visitor(site)
    await thief.get(url + link.slice(link.indexOf('?')))
    const page = await thief.get(url)
    if (page.status === 200) expect((await thief.submit(url, { password: canaryPassword() })).status).toBe(410)
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email, confirmed: false })
    expect(thief.sessionToken).toBeUndefined()
  })

  test('for an address that somebody has registered meanwhile is refused in words', async () => {
    const { visitor, email } = await customer(site)
    const fresh = canaryEmail()
    await visitor.get(await ask(visitor, fresh))
    await new Visitor(site).register({ email: fresh })
    const answer = await visitor.submit(urls.emailConfirmation, {})
    expect([answer.status, answer.body.includes('belongs to another account by now')]).toEqual([409, true])
    expect(await addressOf(await accountId(db, email))).toMatchObject({ email })
  })

  test('and a registration of the same address at once: one gets it, and nobody a 5xx', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { visitor } = await customer(site)
      const fresh = canaryEmail()
      await visitor.get(await ask(visitor, fresh))
      const submission = await visitor.token(urls.emailConfirmation)
      const rival = new Visitor(site)
      const form = registrationForm({ email: fresh, submission: await rival.token(urls.customerRegistration) })
      const [confirmed, registered] = await Promise.all([
        visitor.post(urls.emailConfirmation, { submission }),
        rival.post(urls.customerRegistration, form),
      ])
      expect([
        [303, 422],
        [409, 303],
      ]).toContainEqual([confirmed.status, registered.status])
    }
  }, 60_000)

  test('CVE-2026-32700 of two changes confirmed at once, one counts, with the address that its own letter went to', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { visitor, email } = await customer(site)
      const id = await accountId(db, email)
      const addresses = [canaryEmail(), canaryEmail()]
      const browsers = []
      for (const address of addresses) {
        const link = await ask(visitor, address)
        const browser = visitor.at(site)
        await browser.get(link)
        browsers.push({ browser, submission: await browser.token(urls.emailConfirmation) })
      }
      const answers = await Promise.all(
        browsers.map(({ browser, submission }) => browser.post(urls.emailConfirmation, { submission })),
      )
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted((a, b) => a - b)).toEqual([303, 410])
      expect(await addressOf(id)).toMatchObject({ email: addresses[statuses.indexOf(303)], confirmed: true })
      expect(await codesOf(id, 'email-revert')).toBe(1)
    }
  }, 60_000)

  test('CVE-2026-32700 two changes asked for at once each keep their own address', async () => {
    const { visitor, email } = await customer(site)
    const addresses = Array.from({ length: 4 }, () => canaryEmail())
    const submission = await visitor.token(urls.emailChange)
    await Promise.all(addresses.map((address) => visitor.post(urls.emailChange, { email: address, submission })))
    const rows = await db.query<{ email: string; email_canonical: string; recipient: string }>(
      `select e.email, c.email_canonical, l.recipient from codes c join email_changes e on e.code_id = c.id
       join letters l on l.code_id = c.id where c.account_id = $1`,
      [await accountId(db, email)],
    )
    expect(rows.map((row) => row.email).toSorted()).toEqual(addresses.toSorted())
    for (const row of rows) expect([row.email_canonical, row.recipient]).toEqual([row.email, row.email])
  })

  test.each(['the change', 'the recovery'])(
    'CVE-2022-4037 and a recovery, both under way at once, with %s first: the first one decides, never half of each',
    async (first) => {
      for (let round = 0; round < 3; round += 1) {
        const { visitor: thief, email } = await customer(site)
        const id = await accountId(db, email)
        const fresh = canaryEmail()
        await thief.get(await ask(thief, fresh))
        const owner = new Visitor(site)
        await owner.get(await recoveryLink(email))
        const recovery = { password: canaryPassword(), submission: await owner.token(urls.newPassword) }
        const confirmation = { submission: await thief.token(urls.emailConfirmation) }
        const inOrder = [
          () => thief.post(urls.emailConfirmation, confirmation),
          () => owner.post(urls.newPassword, recovery),
        ]
        const acts = first === 'the change' ? inOrder : inOrder.toReversed()
        const answers = await behindOneGate(id, acts)
        const [confirmed, recovered] = first === 'the change' ? answers : answers.toReversed()
        const won = first === 'the recovery'
        expect([recovered?.status, confirmed?.status]).toEqual(won ? [303, 410] : [410, 303])
        expect(await addressOf(id)).toMatchObject({ email: won ? email : fresh })
        expect([await owner.isSignedIn(), await thief.isSignedIn()]).toEqual([won, !won])
      }
    },
    60_000,
  )

  test('dies with a recovery and with a change of password', async () => {
    for (const way of ['recovery', 'change']) {
      const { visitor, email, password } = await customer(site)
      const fresh = canaryPassword()
      const link = await ask(visitor, canaryEmail())
      if (way === 'recovery') {
        await visitor.get(await recoveryLink(email))
        await visitor.submit(urls.newPassword, { password: fresh })
      } else await visitor.submit(urls.passwordChange, { current_password: password, password: fresh })
      await visitor.get(link)
      expect((await visitor.get(urls.emailConfirmation)).status).toBe(410)
    }
  })
})

describe('taking an address back', () => {
  test('gives the old address back, signs everybody out, and leaves recovery as the only way in', async () => {
    const { visitor: thief, email, password } = await customer(site)
    const id = await accountId(db, email)
    const thiefs = canaryEmail()
    await change(thief, thiefs)
    const owner = new Visitor(site)
    await owner.get(await linkTo(email, TO_OLD))
    expect((await owner.get(urls.emailReversal)).body).toContain(email)
    expect(await addressOf(id)).toMatchObject({ email: thiefs })
    const answer = await owner.submit(urls.emailReversal, {})
    expect([answer.status, answer.headers.location]).toEqual([303, urls.recovery])
    expect((await owner.get(urls.recovery)).body).toContain('Your address is yours again')
    expect(await addressOf(id)).toEqual({ email, email_delivery: email, email_canonical: email, confirmed: true })
    expect(await thief.isSignedIn()).toBe(false)
    for (const identifier of [email, thiefs])
      expect((await new Visitor(site).signIn(identifier, password)).status).toBe(422)
    await owner.get(await recoveryLink(email))
    await owner.submit(urls.newPassword, { password: canaryPassword() })
    expect(await owner.isSignedIn()).toBe(true)
    expect(await eventsOf(id)).toEqual([
      'email-change-requested',
      'email-changed',
      'email-taken-back',
      'recovery-requested',
      'password-recovered',
    ])
  })

  test('spent 16 times at once happens once, and everybody is told so', async () => {
    const { visitor, email } = await customer(site)
    const id = await accountId(db, email)
    await change(visitor, canaryEmail())
    const link = await linkTo(email, TO_OLD)
    const owners = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const owner = new Visitor(site)
        await owner.get(link)
        return { owner, submission: await owner.token(urls.emailReversal) }
      }),
    )
    const answers = await Promise.all(
      owners.map(({ owner, submission }) => owner.post(urls.emailReversal, { submission })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(16).fill(303))
    expect((await eventsOf(id)).filter((event) => event === 'email-taken-back').length).toBe(1)
  })

  test('is possible for 7 days', async () => {
    const { visitor, email } = await customer(site)
    const id = await accountId(db, email)
    await change(visitor, canaryEmail())
    const [row] = await db.query<{ days: string }>(
      `select extract(epoch from expires_at - created_at) / 86400 as days from codes where purpose = 'email-revert' and account_id = $1`,
      [id],
    )
    expect(Number(row?.days)).toBe(7)
    await db.query(`update codes set expires_at = now() where account_id = $1`, [id])
    const owner = new Visitor(site)
    await owner.get(await linkTo(email, TO_OLD))
    const answer = await owner.get(urls.emailReversal)
    expect([answer.status, answer.body.includes('older than 7 days')]).toEqual([410, true])
  })

  test('reaches past a second change, and then the thief’s own way back is none', async () => {
    const { visitor: thief, email } = await customer(site)
    const id = await accountId(db, email)
    const [second, third] = [canaryEmail(), canaryEmail()]
    await change(thief, second)
    await change(thief, third)
    await takeBack(await linkTo(email, TO_OLD))
    expect(await addressOf(id)).toMatchObject({ email })
    const answer = await takeBack(await linkTo(second, TO_OLD))
    expect(answer.status).toBe(410)
    expect(await addressOf(id)).toMatchObject({ email })
  })

  test('is not hindered by a stranger who has registered under the address meanwhile and never proved it', async () => {
    const { visitor: thief, email } = await customer(site)
    const id = await accountId(db, email)
    await change(thief, canaryEmail())
    const squatter = new Visitor(site)
    await squatter.register({ email })
    const squat = await accountId(db, email)
    expect((await takeBack(await linkTo(email, TO_OLD))).status).toBe(303)
    expect(await addressOf(id)).toMatchObject({ email })
    expect(await squatter.isSignedIn()).toBe(false)
    expect(await eventsOf(squat)).toContain('email-given-up')
  })

  test('is refused in words when the address was proved by another account meanwhile', async () => {
    const { visitor, email } = await customer(site)
    const id = await accountId(db, email)
    const moved = canaryEmail()
    await change(visitor, moved)
    await new Visitor(site).register({ email })
    await db.query(`update accounts set email_confirmed_at = now() where email_canonical = $1`, [email])
    const answer = await takeBack(await linkTo(email, TO_OLD))
    expect([answer.status, answer.body.includes('belongs to another account by now')]).toEqual([409, true])
    expect(await addressOf(id)).toMatchObject({ email: moved })
    expect(await visitor.isSignedIn()).toBe(true)
  })

  test('at the moment at which the thief recovers, signs in or changes again leaves the owner with the account', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { visitor: thief, email, password } = await customer(site)
      const id = await accountId(db, email)
      const thiefs = canaryEmail()
      await change(thief, thiefs)
      const owner = new Visitor(site)
      await owner.get(await linkTo(email, TO_OLD))
      const back = { submission: await owner.token(urls.emailReversal) }
      const [recovering, signingIn, changing] = [new Visitor(site), new Visitor(site), thief.at(site)]
      await recovering.get(await recoveryLink(thiefs))
      const recovery = { password: canaryPassword(), submission: await recovering.token(urls.newPassword) }
      const signIn = { identifier: thiefs, password, submission: await signingIn.token(urls.customerSignIn) }
      await changing.get(await ask(thief, canaryEmail()))
      const confirmation = { submission: await changing.token(urls.emailConfirmation) }
      const acts = [
        () => owner.post(urls.emailReversal, back),
        () => recovering.post(urls.newPassword, recovery),
        () => signingIn.post(urls.customerSignIn, signIn),
        () => changing.post(urls.emailConfirmation, confirmation),
      ]
      const turned = [...acts.slice(round), ...acts.slice(0, round)]
      const answers = await behindOneGate(id, turned)
      expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
      expect(answers[(4 - round) % 4]?.status).toBe(303)
      expect(await addressOf(id)).toMatchObject({ email })
      const inside = [thief, recovering, signingIn, changing].map((visitor) => visitor.isSignedIn())
      expect(await Promise.all(inside)).toEqual([false, false, false, false])
      expect((await new Visitor(site).signIn(email, recovery.password)).status).toBe(422)
      expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
    }
  }, 120_000)
})

/** Asks for the change as a person would, and reads the link in the letter to the new address. */
async function ask(visitor: Visitor, email: string): Promise<string> {
  const answer = await visitor.submit(urls.emailChange, { email })
  if (answer.status !== 303) throw new Error(`not asked, but ${answer.status}`)
  return linkTo(email, TO_NEW)
}

async function confirm(visitor: Visitor, link: string): Promise<void> {
  await visitor.get(link)
  const answer = await visitor.submit(urls.emailConfirmation, {})
  if (answer.status !== 303) throw new Error(`not confirmed, but ${answer.status}`)
}

async function change(visitor: Visitor, email: string): Promise<void> {
  await confirm(visitor, await ask(visitor, email))
}

async function takeBack(link: string) {
  const owner = new Visitor(site)
  await owner.get(link)
  const page = await owner.get(urls.emailReversal)
  return page.status === 200 ? owner.submit(urls.emailReversal, {}) : page
}

/** Has all of these wait for the account's row, in this order, and then lets them go. */
async function behindOneGate(id: string, acts: readonly (() => Promise<Answer>)[]): Promise<Answer[]> {
  const gate = await connectionTo(db.appUrl)
  await gate.query('begin')
  await gate.query('select from accounts where id = $1 for update', [id])
  const answers: Promise<Answer>[] = []
  for (const act of acts) {
    answers.push(act())
    await sleep(150)
  }
  await gate.query('commit')
  return Promise.all(answers)
}

async function letterTo(recipient: string, subject: string): Promise<Received> {
  const letter = () => mailbox.to(recipient).find((received) => received.subject === subject)
  await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
  return letter() as Received
}

async function linkTo(recipient: string, subject: string): Promise<string> {
  const { pathname, search } = new URL(linkIn(await letterTo(recipient, subject)))
  return pathname + search
}

async function recoveryLink(email: string): Promise<string> {
  await new Visitor(site).submit(urls.recovery, { identifier: email })
  return linkTo(email, 'Choose a new password for Meridian Asset Logistics')
}

async function addressOf(id: string) {
  const [row] = await db.query(
    `select email, email_delivery, email_canonical, email_confirmed_at is not null as confirmed from accounts where id = $1`,
    [id],
  )
  return row
}

/** What happened to the account's way in, in order. */
async function eventsOf(id: string): Promise<string[]> {
  const rows = await db.query<{ event: string }>(
    `select event from audit_events where account_id = $1 and (event like 'email-%' or event like '%recover%')
     and event <> 'email-confirmed' order by id`,
    [id],
  )
  return rows.map(({ event }) => event)
}

async function codesOf(id: string, purpose: string): Promise<number> {
  const [row] = await db.query<{ count: string }>(`select count(*) from codes where account_id = $1 and purpose = $2`, [
    id,
    purpose,
  ])
  return Number(row?.count)
}
