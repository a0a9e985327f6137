import { afterEach, expect, test, vi } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

afterEach(() => vi.restoreAllMocks())

/** As if the queue were full, for everybody or for one network. */
function full(network?: string): void {
  vi.spyOn(Passwords.prototype, 'refuses').mockImplementation((who) => network === undefined || who === network)
}

test('a full queue gives the form back as it was filled in, with when to come back, and no password is judged or hashed', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor, { company: 'Archer & Daughters' })
  full()
  const hash = vi.spyOn(Passwords.prototype, 'hash')
  const answer = await visitor.post(urls.customerRegistration, form)
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5'])
  expect(answer.body).toContain('value="Archer &amp; Daughters"')
  expect(answer.body).not.toContain(form['password'])
  expect(hash).not.toHaveBeenCalled()
  expect(await db.count(`accounts where email_canonical = '${form['email']}'`)).toBe(0)

  vi.restoreAllMocks()
  expect((await visitor.post(urls.customerRegistration, form)).status, 'and the same form, sent again').toBe(303)
})

test('P4: a form that was carried out before gets its answer again, however full the queue', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor)
  const first = await visitor.post(urls.customerRegistration, form)
  full()
  visitor.cookies.delete('meridian-session')
  const again = await visitor.post(urls.customerRegistration, form)
  expect([again.status, again.headers.location]).toEqual([first.status, first.headers.location])
  expect(await db.count(`accounts where email_canonical = '${form['email']}'`)).toBe(1)
})

test('P4: and however used up the limits', async () => {
  const visitor = new Visitor(site)
  const form = await filledIn(visitor)
  expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
  visitor.cookies.delete('meridian-session')
  await db.query('update limits set taken = 100000')
  expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
  visitor.cookies.delete('meridian-session')
  expect((await visitor.post(urls.customerRegistration, { ...form, first_name: 'Bea' })).status).toBe(429)
  await db.query('delete from limits')
})

test('beyond what a crowd of people sends, a flood gets one page that was made once, and its forms are not read', async () => {
  const visitor = new Visitor(site)
  await visitor.token(urls.customerSignIn)
  full()
  const answers = await Promise.all(
    Array.from({ length: 120 }, () =>
      visitor.post(urls.customerSignIn, { identifier: 'a', password: 'b', submission: 'none' }),
    ),
  )
  const shed = answers.filter(({ status }) => status === 503)
  // Fifty a second go on, and are refused for their token; the test may last from one second into the next.
  expect(shed.length).toBeGreaterThanOrEqual(20)
  expect(new Set(shed.map(({ body }) => body)).size).toBe(1)
  for (const { headers, body } of shed) {
    expect(headers['retry-after']).toBe('5')
    expect(headers['content-security-policy']).toBeDefined()
    expect(body).toContain('nothing was lost')
    expect(body).not.toContain('<form')
  }
})

test('what costs no hash is answered as ever: pages, session checks, signing out', async () => {
  const visitor = new Visitor(site)
  await visitor.register()
  const token = await visitor.token(urls.customerProfile)
  full()
  const pages = await Promise.all(Array.from({ length: 60 }, () => visitor.get(urls.customerProfile)))
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await visitor.post(urls.customerSignOut, { submission: token })).status).toBe(303)
  expect(await visitor.isSignedIn()).toBe(false)
})

test('where one network floods, others are served', async () => {
  const flooding = new Visitor(site)
  full(flooding.network)
  const { answer } = await new Visitor(site).register()
  expect(answer.status).toBe(303)
})

async function filledIn(visitor: Visitor, fields: FormFields = {}): Promise<FormFields> {
  return { ...registrationForm(fields), submission: await visitor.token(urls.customerRegistration) }
}
