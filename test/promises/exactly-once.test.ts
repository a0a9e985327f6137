import { expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { startNode } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const ROUNDS = 200
const AT_ONCE = 50

const db = await freshDatabase()
const nodes = [await startNode(db), await startNode(db)] as const

test('P4: 50 identical submissions at once, over two nodes, 200 times: each is answered with success and a session that works', async () => {
  const answers: Answer[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const visitor = new Visitor(nodes[0])
    const form = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
    answers.push(...(await atOnce(visitor, () => form)))
  }

  expect(tally(answers)).toEqual({ '303 to /': ROUNDS * AT_ONCE })
  const sessions = new Set(answers.map(sessionOf))
  expect(sessions.size).toBe(ROUNDS)
  for (const session of sessions) expect(await opensProfile(session)).toBe(true)
  expect(await db.count('accounts')).toBe(ROUNDS)
  expect(await db.count('customer_profiles')).toBe(ROUNDS)
  expect(await db.count(`letters where kind = 'welcome'`)).toBe(ROUNDS)
  expect(await db.count(`audit_events where event = 'customer-registered'`)).toBe(ROUNDS)
}, 300_000)

test('P1: 50 different submissions at once for one address and its case variants, 200 times: one success each, 49 told that it is taken', async () => {
  const before = await db.count('accounts')
  for (let round = 0; round < ROUNDS; round += 1) {
    const visitor = new Visitor(nodes[1])
    const token = await visitor.token(urls.customerRegistration)
    const address = registrationForm()['email'] as string
    const answers = await atOnce(visitor, (index) => ({
      ...registrationForm({ first_name: `Ann ${index}`, email: withCase(address, index) }),
      submission: token,
    }))
    const taken = answers.filter(({ body }) => body.includes('This email address is already registered.'))
    expect(tally(answers)).toEqual({ '303 to /': 1, 422: AT_ONCE - 1 })
    expect(taken.length).toBe(AT_ONCE - 1)
  }
  expect(await db.count('accounts')).toBe(before + ROUNDS)
  expect(await db.count('customer_profiles')).toBe(before + ROUNDS)
  expect(await db.count(`letters where kind = 'welcome'`)).toBe(before + ROUNDS)
}, 300_000)

/** All at once, half to each node, from one browser. What it is given back is not kept, as if no answer had arrived. */
function atOnce(visitor: Visitor, form: (index: number) => FormFields): Promise<Answer[]> {
  const sent = Array.from({ length: AT_ONCE }, (_, index) =>
    visitor.at(nodes[index % 2 === 0 ? 0 : 1]).post(urls.customerRegistration, form(index)),
  )
  return Promise.all(sent)
}

function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status, headers } of answers) {
    const outcome = headers.location === undefined ? `${status}` : `${status} to ${headers.location}`
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

function sessionOf({ headers }: Answer): string {
  return headers['set-cookie']?.find((line) => line.startsWith('meridian-session='))?.split(/[=;]/)[1] ?? 'none'
}

async function opensProfile(session: string): Promise<boolean> {
  const visitor = new Visitor(nodes[0])
  visitor.cookies.set('meridian-session', session)
  return visitor.isSignedIn()
}

/** The same mailbox with other letters in upper case: as many variants as there are bits in `index`. */
function withCase(address: string, index: number): string {
  return [...address]
    .map((letter, position) => ((index >> (position % 6)) & 1 ? letter.toUpperCase() : letter))
    .join('')
}
