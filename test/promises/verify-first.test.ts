import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, welcome, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, { ...mailbox.settings, REGISTRATION_MODE: 'verify-first' })

describe('a registration with an address that is still to be proved', () => {
  test('makes nothing usable before the link is followed, and an account, signed in and welcomed, when it is', async () => {
    const { visitor, answer, email, password } = await begun()
    expect([answer.status, answer.headers.location]).toEqual([303, urls.registrationSent])
    expect((await visitor.get(urls.registrationSent)).body).toContain('Look into your mail')
    const link = await linkTo(email)
    expect(await visitor.isSignedIn()).toBe(false)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(422)
    expect(await accountsOf(email)).toBe(0)

    const opened = await visitor.get(link)
    expect(opened.headers.location, 'the code leaves the address bar').toBe(urls.registrationLink)
    await visitor.get(urls.registrationLink)
    expect(await accountsOf(email), 'opening the link changes nothing').toBe(0)

    const done = await visitor.submit(urls.registrationLink, {})
    expect([done.status, done.headers.location]).toEqual([303, urls.landing])
    expect((await visitor.get(urls.landing)).body).toContain(welcome('Ann Archer'))
    expect(await visitor.isSignedIn()).toBe(true)
    expect((await new Visitor(site).signIn(email, password)).status).toBe(303)
    expect(await confirmed(email)).toBe(true)
  })

  test('keeps everything that was typed', async () => {
    const details = {
      username: 'Captain.Ann',
      phone_number: '+49 30 901820',
      company: 'Löwe & Söhne',
      address: 'Am Kai 1\n2. Stock',
      city: 'Zürich',
      state: 'ZH',
      country: 'CH',
      postal_code: '8001',
      date_of_birth: '1984-05-27',
    }
    const { visitor, email } = await begun(details)
    await finish(visitor, email)
    const [row] = await db.query(
      `select a.username, p.phone_number, p.company, p.address, p.city, p.state, p.country, p.postal_code, p.date_of_birth::text
       from accounts a join customer_profiles p on p.account_id = a.id where a.email_canonical = $1`,
      [email],
    )
    expect(row).toEqual({ ...details, phone_number: '+4930901820' })
  })

  test('is welcomed by one letter, which has no link to confirm what is confirmed', async () => {
    const { visitor, email } = await begun()
    await finish(visitor, email)
    await expect.poll(() => subjectsTo(email), { timeout: 15_000 }).toHaveLength(2)
    const [, second] = mailbox.to(email)
    expect(second?.subject).toBe('Welcome to Meridian Asset Logistics')
    expect(second?.text).not.toContain('?code=')
    expect(second?.text).not.toContain('confirm')
  })

  test('has its events', async () => {
    const { visitor, email } = await begun()
    await finish(visitor, email)
    const events = await db.query<{ event: string }>(
      `select event from audit_events e join accounts a on a.id = e.account_id where a.email_canonical = $1 order by e.id`,
      [email],
    )
    expect(events.map(({ event }) => event).toSorted()).toEqual(['customer-registered', 'email-confirmed'])
    expect(await db.count(`audit_events where event = 'registration-requested'`)).toBeGreaterThan(0)
  })
})

describe('the owner of a taken address', () => {
  test('gets a letter of another kind, without a code, to the address on file, in words of no stranger', async () => {
    const email = await registered()
    const before = mailbox.to(email).length
    const visitor = new Visitor(site)
    const { answer } = await visitor.register({
      email: email.toUpperCase(),
      first_name: 'Mallory',
      last_name: 'BUY NOW',
    })
    expect([answer.status, answer.headers.location]).toEqual([303, urls.registrationSent])
    await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(before + 1)
    const letter = mailbox.to(email).at(-1) as Received
    expect(letter.subject).toBe('You already have an account with Meridian Asset Logistics')
    expect(letter.text).toContain(site.url + urls.customerSignIn)
    expect(letter.text).toContain(site.url + urls.recovery)
    expect(letter.text).not.toContain('code=')
    expect(letter.text + letter.html).not.toMatch(/Mallory|BUY NOW/)
    expect(await accountsOf(email)).toBe(1)
  })

  test('and a newcomer neither get a word of a stranger', async () => {
    const { email } = await begun({ first_name: 'BUY NOW', last_name: 'http://evil.example' })
    await linkTo(email)
    const [letter] = mailbox.to(email)
    expect(`${letter?.subject}${letter?.text}${letter?.html}`).not.toMatch(/BUY NOW|evil\.example/)
  })
})

