import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { codeFor, codeHash } from '../../src/accounts/codes/codes.ts'
import type { StaffRole } from '../../src/accounts/account.ts'
import {
  FAILURES_THAT_DISABLE,
  SIGN_INS_PER_ACCOUNT,
  SIGN_INS_PER_ACCOUNT_AND_NETWORK,
} from '../../src/accounts/passwords/guesses.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { canaryPassword, remember } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite, TEST_SECRET } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'
import { arrivalAfter, expectSignedInAs, fillIn, notice, send } from './errands.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const verifyFirst = await openSite(db, { REGISTRATION_MODE: 'verify-first', ...mailbox.settings })
const browser = await openBrowser()
const grace = await staffMember('manager')

/** Each is a call: what the customer did before, the sentence that staff read, and what they press. */
describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('“I can’t get in”, %s:', (_, javaScript) => {
  const customersPage = () => browser.newPage({ javaScript })

  test('the account is suspended', async () => {
    const person = await customer()
    await db.query(`update accounts set status = 'suspended' where email_canonical = $1`, [person['email']])
    const desk = await theyCall(person['email'] as string, 'The account is suspended')
    await press(desk, 'Restore the account', 'Done, and recorded')
    await signsIn(await customersPage(), person)
  })

  test('they tried too often from where they are', async () => {
    const person = await customer()
    const page = await customersPage()
    const network = await networkOf(page)
    for (let guess = 0; guess < SIGN_INS_PER_ACCOUNT_AND_NETWORK.most; guess += 1)
      await new Visitor(site, network).signIn(person['email'] as string, 'not this one')
    await isRefused(page, person)
    const desk = await theyCall(
      person['email'] as string,
      /whoever tries it from the network 10\..*… is held off until \d\d:\d\d UTC/,
    )
    await press(desk, 'Let them try again now', 'Done, and recorded')
    await signsIn(page, person)
  })

  test('their password was disabled after a hundred failures', async () => {
    const person = await customer()
    await db.query(
      `update passwords set consecutive_failures = $2 from accounts where id = account_id and email_canonical = $1`,
      [person['email'], FAILURES_THAT_DISABLE - 1],
    )
    await new Visitor(site).signIn(person['email'] as string, 'not this one')
    const desk = await theyCall(person['email'] as string, 'Their password was disabled after 100 wrong ones')
    await press(desk, 'Send a link to choose a password', 'A letter with a link is on its way')
    await choosesPassword(await customersPage(), person)
  })

  test('they closed the account, and changed their mind', async () => {
    const person = await customer()
    const visitor = new Visitor(site)
    await visitor.signIn(person['email'] as string, person['password'] as string)
    await visitor.submit(urls.accountClosing, {})
    const desk = await theyCall(person['email'] as string, 'They closed the account')
    await press(desk, 'Keep the account open', 'Done, and recorded')
    await signsIn(await customersPage(), person)
  })
})

