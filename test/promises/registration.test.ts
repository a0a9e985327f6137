import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, welcome, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

describe('an empty form', () => {
  const forms = [urls.customerRegistration, urls.customerSignIn, urls.staffSignIn]

  test.for(forms)('at %s is the same for everybody but for its token', async (path) => {
    const pages = await Promise.all([1, 2, 3].map(() => pageAndToken(new Visitor(site), path)))
    expect(new Set(pages.map(({ token }) => token)).size).toBe(3)
    expect(new Set(pages.map(({ rest }) => rest)).size).toBe(1)
  })

  test.for(forms)('at %s keeps for itself what was meant for one person', async (path) => {
    const returning = new Visitor(site)
    const elsewhere = await returning.get(`${path}?next=${encodeURIComponent(urls.customerProfile)}`)
    expect(elsewhere.body).toContain(encodeURIComponent(urls.customerProfile))
    const leaving = new Visitor(site)
    await leaving.register()
    await leaving.submit(urls.customerSignOut, {})
    const told = await leaving.get(path)
    expect(told.body).toContain('class="notice')
    const { rest } = await pageAndToken(new Visitor(site), path)
    expect(rest).not.toContain(encodeURIComponent(urls.customerProfile))
    expect(rest).not.toContain('class="notice')
  })

  async function pageAndToken(visitor: Visitor, path: string) {
    const { body } = await visitor.get(path)
    const token = /name="submission" value="([^"]+)"/.exec(body)?.[1] ?? ''
    expect(token).not.toBe('')
    return { token, rest: body.replaceAll(token, '') }
  }
})

describe('a customer who registers', () => {
  test('stands on the landing page, signed in, with the welcome', async () => {
    const visitor = new Visitor(site)
    const { answer } = await visitor.register()
    expect(answer.status, answer.body).toBe(303)
    expect(answer.headers.location).toBe(urls.landing)
    const landing = await visitor.get(urls.landing)
    expect(landing.body).toContain(welcome('Ann Archer'))
    expect(await visitor.isSignedIn()).toBe(true)
  })

  test('sees the welcome once', async () => {
    const visitor = new Visitor(site)
    await visitor.register()
    await visitor.get(urls.landing)
    expect((await visitor.get(urls.landing)).body).not.toContain('created successfully')
  })

  test('is told so when the address is taken, in any case, with everything but the password kept', async () => {
    const { email } = await new Visitor(site).register()
    const { answer } = await new Visitor(site).register({ email: email.toUpperCase(), company: 'Löwe & Söhne' })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain('This email address is already registered.')
    expect(answer.body).toContain('value="Löwe &amp; Söhne"')
    expect(answer.body).toContain(`href="${urls.customerSignIn}"`)
    expect(answer.body).not.toContain('zebra')
  })

  test('can sign in by address or username, whatever the case', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register({ username: 'Ann.Archer' })
    for (const identifier of [email, email.toUpperCase(), 'ann.archer', 'ANN.ARCHER']) {
      const again = new Visitor(site)
      const answer = await again.signIn(identifier, password)
      expect(answer.status, identifier).toBe(303)
      expect((await again.get(urls.landing)).body).toContain('Welcome back, Ann Archer!')
    }
  })

  test('keeps everything that was typed, in the form in which it is stored', async () => {
    const visitor = new Visitor(site)
    const { email } = await visitor.register({
      phone_number: '(202) 555-0143',
      company: 'Ärger GmbH',
      address: '1 Quay Street',
      city: 'Zürich',
      state: 'ZH',
      country: 'CH',
      postal_code: '8001',
      date_of_birth: '1984-05-27',
    })
    const [row] = await db.query(
      `select a.email, a.kind, p.phone_number, p.company, p.address, p.city, p.state, p.country, p.postal_code, p.date_of_birth::text
       from accounts a join customer_profiles p on p.account_id = a.id where a.email_canonical = $1`,
      [email],
    )
    expect(row).toEqual({
      email,
      kind: 'customer',
      phone_number: '+12025550143',
      company: 'Ärger GmbH',
      address: '1 Quay Street',
      city: 'Zürich',
      state: 'ZH',
      country: 'CH',
      postal_code: '8001',
      date_of_birth: '1984-05-27',
    })
  })
})