describe('exactly once', () => {
  test('the same submission, sent 16 times at once and once more later, is one letter and the same page', async () => {
    const visitor = new Visitor(site)
    const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => visitor.at(site).post(urls.customerRegistration, form)),
    )
    answers.push(await visitor.post(urls.customerRegistration, form))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.location}`)).size).toBe(1)
    await linkTo(form.email as string)
    await allAnswered()
    expect(await lettersTo(form.email as string)).toEqual(['registration-link'])
  })

  test('also after it became an account: no letter says that it is taken', async () => {
    const visitor = new Visitor(site)
    const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    const again = visitor.at(site)
    await visitor.post(urls.customerRegistration, form)
    for (const [name, value] of visitor.cookies) again.cookies.set(name, value)
    await finish(visitor, form.email as string)
    const answer = await again.post(urls.customerRegistration, form)
    expect([answer.status, answer.headers.location]).toEqual([303, urls.registrationSent])
    expect(await again.isSignedIn(), 'and it is no way in').toBe(false)
    await allAnswered()
    expect(await lettersTo(form.email as string)).toEqual(['registration-link', 'welcome'])
  })

  test('a link followed 16 times at once, as by many clicks, makes one account, and every click ends inside', async () => {
    const { visitor, email } = await begun()
    await visitor.get(await linkTo(email))
    const form = { submission: await visitor.token(urls.registrationLink) }
    const clicks = Array.from({ length: 16 }, () => visitor.at(site))
    const answers = await Promise.all(clicks.map((click) => click.post(urls.registrationLink, form)))
    expect(new Set(answers.map(({ status, headers }) => `${status} ${headers.location}`))).toEqual(
      new Set([`303 ${urls.landing}`]),
    )
    expect(new Set(clicks.map(({ sessionToken }) => sessionToken)).size).toBe(1)
    expect(await accountsOf(email)).toBe(1)
    expect(
      await db.count(`sessions s join accounts a on a.id = s.account_id where a.email_canonical = '${email}'`),
    ).toBe(1)
  })

  test('6.5.1 followed by 16 browsers at once it lets one in', async () => {
    const { email, password } = await begun()
    const link = await linkTo(email)
    const spenders = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const spender = new Visitor(site)
        await spender.get(link)
        return { spender, form: { password, submission: await spender.token(urls.registrationLink) } }
      }),
    )
    // Ten passwords a quarter of an hour are taken for one link, so the rest are told to wait or that it is used.
    const answers = await Promise.all(spenders.map(({ spender, form }) => spender.post(urls.registrationLink, form)))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.every(({ status }) => [303, 410, 429].includes(status))).toBe(true)
    expect(await accountsOf(email)).toBe(1)
  })

  test('a fault while any part is written leaves nothing behind, and the link then works', async () => {
    const { visitor, email } = await begun()
    await visitor.get(await linkTo(email))
    const form = { submission: await visitor.token(urls.registrationLink) }
    const owner = await connectionTo(db.ownerUrl)
    await owner.query(
      `create or replace function fail() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$`,
    )
    for (const part of [
      'accounts',
      'customer_profiles',
      'passwords',
      'receipts',
      'sessions',
      'letters',
      'audit_events',
    ]) {
      await owner.query(`create trigger fail after insert on ${part} for each row execute function fail()`)
      const refused = await visitor.post(urls.registrationLink, form)
      await owner.query(`drop trigger fail on ${part}`)
      expect(refused.status).toBe(503)
      expect(await accountsOf(email)).toBe(0)
      expect(await pendingOf(email)).toBe(1)
    }
    expect((await visitor.post(urls.registrationLink, form)).status).toBe(303)
  }, 120_000)
})

describe('several registrations of one address', () => {
  test('wait side by side, and whoever reads its mail decides which is followed; the others are gone', async () => {
    const squatter = await begun()
    const owner = await begun({ email: squatter.email, first_name: 'Olive', last_name: 'Owner' })
    await expect.poll(() => mailbox.to(owner.email).length, { timeout: 15_000 }).toBe(2)
    const links = mailbox.to(owner.email).map(pathOf)
    const own = (await Promise.all(links.map((link) => isOwnLink(owner.visitor, link)))).indexOf(true)
    await owner.visitor.get(links[own] as string)
    expect((await owner.visitor.submit(urls.registrationLink, {})).status).toBe(303)
    expect((await owner.visitor.get(urls.landing)).body).toContain(welcome('Olive Owner'))
    expect(await pendingOf(owner.email)).toBe(0)

    await squatter.visitor.get(links[1 - own] as string)
    const refused = await squatter.visitor.get(urls.registrationLink)
    expect(refused.status).toBe(410)
    expect(refused.body).toContain('This link no longer works')
    expect((await new Visitor(site).signIn(owner.email, squatter.password)).status).toBe(422)
    expect((await new Visitor(site).signIn(owner.email, owner.password)).status).toBe(303)
  })

  test('the link of a squatter, opened by the owner in good faith, asks for a password that only the squatter has', async () => {
    const { email, password } = await begun()
    const owner = new Visitor(site)
    await owner.get(await linkTo(email))
    const page = await owner.get(urls.registrationLink)
    expect(page.body).toContain('You registered in another browser.')
    expect(page.body).toContain('somebody else typed your address')
    for (const guess of ['', canaryPassword()]) {
      const refused = await owner.submit(urls.registrationLink, guess ? { password: guess } : {})
      expect(refused.status).toBe(422)
    }
    expect(await accountsOf(email)).toBe(0)
    expect((await owner.submit(urls.registrationLink, { password })).status).toBe(303)
    expect(await accountsOf(email)).toBe(1)
  })

  test('both links followed at once make one account, whole', async () => {
    for (let round = 0; round < 6; round += 1) {
      const one = await begun()
      const other = await begun({ email: one.email, first_name: 'Olive' })
      await expect.poll(() => mailbox.to(one.email).length, { timeout: 15_000 }).toBe(2)
      const links = mailbox.to(one.email).map(pathOf)
      const people = await Promise.all(
        [one, other].map(async ({ visitor }) => {
          const own = (await isOwnLink(visitor, links[0] as string)) ? links[0] : links[1]
          await visitor.get(own as string)
          return { visitor, form: { submission: await visitor.token(urls.registrationLink) } }
        }),
      )
      const answers = await Promise.all(people.map(({ visitor, form }) => visitor.post(urls.registrationLink, form)))
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, expect.any(Number)])
      expect([410, 422]).toContain(Math.max(...answers.map(({ status }) => status)))
      expect(await accountsOf(one.email)).toBe(1)
      const signIns = await Promise.all(
        [one, other].map(({ password }) => new Visitor(site).signIn(one.email, password)),
      )
      expect(signIns.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 422])
    }
  }, 120_000)
})

describe('a name that is taken', () => {
  test('an address that became an account meanwhile is told so, with the ways in', async () => {
    const { visitor, email } = await begun()
    await visitor.get(await linkTo(email))
    const token = await visitor.token(urls.registrationLink)
    const open = await openSite(db)
    await new Visitor(open).register({ email })
    const answer = await visitor.post(urls.registrationLink, { submission: token })
    expect(answer.status).toBe(422)
    expect(answer.body).toContain('You have an account already')
    expect(answer.body).toContain(urls.recovery)
    expect(await accountsOf(email)).toBe(1)
  })

  test('a username is no oracle: it is told after the link, and the account is made without it', async () => {
    const first = await begun({ username: 'navigator' })
    await finish(first.visitor, first.email)
    const second = await begun({ username: 'Navigator' })
    expect([second.answer.status, second.answer.headers.location]).toEqual([303, urls.registrationSent])
    await finish(second.visitor, second.email)
    const { body } = await second.visitor.get(urls.landing)
    expect(body).toContain(welcome('Ann Archer'))
    expect(body).toContain('Somebody else has the username that you chose')
    expect((await new Visitor(site).signIn(second.email, second.password)).status).toBe(303)
  })

  test('two who want one username and follow their links at once both end inside, and one has it', async () => {
    const people = await Promise.all([begun({ username: 'helmsman' }), begun({ username: 'helmsman' })])
    const forms = await Promise.all(
      people.map(async ({ visitor, email }) => {
        await visitor.get(await linkTo(email))
        return { submission: await visitor.token(urls.registrationLink) }
      }),
    )
    const answers = await Promise.all(
      people.map(({ visitor }, index) => visitor.post(urls.registrationLink, forms[index] as FormFields)),
    )
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect(await db.count(`accounts where username_canonical = 'helmsman'`)).toBe(1)
  })
})

describe('a link that does not fit', () => {
  test.each([
    ['expired', `update pending_registrations set expires_at = now() - interval '1 second'`],
    ['replaced', `update pending_registrations set code_hash = sha256(code_hash)`],
    ['withdrawn', `delete from pending_registrations`],
  ])('(%s) is refused in words, and makes nothing', async (_, statement) => {
    const { visitor, email } = await begun()
    await visitor.get(await linkTo(email))
    const submission = await visitor.token(urls.registrationLink)
    await db.query(statement)
    const answer = await visitor.post(urls.registrationLink, { submission })
    expect(answer.status).toBe(410)
    expect(answer.body).toContain('This link no longer works')
    expect(await accountsOf(email)).toBe(0)
  })

  test.each([urls.confirmation, urls.newPassword])('a link of ours is none at %s', async (elsewhere) => {
    const { visitor, email } = await begun()
    const { search } = new URL(await linkTo(email), site.url)
    await visitor.get(elsewhere + search)
    const page = await visitor.get(elsewhere)
    const answer = page.status === 200 ? await visitor.submit(elsewhere, { password: canaryPassword() }) : page
    expect(answer.status).toBe(410)
    expect(await accountsOf(email)).toBe(0)
  })

  test('an altered one is none', async () => {
    const { visitor, email } = await begun()
    await visitor.get((await linkTo(email)).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')))
    expect((await visitor.get(urls.registrationLink)).status).toBe(410)
  })

  test.each([{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example' }])(
    'CVE-2023-49097: %o has no say in it',
    async (headers) => {
      const visitor = new Visitor(site)
      const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
      await visitor.post(urls.customerRegistration, form, headers)
      await linkTo(form.email as string)
      expect(linkIn(mailbox.to(form.email as string)[0] as Received)).toMatch(
        `${site.url}${urls.registrationLink}?code=`,
      )
    },
  )
})

describe('the letter once more', () => {
  test('is sent to a newcomer and to an owner alike, a few times an hour', async () => {
    const newcomer = await begun()
    const taken = await begun({ email: await registered() })
    for (const { visitor, email } of [newcomer, taken]) {
      await allAnswered()
      const before = (await lettersTo(email)).length
      const statuses = []
      for (let time = 0; time < 4; time += 1) {
        statuses.push((await visitor.submit(urls.registrationSent, {})).status)
        await allAnswered()
      }
      expect(statuses).toEqual([303, 303, 303, 429])
      expect(await lettersTo(email)).toHaveLength(before + 3)
    }
    await finish(newcomer.visitor, newcomer.email)
  })

  test('is answered alike for a browser that has registered nothing', async () => {
    const answer = await new Visitor(site).submit(urls.registrationSent, {})
    expect([answer.status, answer.headers.location]).toEqual([303, urls.registrationSent])
  })
})

describe('2.4.1 letters to one address', () => {
  test('are limited for each network and for all, whether or not it is taken', async () => {
    for (const email of [await registered(), canaryEmail()]) {
      const network = new Visitor(site).network
      const statuses = []
      for (let time = 0; time < 6; time += 1)
        statuses.push((await new Visitor(site, network).register({ email })).answer.status)
      expect(statuses).toEqual([303, 303, 303, 303, 303, 429])
      expect((await new Visitor(site).register({ email })).answer.status, 'another network').toBe(303)
    }
  })
})

interface Begun {
  visitor: Visitor
  answer: Answer
  email: string
  password: string
}

async function begun(fields: FormFields = {}): Promise<Begun> {
  const visitor = new Visitor(site)
  return { visitor, ...(await visitor.register(fields)) }
}

/** The address of somebody who has an account, and of nobody else's concern. */
async function registered(): Promise<string> {
  const { visitor, email } = await begun()
  await finish(visitor, email)
  await expect.poll(() => lettersTo(email)).toEqual(['registration-link', 'welcome'])
  await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBe(2)
  return email
}

async function finish(visitor: Visitor, email: string): Promise<void> {
  await visitor.get(await linkTo(email))
  const { status } = await visitor.submit(urls.registrationLink, {})
  expect(status).toBe(303)
}

async function linkTo(email: string): Promise<string> {
  await expect.poll(() => mailbox.to(email).length, { timeout: 15_000 }).toBeGreaterThan(0)
  return pathOf(mailbox.to(email)[0] as Received)
}

function pathOf(letter: Received): string {
  const { pathname, search } = new URL(linkIn(letter))
  return pathname + search
}

/** Only the browser that registered is not asked for the password. */
async function isOwnLink(visitor: Visitor, link: string): Promise<boolean> {
  const same = visitor.at(site)
  await same.get(link)
  return !(await same.get(urls.registrationLink)).body.includes('another browser')
}

function subjectsTo(email: string): string[] {
  return mailbox.to(email).map(({ subject }) => subject)
}

async function lettersTo(email: string): Promise<string[]> {
  const rows = await db.query<{ kind: string }>(
    `select kind from letters where lower(recipient) = $1 order by created_at`,
    [email],
  )
  return rows.map(({ kind }) => kind)
}

async function allAnswered(): Promise<void> {
  await expect.poll(() => db.count('pending_registrations where settled_at is null'), { timeout: 15_000 }).toBe(0)
}

function accountsOf(email: string): Promise<number> {
  return db.count(`accounts where email_canonical = '${email}'`)
}

function pendingOf(email: string): Promise<number> {
  return db.count(`pending_registrations where email_canonical = '${email}'`)
}

async function confirmed(email: string): Promise<boolean> {
  return (await db.count(`accounts where email_canonical = '${email}' and email_confirmed_at is not null`)) === 1
}