describe('“I can’t get in”:', () => {
  test('somebody tried too often from everywhere', async () => {
    const person = await customer()
    for (let guess = 0; guess < SIGN_INS_PER_ACCOUNT.most; guess += 1)
      await new Visitor(site).signIn(person['email'] as string, 'not this one')
    await isRefused(await browser.newPage(), person)
    const desk = await theyCall(person['email'] as string, 'everybody who tries this account is held off until')
    await press(desk, 'Let them try again now', 'Done, and recorded')
    await signsIn(await browser.newPage(), person)
  })

  test('they never followed the link of their registration', async () => {
    const person = registrationForm()
    await new Visitor(verifyFirst).submit(urls.customerRegistration, person)
    await lettersTo(person['email'] as string, 1)
    await db.query(`update pending_registrations set expires_at = now(), settled_at = now() - interval '1 day'`)
    const desk = await theyCall(person['email'] as string, 'They never confirmed their address')
    await press(desk, 'Send the link again', 'A letter with a link is on its way')
    const page = await browser.newPage()
    await followLink(page, person, 2)
    await fillIn(page, { password: person['password'] as string })
    await send(page)
    await expectSignedInAs(page, person)
  })

  test('staff registered them, and the link was not used in time; entered twice they are registered once', async () => {
    const person = registrationForm()
    const desk = await atTheDesk()
    await desk.goto(site.url + urls.customerAtTheDesk)
    const { first_name, last_name, email } = person as Record<string, string>
    await fillIn(desk, { first_name, last_name, email } as FormFields)
    await Promise.all([
      notice(desk, 'They are registered').waitFor(),
      desk.locator('form[data-form] button[type=submit]').dblclick(),
    ])
    await desk.getByText('They have no password yet. The link with which').waitFor()
    expect(await db.count(`accounts where email_canonical = '${email}'`)).toBe(1)
    expect(await lettersTo(email as string, 1)).toHaveLength(1)
    await desk.goto(site.url + urls.customerAtTheDesk)
    await fillIn(desk, { first_name, last_name, email } as FormFields)
    await send(desk)
    await desk.getByRole('link', { name: 'Open their page' }).first().click()
    await db.query(`update codes set expires_at = now()`)
    await desk.reload()
    await desk.getByText('They have no password yet, and no link').waitFor()
    await press(desk, 'Send a link to choose a password', 'A letter with a link is on its way')
    await choosesPassword(await browser.newPage(), person)
  })

  test('they were imported without a password', async () => {
    const person = await customer()
    await db.query(`delete from passwords using accounts where id = account_id and email_canonical = $1`, [
      person['email'],
    ])
    const desk = await theyCall(person['email'] as string, 'They have no password yet, and no link')
    await press(desk, 'Send a link to choose a password', 'A letter with a link is on its way')
    await desk.getByText('They have no password yet. The link with which').waitFor()
    await choosesPassword(await browser.newPage(), person)
  })

  test('they forgot the password, and nothing else is in the way', async () => {
    const person = await customer()
    for (let guess = 0; guess < 3; guess += 1)
      await new Visitor(site, '10.9.8.7').signIn(person['email'] as string, 'no')
    const desk = await theyCall(person['email'] as string, 'the last 3 that were typed were wrong')
    await desk.getByText('Was not let in: wrong password, 3 times.').waitFor()
    await press(desk, 'Send a link to choose a password', 'A letter with a link is on its way')
    await choosesPassword(await browser.newPage(), person)
  })

  test('their address was mistyped, and our letters come back', async () => {
    const person = await customer()
    const mistyped = person['email'] as string
    await db.query(`update letters set given_up_at = now(), sent_at = null where recipient = $1`, [mistyped])
    person['email'] = registrationForm()['email'] as string
    const desk = await theyCall(mistyped, 'Our letters do not reach their address')
    await desk.getByRole('link', { name: 'Correct the address' }).first().click()
    await fillIn(desk, { email: person['email'], reason: 'It was misspelt.' })
    await send(desk)
    await notice(desk, 'A letter with a link is on its way to the new address').waitFor()
    const page = await browser.newPage()
    await followLink(page, person, 1)
    await send(page)
    await notice(page, 'the address is yours and confirmed').waitFor()
    await signsIn(page, person)
    const told = await lettersTo(mistyped, 2)
    expect(told.map(({ subject }) => subject).join()).toContain('Another address was given')
    expect(told.map(({ subject }) => subject).join()).toContain('was changed')
  })

  test('they use the address that they had before', async () => {
    const person = await customer()
    const former = await changeAddress(person)
    const desk = await theyCall(former, 'They use an address that this account no longer has')
    await press(desk, 'Show the names they sign in with')
    await desk.getByText(person['email'] as string).waitFor()
    await signsIn(await browser.newPage(), person)
  })

  test('they use a username that is somebody else’s', async () => {
    const [person, other] = [await customer(), await customer({ username: `ann.${newId().slice(-8)}` })]
    const desk = await theyCall(person['email'] as string, 'Nothing is in the way')
    await desk.getByText('Ask them which name they type').click()
    await desk.locator('[name=name]').fill(other['username'] as string)
    await press(desk, 'Compare')
    await desk.getByText('The name that they type is somebody else’s').waitFor()
    await press(desk, 'Show the names they sign in with')
    await desk.getByText(person['email'] as string).waitFor()
    await signsIn(await browser.newPage(), person)
    expect(await events(person, 'personal-data-shown')).toBe(1)
  })

  test('nothing was in the way, and they do not believe it', async () => {
    const person = await customer()
    const desk = await theyCall(person['email'] as string, 'Nothing is in the way')
    await press(desk, 'Send a link to choose a password', 'A letter with a link is on its way')
    await choosesPassword(await browser.newPage(), person)
    expect(await events(person, 'recovery-requested')).toBe(1)
  })
})

describe('two of the staff who edit one profile at once', () => {
  test('overwrite nothing that they have not seen: the second chooses, field by field', async () => {
    const person = await customer({ company: 'Before' })
    const [first, second] = [await editing(person), await editing(person)]
    await fillIn(first, { company: 'Löwe & Söhne', city: 'Kiel' })
    await send(first)
    await notice(first, 'The profile has been saved').waitFor()
    await fillIn(second, { company: 'Loewe', last_name: 'Bowyer' })
    await send(second)
    await second.getByText('Somebody saved this profile while it was open').waitFor()
    expect(await second.getByRole('group').allInnerTexts()).toEqual([
      expect.stringMatching(/Last name[^]*Archer[^]*Bowyer/),
      expect.stringMatching(/Company[^]*Löwe & Söhne[^]*Loewe/),
      expect.stringMatching(/Town or city[^]*Kiel[^]*nothing/),
    ])
    await second.getByLabel('Löwe & Söhne').check()
    await second.getByLabel('Kiel').check()
    await send(second)
    await notice(second, 'The profile has been saved').waitFor()
    const [row] = await db.query(
      `select last_name, company, city from accounts join customer_profiles on account_id = id where email_canonical = $1`,
      [person['email']],
    )
    expect(row).toEqual({ last_name: 'Bowyer', company: 'Löwe & Söhne', city: 'Kiel' })
    expect(await events(person, 'profile-changed')).toBe(2)
    await second.getByText('Changed the profile (last name) by Grace Hopper').waitFor()
  })
})