describe('P4: the same submission', () => {
  test('sent again, gets the same answer and the same session, and makes nothing new', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    const first = await visitor.post(urls.customerRegistration, form)
    const session = visitor.sessionToken
    const second = await visitor.post(urls.customerRegistration, form)
    expect([first.status, second.status]).toEqual([303, 303])
    expect(visitor.sessionToken).toBe(session)
    expect((await visitor.get(urls.landing)).body).toContain(welcome('Ann Archer'))
    const [row] = await db.query(`select count(*)::int as count from accounts where email_canonical = $1`, [
      form['email'],
    ])
    expect(row).toEqual({ count: 1 })
  })

  test('whose first answer was lost, ends signed in', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.at(site).post(urls.customerRegistration, form)
    expect(visitor.sessionToken).toBeUndefined()
    await visitor.post(urls.customerRegistration, form)
    expect(await visitor.isSignedIn()).toBe(true)
  })

  test('is no way in once its person has signed out', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.post(urls.customerRegistration, form)
    await visitor.submit(urls.customerSignOut, {})
    const again = await visitor.post(urls.customerRegistration, form)
    expect(again.status).toBe(422)
    expect(again.body).toContain('This email address is already registered.')
    expect(await visitor.isSignedIn()).toBe(false)
  })

  test('whose answer was lost is no way in for the next person, once its own has signed out', async () => {
    const browser = new Visitor(site)
    const form = await opened(browser)
    await browser.at(site).post(urls.customerRegistration, form)
    await browser.signIn(form['email'] as string, form['password'] as string)
    await browser.submit(urls.customerSignOut, {})
    const bea = await new Visitor(site).register({ first_name: 'Bea' })
    await browser.signIn(bea.email, bea.password)
    await browser.post(urls.customerRegistration, form)
    expect((await browser.get(urls.customerProfile)).body).toContain(bea.email)
    await browser.submit(urls.customerSignOut, {})
    expect((await browser.post(urls.customerRegistration, form)).status).toBe(422)
    expect(await browser.isSignedIn()).toBe(false)
  })

  test('does not take the place of somebody else who is signed in by now', async () => {
    const browser = new Visitor(site)
    const form = await opened(browser)
    await browser.at(site).post(urls.customerRegistration, form)
    const bea = await new Visitor(site).register({ first_name: 'Bea' })
    await browser.signIn(bea.email, bea.password)
    await browser.post(urls.customerRegistration, form)
    expect((await browser.get(urls.customerProfile)).body).toContain(bea.email)
  })

  test('is the same on a node with stricter rules', async () => {
    const strict = await openSite(db, { PASSWORD_MIN_LENGTH: '40' })
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.at(site).post(urls.customerRegistration, form)
    const elsewhere = visitor.at(strict)
    expect((await elsewhere.post(urls.customerRegistration, form)).status).toBe(303)
    expect(await elsewhere.isSignedIn()).toBe(true)
  })

  test('is no way in from another browser', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.post(urls.customerRegistration, form)
    const stranger = new Visitor(site)
    await stranger.get(urls.customerRegistration)
    const answer = await stranger.post(urls.customerRegistration, form)
    expect(answer.status).toBe(422)
    expect(stranger.sessionToken).toBeUndefined()
  })

  test('registers anew, signed in, once its account has given the address up', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.post(urls.customerRegistration, form)
    await visitor.submit(urls.customerSignOut, {})
    await db.query(
      `update accounts set email = 'x@y.example', email_delivery = 'x@y.example', email_canonical = 'x@y.example'
       where email_canonical = $1`,
      [form['email']],
    )
    expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
    expect(await visitor.isSignedIn()).toBe(true)
    expect((await visitor.at(site).post(urls.customerRegistration, form)).status).toBe(303)
  })

  test('with another password is another submission, and no way in', async () => {
    const visitor = new Visitor(site)
    const form = await opened(visitor)
    await visitor.at(site).post(urls.customerRegistration, form)
    const answer = await visitor.post(urls.customerRegistration, { ...form, password: 'another lantern 77 quay' })
    expect(answer.status).toBe(422)
    expect(visitor.sessionToken).toBeUndefined()
  })
})

/** A form as it stands filled in in somebody's browser. */
async function opened(visitor: Visitor): Promise<FormFields> {
  return { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
}
