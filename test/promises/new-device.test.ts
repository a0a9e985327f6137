import { describe, expect, test } from 'vitest'
import { codeFor, codeHash } from '../../src/accounts/codes/codes.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)

/** As many as the limit for one account from one network lets through. */
const AT_ONCE = 10

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0'

describe('a sign-in from a browser that an account has not been signed in with', () => {
  test('is told to its owner: with what, from where, when, and what to do', async () => {
    const { email, password } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    const submission = await visitor.token(urls.customerSignIn)
    await visitor.post(urls.customerSignIn, { identifier: email, password, submission }, { 'user-agent': FIREFOX })
    await expect.poll(() => newDevice(email), { timeout: 15_000 }).toBeDefined()
    const { text, html } = newDevice(email) as Received
    expect(text).toContain('Firefox on Linux')
    expect(text).toContain(visitor.network)
    expect(text).toMatch(/^On \d{1,2} \w+ \d{4}, \d\d:\d\d UTC: /m)
    expect(text).toContain(`${site.url}${urls.recovery}`)
    expect(text, 'no code in it').not.toContain('code=')
    expect(html).toContain('Firefox on Linux')
  })

  test('leads to a page that asks for a link also when its owner is signed in', async () => {
    const visitor = new Visitor(site)
    await visitor.register()
    expect((await visitor.get(urls.recovery)).status).toBe(200)
  })

  test('is told once for each browser, not again when it comes back', async () => {
    const { email, password } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    for (let time = 0; time < 3; time += 1) await signInAgain(visitor, email, password)
    expect(await lettersTo(email)).toBe(1)
    await new Visitor(site).signIn(email, password)
    expect(await lettersTo(email)).toBe(2)
  })

  test('many times at once is told once', async () => {
    const { email, password } = await new Visitor(site).register()
    const visitor = new Visitor(site)
    const form = { identifier: email, password, submission: await visitor.token(urls.customerSignIn) }
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () => visitor.at(site).post(urls.customerSignIn, form)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    expect(await lettersTo(email)).toBe(1)
  })

  test('that a wrong password stopped is not told', async () => {
    const { email } = await new Visitor(site).register()
    expect((await new Visitor(site).signIn(email, canaryPassword())).status).toBe(422)
    expect(await lettersTo(email)).toBe(0)
    expect(await browsersOf(email)).toBe(1)
  })
})

describe('a browser is known without a letter', () => {
  test('that registered', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register()
    await signInAgain(visitor, email, password)
    expect(await lettersTo(email)).toBe(0)
    expect(await browsersOf(email)).toBe(1)
  })

  test('that registered a staff member', async () => {
    const visitor = new Visitor(site)
    const id = newId()
    const code = codeFor(new Keys([TEST_SECRET]), 'invitation', id)
    await db.query(
      `insert into invitations (id, code_hash, role, expires_at) values ($1, $2, 'manager', now() + interval '1 hour')`,
      [id, codeHash('invitation', code)],
    )
    await visitor.get(`${urls.staffRegistration}?code=${code}`)
    const { first_name, last_name, email, password } = registrationForm() as Record<string, string>
    const form = { first_name, last_name, email, password } as Record<string, string>
    expect((await visitor.submit(urls.staffRegistration, form)).status).toBe(303)
    await signInAgain(visitor, email as string, password as string)
    expect(await lettersTo(email as string)).toBe(0)
    expect(await browsersOf(email as string)).toBe(1)
  })

  test('that recovered the account, and every other is a stranger again', async () => {
    const former = new Visitor(site)
    const { email } = await former.register()
    const owner = new Visitor(site)
    const password = canaryPassword()
    await owner.submit(urls.recovery, { identifier: email })
    const letter = () => mailbox.to(email).find(({ subject }) => subject.startsWith('Choose a new password'))
    await expect.poll(letter, { timeout: 15_000 }).toBeDefined()
    const { pathname, search } = new URL(linkIn(letter() as Received))
    await owner.get(pathname + search)
    expect((await owner.submit(urls.newPassword, { password })).status).toBe(303)
    await signInAgain(owner, email, password)
    expect(await lettersTo(email)).toBe(0)
    expect(await browsersOf(email)).toBe(1)
    await former.signIn(email, password)
    expect(await lettersTo(email)).toBe(1)
  })

  test('that is the first of an account which has known none, as an imported one', async () => {
    const { email, password } = await new Visitor(site).register()
    await db.query(
      'delete from known_browsers where account_id = (select id from accounts where email_canonical = $1)',
      [email],
    )
    await new Visitor(site).signIn(email, password)
    expect(await lettersTo(email)).toBe(0)
    await new Visitor(site).signIn(email, password)
    expect(await lettersTo(email)).toBe(1)
  })
})

test('two accounts in one browser are kept under hashes that do not tell so', async () => {
  const visitor = new Visitor(site)
  const first = await visitor.register()
  visitor.cookies.delete('meridian-session')
  const second = await visitor.register()
  const rows = await db.query<{ browser_hash: Buffer }>(
    `select browser_hash from known_browsers k join accounts a on a.id = k.account_id where a.email_canonical in ($1, $2)`,
    [first.email, second.email],
  )
  expect(rows.length).toBe(2)
  expect(new Set(rows.map(({ browser_hash }) => browser_hash.toString('hex'))).size).toBe(2)
})

async function signInAgain(visitor: Visitor, email: string, password: string): Promise<void> {
  visitor.cookies.delete('meridian-session')
  expect((await visitor.signIn(email, password)).status).toBe(303)
}

function newDevice(email: string): Received | undefined {
  return mailbox.to(email).find(({ subject }) => subject.startsWith('New sign-in'))
}

function lettersTo(email: string): Promise<number> {
  return db.count(`letters where kind = 'new-device' and recipient = '${email}'`)
}

function browsersOf(email: string): Promise<number> {
  return db.count(`known_browsers k join accounts a on a.id = k.account_id where a.email_canonical = '${email}'`)
}