async function editing(person: FormFields): Promise<Page> {
  const desk = await theyCall(person['email'] as string, 'Nothing is in the way')
  await press(desk, 'Edit the profile')
  return desk
}

/** A customer who registered and is signed in nowhere; every one from a network of their own. */
async function customer(fields: FormFields = {}): Promise<FormFields> {
  const form = registrationForm(fields)
  const answer = await new Visitor(site).submit(urls.customerRegistration, form)
  if (answer.status !== 303) throw new Error(`nobody registered: ${answer.body}`)
  return form
}

/** Staff look the caller up by the name that they say they type. */
async function theyCall(name: string, sentence: string | RegExp): Promise<Page> {
  const desk = await atTheDesk()
  await desk.getByRole('link', { name: 'Can’t get in?' }).click()
  await desk.locator('[name=name]').fill(name)
  await send(desk)
  await desk.locator('.verdict-sentence').filter({ hasText: sentence }).waitFor()
  return desk
}

async function atTheDesk(): Promise<Page> {
  const desk = await browser.newPage()
  await desk.goto(site.url + urls.staffSignIn)
  await fillIn(desk, grace)
  await arrivalAfter(desk, () => desk.getByRole('button', { name: 'Sign in' }).click())
  return desk
}

async function press(desk: Page, button: string, told?: string): Promise<void> {
  await arrivalAfter(desk, () => desk.getByRole('button', { name: button }).click())
  if (told) await notice(desk, told).waitFor()
}

async function signsIn(page: Page, person: FormFields): Promise<void> {
  await trySigningIn(page, person)
  await expectSignedInAs(page, person)
}

async function isRefused(page: Page, person: FormFields): Promise<void> {
  await trySigningIn(page, person)
  await page.locator('[data-error-summary]').waitFor()
}

async function trySigningIn(page: Page, { email, password }: FormFields): Promise<void> {
  await page.goto(site.url + urls.customerSignIn)
  await fillIn(page, { identifier: email as string, password: password as string })
  await send(page)
}

/** By the newest letter for it; the other of the two may have welcomed them, and come later. */
async function choosesPassword(page: Page, person: FormFields): Promise<void> {
  const letters = await lettersTo(person['email'] as string, 2)
  await page.goto(linkIn(letters.findLast(({ text }) => text.includes(urls.newPassword)) as Received))
  await fillIn(page, { password: canaryPassword() })
  await send(page)
  await expectSignedInAs(page, person)
}

/** Opens the link of the newest letter, which is the person's `nth`. */
async function followLink(page: Page, { email }: FormFields, nth: number): Promise<void> {
  const letters = await lettersTo(email as string, nth)
  await page.goto(linkIn(letters.findLast(({ text }) => text.includes('?code=')) as (typeof letters)[number]))
}

async function lettersTo(recipient: string, count: number): Promise<Received[]> {
  await expect.poll(() => mailbox.to(recipient).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count)
  return mailbox.to(recipient)
}

async function networkOf(page: Page): Promise<string> {
  const request = page.waitForRequest(() => true)
  await page.goto(site.url + urls.landing)
  return (await (await request).allHeaders())['x-forwarded-for'] as string
}

/** Changes the address as its person does; the former one is what is given back. */
async function changeAddress(person: FormFields): Promise<string> {
  const [visitor, former] = [new Visitor(site), person['email'] as string]
  await visitor.signIn(former, person['password'] as string)
  person['email'] = registrationForm()['email'] as string
  await visitor.submit(urls.emailChange, { email: person['email'] })
  const [letter] = await lettersTo(person['email'], 1)
  const { pathname, search } = new URL(linkIn(letter as NonNullable<typeof letter>))
  await visitor.get(pathname + search)
  await visitor.submit(urls.emailConfirmation, {})
  return former
}

async function events({ email }: FormFields, event: string): Promise<number> {
  return db.count(
    `audit_events e join accounts a on a.id = e.account_id where a.email_canonical = '${email}' and e.event = '${event}'`,
  )
}

async function staffMember(role: StaffRole): Promise<{ identifier: string; password: string }> {
  const id = newId()
  const code = remember(codeFor(new Keys([TEST_SECRET]), 'invitation', id))
  await db.query(
    `insert into invitations (id, code_hash, role, expires_at) values ($1, $2, $3, now() + interval '1 hour')`,
    [id, codeHash('invitation', code), role],
  )
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${code}`)
  const { first_name, last_name, email, password } = registrationForm({ first_name: 'Grace', last_name: 'Hopper' })
  const form = { first_name, last_name, email, password } as Record<string, string>
  const { status, body } = await visitor.submit(urls.staffRegistration, form)
  if (status !== 303) throw new Error(`no staff: ${body}`)
  return { identifier: email as string, password: password as string }
}
