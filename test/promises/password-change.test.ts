import { describe, expect, test } from 'vitest'
import { SIGN_INS_PER_ACCOUNT_AND_NETWORK } from '../../src/accounts/passwords/guesses.ts'
import { urls } from '../../src/urls.ts'
import { canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { customer, staffMember } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

describe('6.2.2, 6.2.3 somebody who changes the password', () => {
  test.each([
    ['a customer', () => customer(site), urls.customerSignIn, urls.customerProfile],
    ['a staff member', () => staffMember(db, site), urls.staffSignIn, urls.staffProfile],
  ])('as %s stays signed in here, and is signed out everywhere else', async (_, person, signIn, profile) => {
    const { visitor, email, password } = await person()
    const elsewhere = new Visitor(site)
    await elsewhere.submit(signIn, { identifier: email, password })
    const former = visitor.at(site)
    const fresh = canaryPassword()
    const answer = await visitor.submit(urls.passwordChange, { current_password: password, password: fresh })
    expect([answer.status, answer.headers.location]).toEqual([303, profile])
    expect((await visitor.get(profile)).body).toContain('Your new password is saved')
    expect((await elsewhere.get(profile)).status).toBe(303)
    expect((await former.get(profile)).status).toBe(303)
    expect((await new Visitor(site).submit(signIn, { identifier: email, password })).status).toBe(422)
    expect((await new Visitor(site).submit(signIn, { identifier: email, password: fresh })).status).toBe(303)
    await expect
      .poll(() => mailbox.to(email).filter(({ subject }) => /password .* was changed/.test(subject)).length, {
        timeout: 15_000,
      })
      .toBe(1)
    expect(await eventsOf(email, 'password-changed')).toBe(1)
  })

  test('has to know the current one, and a wrong one counts towards the limit of sign-in', async () => {
    const { visitor, email, password } = await customer(site)
    const { most } = SIGN_INS_PER_ACCOUNT_AND_NETWORK
    const form = {
      current_password: 'not this one',
      password: canaryPassword(),
      submission: await visitor.token(urls.passwordChange),
    }
    const refused = await visitor.post(urls.passwordChange, form)
    expect([refused.status, refused.body.includes('not the password of your account')]).toEqual([422, true])
    expect(refused.body).not.toContain(form.password)
    const rest = await Promise.all(Array.from({ length: most + 4 }, () => visitor.post(urls.passwordChange, form)))
    expect(rest.filter(({ status }) => status === 429).length).toBe(5)
    expect((await new Visitor(site, visitor.network).signIn(email, password)).status).toBe(429)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
  })

  test.each([
    ['', 'Choose a new password'],
    ['short', 'Use at least'],
    ['password', 'many people use'],
  ])('is asked for a better one than %o, which costs no guess', async (weak, words) => {
    const { visitor, password } = await customer(site)
    const form = { current_password: password, password: weak, submission: await visitor.token(urls.passwordChange) }
    for (let time = 0; time < SIGN_INS_PER_ACCOUNT_AND_NETWORK.most + 2; time += 1) {
      const answer = await visitor.post(urls.passwordChange, form)
      expect([answer.status, answer.body.includes(words)]).toEqual([422, true])
    }
  })

  test('is told when it is the same as before', async () => {
    const { visitor, password } = await customer(site)
    const answer = await visitor.submit(urls.passwordChange, { current_password: password, password })
    expect([answer.status, answer.body.includes('have already')]).toEqual([422, true])
  })

  test('needs 15 characters as a staff member', async () => {
    const { visitor, password } = await staffMember(db, site)
    const answer = await visitor.submit(urls.passwordChange, { current_password: password, password: 'kettle zebra' })
    expect([answer.status, answer.body.includes('at least 15')]).toEqual([422, true])
  })

  test('has to be signed in', async () => {
    const answer = await new Visitor(site).get(urls.passwordChange)
    expect(answer.headers.location).toMatch(urls.customerSignIn)
    const post = await new Visitor(site).post(urls.passwordChange, { current_password: 'a', password: 'b' })
    expect(post.headers.location).toMatch(urls.customerSignIn)
  })

  test('makes the links of recoveries asked for before worthless', async () => {
    const { visitor, email, password } = await customer(site)
    const link = await recoveryLink(email)
    await visitor.submit(urls.passwordChange, { current_password: password, password: canaryPassword() })
    expect((await new Visitor(site).at(site).get(link)).status).toBe(303)
    const thief = new Visitor(site)
    await thief.get(link)
    expect((await thief.get(urls.newPassword)).status).toBe(410)
  })
})

describe('at once', () => {
  test('the same change sent 8 times, as with double clicks, is one, and each answer keeps its person signed in', async () => {
    const { visitor, email, password } = await customer(site)
    const form = {
      current_password: password,
      password: canaryPassword(),
      submission: await visitor.token(urls.passwordChange),
    }
    const browsers = Array.from({ length: 8 }, () => visitor.at(site))
    const answers = await Promise.all(browsers.map((browser) => browser.post(urls.passwordChange, form)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(303))
    expect(await Promise.all(browsers.map((browser) => browser.isSignedIn()))).toEqual(Array(8).fill(true))
    expect(await eventsOf(email, 'password-changed')).toBe(1)
    const late = visitor.at(site)
    expect((await late.post(urls.passwordChange, form)).headers.location).toBe(urls.customerProfile)
    expect(await late.isSignedIn()).toBe(true)
  })

  test('of 8 different changes from 8 browsers one is carried out, and it alone keeps its session', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { email, password } = await customer(site)
      const browsers = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const visitor = new Visitor(site)
          await visitor.signIn(email, password)
          const fresh = canaryPassword()
          const submission = await visitor.token(urls.passwordChange)
          return { visitor, fresh, form: { current_password: password, password: fresh, submission } }
        }),
      )
      const answers = await Promise.all(browsers.map(({ visitor, form }) => visitor.post(urls.passwordChange, form)))
      const inside = await Promise.all(browsers.map(({ visitor }) => visitor.isSignedIn()))
      expect(inside.filter(Boolean).length).toBe(1)
      expect(answers[inside.indexOf(true)]?.headers.location).toBe(urls.customerProfile)
      expect(await eventsOf(email, 'password-changed')).toBe(1)
      const winner = browsers[inside.indexOf(true)]
      expect((await new Visitor(site).signIn(email, winner?.fresh ?? '')).status).toBe(303)
    }
  }, 60_000)

  test('a sign-in with the old password under way at that very moment is ended too', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { visitor, email, password } = await customer(site)
      const submission = await visitor.token(urls.passwordChange)
      const thieves = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const thief = new Visitor(site)
          return { thief, form: { identifier: email, password, submission: await thief.token(urls.customerSignIn) } }
        }),
      )
      await Promise.all([
        visitor.post(urls.passwordChange, { current_password: password, password: canaryPassword(), submission }),
        ...thieves.map(({ thief, form }) => thief.post(urls.customerSignIn, form)),
      ])
      expect(await visitor.isSignedIn()).toBe(true)
      expect(await Promise.all(thieves.map(({ thief }) => thief.isSignedIn()))).toEqual([false, false, false, false])
    }
  }, 60_000)

  test('a recovery and a change end with one password and nobody inside with the other', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { visitor, email, password } = await customer(site)
      const owner = new Visitor(site)
      await owner.get(await recoveryLink(email))
      const [recovered, changed] = [canaryPassword(), canaryPassword()]
      const recovery = { password: recovered, submission: await owner.token(urls.newPassword) }
      const change = {
        current_password: password,
        password: changed,
        submission: await visitor.token(urls.passwordChange),
      }
      const answers = await Promise.all([
        owner.post(urls.newPassword, recovery),
        visitor.post(urls.passwordChange, change),
      ])
      expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
      const signIns = await Promise.all([recovered, changed].map((word) => new Visitor(site).signIn(email, word)))
      const inside = [await owner.isSignedIn(), await visitor.isSignedIn()]
      expect(signIns.map(({ status }) => status === 303)).toEqual(inside)
      expect(inside.filter(Boolean).length).toBe(1)
    }
  }, 60_000)
})

async function recoveryLink(email: string): Promise<string> {
  await new Visitor(site).submit(urls.recovery, { identifier: email })
  const letter = () => mailbox.to(email).find(({ subject }) => subject.startsWith('Choose a new password'))
  await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
  const { pathname, search } = new URL(linkIn(letter() as Received))
  return pathname + search
}

async function eventsOf(email: string, event: string): Promise<number> {
  const [row] = await db.query<{ count: string }>(
    `select count(*) from audit_events e join accounts a on a.id = account_id where email_canonical = $1 and event = $2`,
    [email, event],
  )
  return Number(row?.count)
}
