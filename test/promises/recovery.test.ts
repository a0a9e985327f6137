import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

describe('somebody who forgot the password', () => {
  test('gets back in by the link, signed in, and everybody else is signed out', async () => {
    const elsewhere = new Visitor(site)
    const { email, password } = await elsewhere.register()
    const visitor = new Visitor(site)
    await visitor.get(await recoveryLink(visitor, email))
    const fresh = canaryPassword()
    const answer = await visitor.submit(urls.newPassword, { password: fresh })
    expect(answer.headers.location).toBe(urls.landing)
    expect((await visitor.get(urls.landing)).body).toContain('Your new password is saved')
    expect(await visitor.isSignedIn()).toBe(true)
    expect(await elsewhere.isSignedIn()).toBe(false)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
    expect((await new Visitor(site).signIn(email, fresh)).status).toBe(303)
    await expect
      .poll(() => mailbox.to(email).map(({ subject }) => subject), { timeout: 15_000 })
      .toContain('Your password for Meridian Asset Logistics was changed')
  })

  test('may name the account by its username', async () => {
    const { email } = await new Visitor(site).register({ username: 'Captain.Ann' })
    expect(await recoveryLink(new Visitor(site), email, 'captain.ann')).toContain(urls.newPassword)
  })

  test('is asked for a better password without losing the link', async () => {
    const { email } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    await visitor.get(await recoveryLink(visitor, email))
    expect((await visitor.submit(urls.newPassword, { password: 'password' })).status).toBe(422)
    expect((await visitor.submit(urls.newPassword, { password: canaryPassword() })).status).toBe(303)
  })

  test('opens a password that 100 failures had disabled', async () => {
    const { email } = await new Visitor(site).register()
    await db.query(
      `update passwords set disabled_at = now(), consecutive_failures = 100 from accounts a where a.id = account_id and a.email_canonical = $1`,
      [email],
    )
    const visitor = new Visitor(site)
    await visitor.get(await recoveryLink(visitor, email))
    const fresh = canaryPassword()
    await visitor.submit(urls.newPassword, { password: fresh })
    expect((await new Visitor(site).signIn(email, fresh)).status).toBe(303)
  })
})

describe('6.3.8 asking', () => {
  test('is answered alike whoever is named, and writes to those alone who exist', async () => {
    const { email } = await new Visitor(site).register()
    const nobody = canaryEmail()
    const answers = []
    for (const identifier of [email, nobody, 'no.such.username', 'not an address @']) {
      const visitor = new Visitor(site)
      const answer = await visitor.submit(urls.recovery, { identifier })
      answers.push([answer.status, answer.headers.location, (await visitor.get(urls.recoverySent)).body])
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(2)
    await expect.poll(() => db.count('recovery_requests'), { timeout: 15_000 }).toBe(0)
    expect(mailbox.to(nobody)).toEqual([])
  })

  test('2.4.1 is limited for each account, whether or not it exists', async () => {
    const { email } = await new Visitor(site).register()
    for (const identifier of [email, canaryEmail()]) {
      const statuses = []
      for (let time = 0; time < 4; time += 1)
        statuses.push((await new Visitor(site).submit(urls.recovery, { identifier })).status)
      expect(statuses).toEqual([303, 303, 303, 429])
    }
  })

  test.each([{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }, { forwarded: 'host=evil.example' }])(
    'CVE-2023-49097: %o has no say in the link',
    async (headers) => {
      const { email } = await new Visitor(site).register()
      const visitor = new Visitor(site)
      await visitor.post(urls.recovery, { identifier: email, submission: await visitor.token(urls.recovery) }, headers)
      await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(2)
      expect(linkIn(mailbox.to(email).find(({ subject }) => subject.startsWith('Choose')) as Received)).toMatch(
        `${site.url}${urls.newPassword}?code=`,
      )
    },
  )
})

describe('6.5.1 a recovery code', () => {
  test('spent 16 times at once lets one in', async () => {
    const { email } = await new Visitor(site).register()
    const link = await recoveryLink(new Visitor(site), email)
    const spenders = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const visitor = new Visitor(site)
        await visitor.get(link)
        return { visitor, form: { password: canaryPassword(), submission: await visitor.token(urls.newPassword) } }
      }),
    )
    const answers = await Promise.all(spenders.map(({ visitor, form }) => visitor.post(urls.newPassword, form)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, ...Array(15).fill(410)])
    const inside = await Promise.all(spenders.map(({ visitor }) => visitor.isSignedIn()))
    expect(inside.filter(Boolean).length).toBe(1)
    const winner = spenders[inside.indexOf(true)]
    expect((await new Visitor(site).signIn(email, winner?.form.password ?? '')).status).toBe(303)
  })

  test('sent twice by the same person, as with a double click, is one recovery and two welcomes', async () => {
    const { email } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    await visitor.get(await recoveryLink(visitor, email))
    const form = { password: canaryPassword(), submission: await visitor.token(urls.newPassword) }
    const answers = await Promise.all([
      visitor.at(site).post(urls.newPassword, form),
      visitor.at(site).post(urls.newPassword, form),
    ])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
  })

  test.each([
    ['expired', `update codes set expires_at = now() - interval '1 second'`],
    ['of an address that the account no longer has', `update codes set email_canonical = 'former@example.com'`],
    ['of another purpose', `update codes set purpose = 'confirmation'`],
    ['of a suspended account', `update accounts set status = 'suspended'`],
  ])('that is %s opens nothing', async (_, statement) => {
    const { email } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    await visitor.get(await recoveryLink(visitor, email))
    const token = await visitor.token(urls.newPassword)
    await db.query(statement)
    const answer = await visitor.post(urls.newPassword, { password: canaryPassword(), submission: token })
    expect(answer.status).toBe(410)
    expect(answer.body).toContain('Ask for a new link')
    expect(visitor.sessionToken).toBeUndefined()
  })
})

