import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { auditEvents } from '../../src/audit/events.ts'
import { SIGN_INS_PER_ACCOUNT_AND_NETWORK } from '../../src/accounts/passwords/guesses.ts'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { FORM, knock, someNetwork } from '../support/hostile-http.ts'
import { listenTo } from '../support/hostile-log.ts'
import { accountId, auditDuring, customer, invite, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)
const lines = listenTo(site)

describe('16.2.5 the log', () => {
  test('holds no password, no address, no token and no code, whatever a person does', async () => {
    const from = lines.length
    const { visitor, email, password } = await customer(site)
    const code = await invite(db)
    const secrets = [email, password, visitor.sessionToken, await visitor.token(urls.customerProfile), code]
    const mistake = 'a password that I typed as my name'
    const stranger = new Visitor(site)
    await stranger.signIn(email, 'wrong password 77')
    await stranger.signIn(mistake, password)
    await stranger.signIn(email, password)
    await stranger.get(`${urls.staffRegistration}?code=${code}&email=${email}&password=${encodeURIComponent(password)}`)
    await new Visitor(site).register({ email })
    await new Visitor(site).register({ email: `${email}x x`, password: 'short' })
    await visitor.submit(urls.customerProfile, { first_name: email, last_name: password, company: 'quiet company' })
    await visitor.get(`/nowhere/${email}?password=${encodeURIComponent(password)}`)
    await knock(site, { what: 'a bad address', path: `/%zz${email}` })
    await visitor.submit(urls.customerSignOut, {})
    const written = lines.slice(from).join('')
    expect(written).toContain('answered')
    for (const secret of [...secrets, mistake, 'wrong password 77', 'quiet company'])
      expect(written.includes(secret as string), 'a secret stands in the log').toBe(false)
  })

  test.for([
    ['accounts', `check (first_name <> 'Trouble')`],
    ['customer_profiles', `check (city <> 'Trouble')`],
    ['passwords', `check (hash = '') not valid`],
    ['letters', `check (recipient = '') not valid`],
  ])('16.5.1 holds none either when %s refuses the row: an error of the database quotes it', async ([table, check]) => {
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(`alter table ${table} add constraint trouble ${check}`)
    const from = lines.length
    const form = registrationForm({ first_name: 'Trouble', city: 'Trouble', phone_number: '(202) 555-0143' })
    const answer = await new Visitor(site).submit(urls.customerRegistration, form)
    await owner.query(`alter table ${table} drop constraint trouble`)
    expect(answer.status).toBe(500)
    const written = lines.slice(from).join('')
    expect(written).toContain('an unexpected error')
    for (const secret of [form['email'], form['password'], '+12025550143', '$argon2id$'])
      expect(written.includes(secret as string), `${secret?.slice(0, 4)}… stands in the log`).toBe(false)
  })
})

describe('16.4.1 nothing that was sent makes a line of its own', () => {
  const forged = '"}\n{"level":30,"msg":"forged"}\r\n\u001b[2Jforged\u2028forged'

  test('in names, fields, headers or addresses', async () => {
    const from = lines.length
    const { visitor } = await customer(site)
    await visitor.submit(urls.customerProfile, { first_name: forged, last_name: forged, [forged]: forged })
    await new Visitor(site).signIn(forged, forged)
    await knock(site, { what: '', path: `/${encodeURIComponent(forged)}?${encodeURIComponent(forged)}=1` })
    await knock(site, {
      what: '',
      path: '/',
      headers: { 'user-agent': '"}{"msg":"forged"}\t\u009b2J', referer: 'forged' },
    })
    await knock(site, { what: '', path: '/', headers: { 'x-forwarded-for': '"}{"msg":"forged"}' } })
    const written = lines.slice(from)
    expect(written.length).toBeGreaterThan(5)
    for (const line of written) {
      expect(line.endsWith('\n')).toBe(true)
      // oxlint-disable-next-line no-control-regex
      expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/)
      expect(JSON.parse(line).msg).not.toContain('forged')
    }
  })
})

describe('16.2.1, 16.2.2 an entry', () => {
  test('is for debugging alone where other programs ask all the time, and get what they ask for', async () => {
    const from = lines.length
    await knock(site, { what: '', path: urls.sessionApi })
    await knock(site, { what: '', path: `${urls.sessionApi}?a=1&a=2` })
    const entries = lines
      .slice(from)
      .filter((line) => line.includes(`"${urls.sessionApi}"`) && line.includes('answered'))
    const levels = entries.map((line) => JSON.parse(line) as { status: number; level: number })
    expect(levels.map(({ status, level }) => [status, level])).toEqual([
      [200, pino.levels.values['debug']],
      [400, pino.levels.values['info']],
    ])
  })

  test('of the log says what, where, when, and under which reference', async () => {
    const from = lines.length
    await knock(site, { what: '', path: urls.customerSignIn })
    const entry = JSON.parse(lines.slice(from).find((line) => line.includes('answered')) as string)
    expect(entry).toMatchObject({ method: 'GET', route: urls.customerSignIn, status: 200, msg: 'answered' })
    expect(entry.reference).toMatch(/^MA-/)
    expect(Math.abs(Date.now() - new Date(entry.time).getTime())).toBeLessThan(60_000)
  })

  test('of the audit has the reference under which the log knows the request', async () => {
    const from = lines.length
    const [event] = await auditDuring(db, () => customer(site))
    expect(auditEvents).toContain(event?.event)
    expect(lines.slice(from).join('')).toContain(`"reference":"${event?.reference}"`)
  })

  test('never tells values of a profile, only which fields changed', async () => {
    const { visitor } = await customer(site)
    const events = await auditDuring(db, () =>
      visitor.submit(urls.customerProfile, { first_name: 'Zelda', last_name: 'Archer', company: 'Hidden Harbour' }),
    )
    expect(events.map(({ event, details }) => ({ event, details }))).toEqual([
      { event: 'profile-changed', details: { fields: ['first_name', 'company'] } },
    ])
  })
})

