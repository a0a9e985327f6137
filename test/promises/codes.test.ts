import { describe, expect, test, vi } from 'vitest'
import type { CodePurpose } from '../../src/accounts/codes/codes.ts'
import { parseEmail, type Email } from '../../src/accounts/email.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { requestCorrection } from '../../src/flows/email-change/by-staff.ts'
import { Keys } from '../../src/lib/keys.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, customer, invite } from '../support/hostile-people.ts'
import { linkIn, Mailbox, type Received } from '../support/mailbox.ts'
import { openSite, TEST_SECRET, type Site } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, mailbox.settings)
const verifying = await openSite(db, { ...mailbox.settings, REGISTRATION_MODE: 'verify-first' })

/** A code on its way to be spent. */
interface Issued {
  code: string
  /** The whole link, as its letter has it; null for one that no letter carries. */
  link: string | null
  /** Somebody who may open it: its own browser where that matters, and any other where it does not. */
  opener: () => Visitor
}

interface Purpose {
  /** Where its link leads. */
  path: string
  /** What is recorded when it is spent, once. */
  event: string
  /** Whether those who come second are told that it is done, or that the link is used. */
  tells: 'everybody' | 'one'
  issue: (visitorAt: VisitorAt) => Promise<Issued>
  fields: () => FormFields
  table: 'codes' | 'invitations' | 'pending_registrations'
}

type VisitorAt = (site: Site) => Visitor

const keys = new Keys([TEST_SECRET])
const anybody = () => new Visitor(site)
const nothing = () => ({})

/** Every purpose that the code knows: one without a row here does not compile. */
const purposes: Record<CodePurpose, Purpose> = {
  confirmation: {
    path: urls.confirmation,
    event: 'email-confirmed',
    tells: 'everybody',
    table: 'codes',
    fields: nothing,
    issue: async (visitorAt) => {
      const { email } = await visitorAt(site).register()
      return issued(email, urls.confirmation, anybody)
    },
  },
  recovery: {
    path: urls.newPassword,
    event: 'password-recovered',
    tells: 'one',
    table: 'codes',
    fields: () => ({ password: canaryPassword() }),
    issue: async (visitorAt) => {
      const visitor = visitorAt(site)
      const { email } = await visitor.register()
      await visitor.submit(urls.recovery, { identifier: email })
      return issued(email, urls.newPassword, anybody)
    },
  },
  registration: {
    path: urls.registrationLink,
    event: 'customer-registered',
    // Its own browser sends it 16 times, which is one submission; of 16 browsers one gets in: verify-first.test.ts.
    tells: 'everybody',
    table: 'pending_registrations',
    fields: nothing,
    issue: async (visitorAt) => {
      const visitor = visitorAt(verifying)
      const { email } = await visitor.register()
      return issued(email, urls.registrationLink, () => visitor.at(site))
    },
  },
  'email-change': {
    path: urls.emailConfirmation,
    event: 'email-changed',
    tells: 'everybody',
    table: 'codes',
    fields: nothing,
    issue: async (visitorAt) => {
      const visitor = visitorAt(site)
      await visitor.register()
      const fresh = canaryEmail()
      await visitor.submit(urls.emailChange, { email: fresh })
      return issued(fresh, urls.emailConfirmation, () => visitor.at(site))
    },
  },
  'email-correction': {
    path: urls.emailCorrection,
    event: 'email-changed',
    tells: 'everybody',
    table: 'codes',
    fields: nothing,
    issue: async (visitorAt) => {
      const { email } = await visitorAt(site).register()
      const fresh = canaryEmail()
      const id = await accountId(db, email)
      const correction = {
        accountId: id,
        actorId: id,
        reason: 'Misheard.',
        email: parseEmail(fresh) as Email,
        form: '',
      }
      const nowhere = { network: null, reference: null }
      await requestCorrection({ database: db.database, keys }, correction, newSubmission(), nowhere)
      return issued(fresh, urls.emailCorrection, anybody)
    },
  },
  'email-revert': {
    path: urls.emailReversal,
    event: 'email-taken-back',
    tells: 'everybody',
    table: 'codes',
    fields: nothing,
    issue: async (visitorAt) => {
      const visitor = visitorAt(site)
      const { email } = await visitor.register()
      const fresh = canaryEmail()
      await visitor.submit(urls.emailChange, { email: fresh })
      const { code } = await issued(fresh, urls.emailConfirmation, anybody)
      await visitor.get(`${urls.emailConfirmation}?code=${code}`)
      await visitor.submit(urls.emailConfirmation, {})
      return issued(email, urls.emailReversal, anybody)
    },
  },
  invitation: {
    path: urls.staffRegistration,
    event: 'staff-registered',
    tells: 'one',
    table: 'invitations',
    fields: () => registrationForm(),
    issue: async () => ({ code: await invite(db), link: null, opener: anybody }),
  },
}