describe('an unconfirmed claim never holds an address', () => {
  test('squatter first: the owner recovers, and the squatter has nothing', async () => {
    const squatter = new Visitor(site)
    const { email, password } = await squatter.register()
    const owner = new Visitor(site)
    expect((await owner.submit(urls.customerRegistration, registrationForm({ email }))).status).toBe(422)
    await owner.get(await recoveryLink(owner, email))
    await owner.submit(urls.newPassword, { password: canaryPassword() })
    expect(await owner.isSignedIn()).toBe(true)
    expect(await squatter.isSignedIn()).toBe(false)
    expect((await squatter.signIn(email, password)).status).toBe(422)
  })

  test('owner first: whoever registers with the address gets nothing by it, whatever the owner does next', async () => {
    const owner = new Visitor(site)
    const { email } = await owner.register()
    const squatter = new Visitor(site)
    const claim = registrationForm({ email: email.toUpperCase() })
    expect((await squatter.submit(urls.customerRegistration, claim)).status).toBe(422)
    await owner.get(await recoveryLink(owner, email))
    await owner.submit(urls.newPassword, { password: canaryPassword() })
    expect((await squatter.submit(urls.customerRegistration, claim)).status).toBe(422)
    expect((await squatter.signIn(email, claim['password'] as string)).status).toBe(422)
    expect([await owner.isSignedIn(), await squatter.isSignedIn()]).toEqual([true, false])
  })

  test('a sign-in of the squatter under way at that very moment is ended too', async () => {
    for (let round = 0; round < 12; round += 1) {
      const { email, password } = await new Visitor(site).register()
      const owner = new Visitor(site)
      await owner.get(await recoveryLink(owner, email))
      const form = { password: canaryPassword(), submission: await owner.token(urls.newPassword) }
      const squatters = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const squatter = new Visitor(site)
          return {
            squatter,
            form: { identifier: email, password, submission: await squatter.token(urls.customerSignIn) },
          }
        }),
      )
      await Promise.all([
        owner.post(urls.newPassword, form),
        ...squatters.map(({ squatter, form: claim }) => squatter.post(urls.customerSignIn, claim)),
      ])
      expect(await owner.isSignedIn()).toBe(true)
      const inside = await Promise.all(squatters.map(({ squatter }) => squatter.isSignedIn()))
      expect(inside).toEqual([false, false, false, false])
    }
  }, 120_000)
})

/** Asks for a link as a person would, and reads it in the letter. */
async function recoveryLink(visitor: Visitor, email: string, identifier = email): Promise<string> {
  await visitor.submit(urls.recovery, { identifier })
  const letter = () => mailbox.to(email).find(({ subject }) => subject.startsWith('Choose a new password'))
  await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
  const { pathname, search } = new URL(linkIn(letter() as Received))
  return pathname + search
}
