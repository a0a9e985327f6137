import { describe, expect, test } from 'vitest'
import { SIGN_INS_PER_ACCOUNT_AND_NETWORK } from '../../src/accounts/passwords/guesses.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { tokenIn, Visitor, type Answer } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

const again = (next: string) => `${urls.reauthentication}?next=${encodeURIComponent(next)}`

describe('7.5.1 a page on which much depends', () => {
  test('opens at once to somebody who has just signed in', async () => {
    const visitor = new Visitor(site)
    await visitor.register()
    expect((await visitor.get(urls.emailChange)).status).toBe(200)
  })

  test('asks for the password again after 10 minutes, and then opens', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register()
    await makeStale(email, '9 minutes 50 seconds')
    expect((await visitor.get(urls.emailChange)).status).toBe(200)
    await makeStale(email)
    const sent = await visitor.get(urls.emailChange)
    expect([sent.status, sent.headers.location]).toEqual([303, again(urls.emailChange)])
    const answer = await visitor.submit(again(urls.emailChange), { current_password: password })
    expect([answer.status, answer.headers.location]).toEqual([303, urls.emailChange])
    expect((await visitor.get(urls.emailChange)).status).toBe(200)
  })

  test('7.2.4 gives the session another token, and ends the old one', async () => {
    const visitor = new Visitor(site)
    const { password } = await visitor.register()
    const former = visitor.at(site)
    await visitor.submit(urls.reauthentication, { current_password: password })
    expect(visitor.sessionToken).not.toBe(former.sessionToken)
    expect(await visitor.isSignedIn()).toBe(true)
    expect(await former.isSignedIn()).toBe(false)
  })

  test('asks before it takes a form, and then takes it as it was typed: nothing is lost', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register()
    const typed = canaryEmail()
    const form = { email: typed, submission: await visitor.token(urls.emailChange) }
    await makeStale(email)
    const first = await visitor.post(urls.emailChange, form)
    expect([first.status, first.headers.location]).toEqual([307, again(urls.emailChange)])
    const page = await visitor.post(again(urls.emailChange), form)
    expect(page.status).toBe(200)
    const refused = await visitor.post(again(urls.emailChange), { ...hidden(page), current_password: 'not this one' })
    expect([refused.status, refused.body.includes('not the password of your account')]).toEqual([422, true])
    const whole = { ...hidden(refused), current_password: password }
    const onward = await visitor.post(again(urls.emailChange), whole)
    expect([onward.status, onward.headers.location]).toEqual([307, urls.emailChange])
    const done = await visitor.post(urls.emailChange, whole)
    expect([done.status, done.headers.location]).toEqual([303, urls.customerProfile])
    const [row] = await db.query(`select email from email_changes where email = $1`, [typed])
    expect(row).toEqual({ email: typed })
  })

  test('keeps no password that was typed into the form', async () => {
    const visitor = new Visitor(site)
    await visitor.register()
    const secret = canaryPassword()
    const fields = { email: 'a@example.com', password: secret, current_password: secret }
    const { current_password: _, ...sent } = fields
    const page = await visitor.post(again(urls.emailChange), {
      ...sent,
      submission: await visitor.token(urls.emailChange),
    })
    expect(page.status).toBe(200)
    expect(page.body).not.toContain(secret)
  })

  test('sends on no form that a link made up: what is opened by its address goes on as a page', async () => {
    const visitor = new Visitor(site)
    const { password } = await visitor.register()
    const path = `${urls.reauthentication}?next=${encodeURIComponent(urls.emailChange)}&waiting=yes&email=thief@example.com`
    const page = await visitor.get(path)
    expect(page.body).not.toContain('thief@example.com')
    const answer = await visitor.post(path, { ...hidden(page), current_password: password })
    expect(answer.status).toBe(303)
  })

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)'])(
    'leads to no other site: %s',
    async (next) => {
      const visitor = new Visitor(site)
      const { password } = await visitor.register()
      const answer = await visitor.submit(again(next), { current_password: password })
      expect(answer.headers.location).toBe(urls.landing)
    },
  )

  test('is nobody’s who is not signed in', async () => {
    const answer = await new Visitor(site).get(again(urls.emailChange))
    expect(answer.headers.location).toMatch(`${urls.customerSignIn}?next=`)
  })
})