const names = Object.keys(purposes) as CodePurpose[]

/** One of each for those who race, one for a stranger, and one that stays unspent. */
const [raced, foreign, standing] = await Promise.all([issueAll(), issueAll(), issueAll()])

describe.each(names)('6.5.1 the code for %s', (name) => {
  const { path, event, tells, fields, table } = purposes[name]

  test('spent 16 times at once has its effect once, and every answer is in words', async () => {
    const { code, opener } = raced[name]
    const spenders = await Promise.all(
      Array.from({ length: 16 }, async () => {
        const visitor = opener()
        await visitor.get(`${path}?code=${code}`)
        return { visitor, form: { ...fields(), submission: await visitor.token(path) } }
      }),
    )
    const before = await happened(event)
    const answers = await Promise.all(spenders.map(({ visitor, form }) => visitor.post(path, form)))
    expect((await happened(event)) - before).toBe(1)
    const [done, refused] = [303, 410].map((status) => answers.filter((answer) => answer.status === status))
    expect([done?.length, refused?.length]).toEqual(tells === 'everybody' ? [16, 0] : [1, 15])
    for (const answer of refused ?? []) expectWords(answer)
  })

  test('altered in any one place is refused in words', async () => {
    const { code } = standing[name]
    for (const at of [0, Math.floor(code.length / 2), code.length - 3]) {
      const other = code[at] === 'A' ? 'B' : 'A'
      expectWords(await spendInstead(name, code.slice(0, at) + other + code.slice(at + 1)))
    }
    for (const odd of [code.slice(0, -1), `${code}A`, code.toLowerCase(), '-'.repeat(22)])
      expectWords(await spendInstead(name, odd))
  })

  test.each(names.filter((other) => other !== name))('of the purpose %s is refused in words', async (other) => {
    expectWords(await spendInstead(name, standing[other].code))
  })

  test('in the hands of somebody with another account does nothing to that account', async () => {
    const stranger = await customer(site)
    const before = await stateOf(stranger.email)
    await stranger.visitor.get(`${path}?code=${foreign[name].code}`)
    const page = await stranger.visitor.get(path)
    if (page.status === 200) await stranger.visitor.submit(path, fields())
    if (name === 'email-change') expectWords(page)
    expect(page.status).toBeLessThan(500)
    expect(await stateOf(stranger.email)).toEqual(before)
  })

  test('that has expired meanwhile is refused in words', async () => {
    const { code, opener } = await purposes[name].issue(anyVisitor)
    const visitor = opener()
    await visitor.get(`${path}?code=${code}`)
    const submission = await visitor.token(path)
    await db.query(`update ${table} set expires_at = now() - interval '1 second' where code_hash = sha256($1::bytea)`, [
      Buffer.from(`${name}:${code}`),
    ])
    const before = await happened(event)
    expectWords(await visitor.post(path, { ...fields(), submission }))
    expect(await happened(event)).toBe(before)
  })
})