describe('16.3.3 what looks like an attack', () => {
  test('leaves a trace: a limit that is reached is named', async () => {
    const { email } = await customer(site)
    const network = someNetwork()
    const from = lines.length
    const events = await auditDuring(db, async () => {
      for (let guess = 0; guess <= SIGN_INS_PER_ACCOUNT_AND_NETWORK.most; guess += 1)
        await new Visitor(site, network).signIn(email, 'wrong')
    })
    const traces = [...lines.slice(from), ...events.map((event) => JSON.stringify(event))]
    expect(traces.filter((trace) => /limit|too-many|sign-ins per account/.test(trace)).length).toBeGreaterThan(0)
  })

  test('leaves a trace: a request of another site', async () => {
    const from = lines.length
    const headers = { 'sec-fetch-site': 'cross-site', 'content-type': FORM }
    await knock(site, { what: '', method: 'POST', path: urls.customerSignIn, headers, body: 'a=b' })
    expect(lines.slice(from).join('')).toContain('cross-origin-request')
  })

  test('16.3.2 leaves a trace: a page that is not for this account', async () => {
    const { visitor, email } = await customer(site)
    const from = lines.length
    await visitor.get(urls.console)
    const refusal = lines.slice(from).find((line) => line.includes('"not-allowed"'))
    expect(refusal).toContain(`account ${await accountId(db, email)}, permission use-console`)
    expect(refusal).toMatch(/"reference":"MA-/)
  })
})

describe('14.2.1 an address', () => {
  test('of a form carries nothing that was typed: every form is posted', async () => {
    const { visitor } = await customer(site)
    const staff = await staffMember(db, site)
    const invited = new Visitor(site)
    await invited.get(`${urls.staffRegistration}?code=${await invite(db)}`)
    const pages: Answer[] = [
      ...(await Promise.all(
        [urls.customerRegistration, urls.customerSignIn, urls.staffSignIn].map((path) => new Visitor(site).get(path)),
      )),
      ...(await Promise.all([urls.customerProfile, urls.customerSignOut].map((path) => visitor.get(path)))),
      ...(await Promise.all([urls.staffProfile, urls.console].map((path) => staff.visitor.get(path)))),
      await invited.get(urls.staffRegistration),
    ]
    for (const { status, body } of pages) {
      expect(status).toBe(200)
      const forms = body.match(/<form\b[^>]*>/g) ?? []
      expect(forms.length).toBeGreaterThan(0)
      for (const form of forms) expect(form).toContain('method="post"')
    }
  })

  test('that somebody is sent to carries no secret', async () => {
    const visitor = new Visitor(site)
    const { answer, email, password } = await visitor.register()
    const again = await new Visitor(site).signIn(email, password)
    const out = await visitor.submit(urls.customerSignOut, {})
    const guarded = await visitor.get(`${urls.customerProfile}?email=${email}`)
    for (const { headers } of [answer, again, out, guarded]) {
      expect(headers.location).toMatch(/^\/[a-z/?=%A-F0-9]*$/)
      expect(headers.location).not.toContain('canary')
    }
  })

  test('with an invitation code in it is left at once', async () => {
    const code = await invite(db)
    const visitor = new Visitor(site)
    const answer = await visitor.get(`${urls.staffRegistration}?code=${code}`)
    expect([answer.status, answer.headers.location]).toEqual([303, urls.staffRegistration])
    expect(answer.headers['referrer-policy']).toBe('same-origin')
    expect((await visitor.get(urls.staffRegistration)).body).not.toContain(code)
  })

  test('of a refused form neither', async () => {
    const fields: FormFields = registrationForm({ email: 'no address' })
    const { body } = await new Visitor(site).submit(urls.customerRegistration, fields)
    expect(body).not.toContain(fields['password'])
    expect(body).toMatch(new RegExp(`action="${urls.customerRegistration}"`))
  })
})

describe('16.4.2 what was recorded', () => {
  test('cannot be changed or removed by the application', async () => {
    for (const statement of [
      `update audit_events set network = null`,
      'delete from audit_events',
      'truncate audit_events',
    ])
      await expect(db.query(statement)).rejects.toThrow('permission denied')
  })

  test('outlives the account that it is about', async () => {
    const { email } = await customer(site)
    const before = await db.count('audit_events')
    await db.query('delete from accounts where email_canonical = $1', [email])
    expect(await db.count('audit_events')).toBe(before)
  })
})