describe('giving the password again', () => {
  test('sent twice at once, as with a double click, is one, and both answers lead on with the same session', async () => {
    const visitor = new Visitor(site)
    const { password } = await visitor.register()
    const form = { current_password: password, submission: await visitor.token(urls.reauthentication) }
    const browsers = Array.from({ length: 8 }, () => visitor.at(site))
    const answers = await Promise.all(browsers.map((browser) => browser.post(urls.reauthentication, form)))
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(303))
    expect(new Set(browsers.map(({ sessionToken }) => sessionToken)).size).toBe(1)
    expect(await (browsers[0] as Visitor).isSignedIn()).toBe(true)
  })

  test('sent again after its session ended is no way in', async () => {
    const visitor = new Visitor(site)
    const { password } = await visitor.register()
    const form = { current_password: password, submission: await visitor.token(urls.reauthentication) }
    const thief = visitor.at(site)
    await visitor.post(urls.reauthentication, form)
    await visitor.submit(urls.customerSignOut, {})
    await thief.post(urls.reauthentication, form)
    expect(await thief.isSignedIn()).toBe(false)
  })

  test('CVE-2026-9798 is a guess like those at sign-in: the same limit counts both', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register()
    const { most } = SIGN_INS_PER_ACCOUNT_AND_NETWORK
    const form = { current_password: 'not this one', submission: await visitor.token(urls.reauthentication) }
    const answers = await Promise.all(Array.from({ length: most + 6 }, () => visitor.post(urls.reauthentication, form)))
    expect(answers.filter(({ status }) => status === 422).length).toBe(most)
    expect(answers.filter(({ status }) => status === 429).length).toBe(6)
    expect((await new Visitor(site, visitor.network).signIn(email, password)).status).toBe(429)
    const [row] = await db.query(
      `select consecutive_failures from passwords p join accounts a on a.id = account_id
      where email_canonical = $1`,
      [email],
    )
    expect(row).toEqual({ consecutive_failures: most })
    const [events] = await db.query<{ count: string }>(
      `select count(*) from audit_events e join accounts a on a.id = account_id
      where email_canonical = $1 and event = 'password-refused' and actor_id = a.id`,
      [email],
    )
    expect(events?.count).toBe(String(most))
  })

  test('right gives back what was counted', async () => {
    const visitor = new Visitor(site)
    const { password } = await visitor.register()
    for (let time = 0; time < SIGN_INS_PER_ACCOUNT_AND_NETWORK.most + 2; time += 1)
      expect((await visitor.submit(urls.reauthentication, { current_password: password })).status).toBe(303)
  })

  test('with a password that 100 failures have disabled is refused like a wrong one, with the way to recovery', async () => {
    const visitor = new Visitor(site)
    const { email, password } = await visitor.register()
    await db.query(
      `update passwords set disabled_at = now() from accounts a where a.id = account_id and email_canonical = $1`,
      [email],
    )
    const answer = await visitor.submit(urls.reauthentication, { current_password: password })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain(urls.recovery)
    expect((await visitor.get(urls.recovery)).status).toBe(200)
  })
})

/** As if the password had been given so long ago. */
async function makeStale(email: string, age = '10 minutes 1 second'): Promise<void> {
  await db.query(
    `update sessions s set authenticated_at = now() - $2::interval from accounts a
     where a.id = s.account_id and a.email_canonical = $1`,
    [email, age],
  )
}

/** What the page's form sends along unseen. */
function hidden({ body }: Answer): Record<string, string> {
  const main = body.slice(body.indexOf('<main'))
  const inputs = [...main.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  return { ...Object.fromEntries(inputs.map(([, name, value]) => [name, value])), submission: tokenIn(main) ?? '' }
}