test('a code proves nothing once its address is no longer that of the account, though nobody made it worthless', async () => {
  const { email } = await new Visitor(site).register()
  const id = await accountId(db, email)
  const { code } = await issued(email, urls.confirmation, anybody)
  await db.query(
    `update accounts set email = $2, email_delivery = $2, email_canonical = $2, email_confirmed_at = null where id = $1`,
    [id, canaryEmail()],
  )
  const visitor = new Visitor(site)
  await visitor.get(`${urls.confirmation}?code=${code}`)
  expect((await visitor.submit(urls.confirmation, {})).status).toBe(410)
  expect(await db.count(`accounts where id = '${id}' and email_confirmed_at is null`)).toBe(1)
})

describe('15.3.4 a request that says it came by another name', () => {
  const lies: Record<string, string>[] = [
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
    { forwarded: 'host=evil.example;proto=https', 'x-original-host': 'evil.example' },
  ]

  test.each(lies)('%o has no say in the link of any letter', async (lie) => {
    const mailed = names.filter((name) => name !== 'invitation')
    const links = await Promise.all(
      mailed.map(async (name) => (await purposes[name].issue((at) => new Liar(at, lie))).link ?? ''),
    )
    for (const [index, link] of links.entries()) {
      const path = purposes[mailed[index] as CodePurpose].path
      expect(
        [site.url, verifying.url].some((url) => link.startsWith(`${url}${path}?code=`)),
        link,
      ).toBe(true)
    }
    expect(mailbox.received.filter(({ text, html }) => /evil\.example/.test(text + html))).toEqual([])
  })

  test.each(lies)('%o has no say in the page or the redirect behind any link', async (lie) => {
    for (const name of names) {
      const { path } = purposes[name]
      const visitor = new Liar(site, lie)
      const opened = await visitor.get(`${path}?code=${'A'.repeat(22)}`)
      expect(opened.headers.location, name).toBe(path)
      expect((await visitor.get(path)).body, name).not.toContain('evil.example')
    }
  })
})

/** A visitor with every one of whose requests something is told that is not so. */
class Liar extends Visitor {
  readonly #lie: Record<string, string>

  constructor(at: Site, lie: Record<string, string>) {
    super(at)
    this.#lie = lie
  }

  override send(method: string, path: string, headers: Record<string, string>, body?: string | Buffer) {
    return super.send(method, path, { ...headers, ...this.#lie }, body)
  }
}

function anyVisitor(at: Site): Visitor {
  return new Visitor(at)
}

async function issueAll(): Promise<Record<CodePurpose, Issued>> {
  const entries = names.map(async (name) => [name, await purposes[name].issue(anyVisitor)] as const)
  return Object.fromEntries(await Promise.all(entries)) as Record<CodePurpose, Issued>
}

/** What a letter to this address with a link to this page brings. */
async function issued(recipient: string, path: string, opener: () => Visitor): Promise<Issued> {
  const link = await vi.waitFor(
    () => linkIn(mailbox.to(recipient).find(({ text }) => text.includes(`${path}?code=`)) as Received),
    { timeout: 15_000 },
  )
  return { code: new URL(link).searchParams.get('code') ?? '', link, opener }
}

/** Opens the form with the good code, and sends it with another in its place. */
async function spendInstead(name: CodePurpose, code: string): Promise<Answer> {
  const { path, event, fields } = purposes[name]
  const visitor = standing[name].opener()
  await visitor.get(`${path}?code=${standing[name].code}`)
  const submission = await visitor.token(path)
  await visitor.get(`${path}?code=${code}`)
  const before = await happened(event)
  const answer = await visitor.post(path, { ...fields(), submission })
  expect(await happened(event)).toBe(before)
  return answer
}

function expectWords({ status, body }: Answer): void {
  expect([status, /no longer works|cannot be used/.test(body)]).toEqual([410, true])
}

function happened(event: string): Promise<number> {
  return db.count(`audit_events where event = '${event}'`)
}

async function stateOf(email: string) {
  const id = await accountId(db, email)
  return db.query(
    `select a.email, a.email_confirmed_at, a.status, a.kind, p.hash from accounts a join passwords p on p.account_id = a.id
     where a.id = $1`,
    [id],
  )
}
