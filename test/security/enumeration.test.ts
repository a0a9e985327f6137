import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { errands, knownPeople, MODE, reflected } from '../support/enumeration.ts'
import { Mailbox } from '../support/mailbox.ts'
import { openSite } from '../support/site.ts'
import type { Answer } from '../support/visitor.ts'

const EACH = 100

const db = await freshDatabase()
const mailbox = await Mailbox.open()
const site = await openSite(db, { ...mailbox.settings, ...MODE })
const down = await openSite(db, { ...MODE, SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'a@example.com' })
const known = await knownPeople(db, EACH * 2)

describe.each([
  ['up', site, known.slice(0, EACH)],
  ['down', down, known.slice(EACH)],
] as const)('6.3.8 with SMTP %s', (_, at, people) => {
  test.each(Object.keys(errands) as (keyof typeof errands)[])(
    `%s answers ${EACH} known and ${EACH} unknown people alike, byte for byte but for tokens and what they typed`,
    async (errand) => {
      const seen = { known: new Set<string>(), unknown: new Set<string>() }
      for (const person of people) {
        for (const who of ['known', 'unknown'] as const) {
          const { prepare, identifierOf } = errands[errand]
          const identifier = identifierOf(person, who)
          const ask = await prepare(at, identifier)
          const answers: Answer[] = [await ask.send()]
          if (answers[0]?.headers.location) answers.push(await ask.follow(answers[0].headers.location))
          seen[who].add(JSON.stringify(answers.map((answer) => reflected(answer, identifier))))
        }
      }
      expect(seen.known.size).toBe(1)
      expect([...seen.unknown]).toEqual([...seen.known])
    },
  )
})

test('6.3.8 the letters differ, and nobody who is unknown gets one', async () => {
  await expect.poll(() => db.count('recovery_requests'), { timeout: 15_000 }).toBe(0)
  await expect.poll(() => db.count('pending_registrations where settled_at is null'), { timeout: 15_000 }).toBe(0)
  const strangers = await db.query<{ kind: string }>(
    `select distinct l.kind from letters l where not exists (select from accounts a where a.email_delivery = l.recipient)`,
  )
  expect(strangers).toEqual([{ kind: 'registration-link' }])
  const owners = await db.query<{ kind: string }>(
    `select distinct l.kind from letters l join accounts a on a.email_delivery = l.recipient order by l.kind`,
  )
  expect(owners.map(({ kind }) => kind)).toEqual(['already-registered', 'recovery'])
})

test('the errands are those that somebody could ask by who has an account', () => {
  expect(Object.values(errands).map(({ path }) => path)).toEqual([
    urls.customerSignIn,
    urls.recovery,
    urls.customerRegistration,
  ])
})
