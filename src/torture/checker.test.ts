import { describe, expect, test } from 'vitest'
import { check, invariants, recoveries, type Invariant, type Verdict } from './checker.ts'
import type { FinalAccount, FinalState } from './final-state.ts'
import type { Act, Blow, History } from './history.ts'

const ADDRESS = 'ann@storm.example'

/** A hash that anybody can read, so that the forgeries stay legible. */
const verify = async (hash: string, password: string) => hash === `hash of ${password}`

/** A history in which everything is well: Ann registers, edits, changes her password, signs out; somebody guesses. */
function soundHistory(): History {
  const acts = [
    act({ kind: 'register', firstName: 'Ann 1', password: 'first', company: 'Löwe' }),
    act({ kind: 'sign-in' }),
    act({ kind: 'edit-profile', company: 'Bär' }),
    act({ kind: 'change-password', password: 'second', endsSession: 'aa' }),
    act({ kind: 'wrong-password', end: 'refused', said: 'wrong-credentials' }),
    act({ kind: 'sign-out', endsSession: 'bb' }),
    act({ kind: 'use-ended-session', end: 'refused', said: 'sign-in-first' }),
    act({ kind: 'register', address: 'bob@storm.example', firstName: 'Bob 8', password: 'bobs', end: 'unknown' }),
  ].map((one, index): Act => ({ ...one, id: index + 1, began: index * 100, ended: index * 100 + 50 }))
  return {
    acts,
    blows: [{ fault: 'kill', target: 'the postmaster', began: 0, over: 60, writable: 80 }],
    letters: [{ recipient: ADDRESS, messageId: '<l1@x>', subject: 'Welcome', at: 1 }],
  }
}

function soundState(): FinalState {
  return { accounts: [account()], sessions: new Set(['cc']), letters: new Set(['l1', 'l2']), orphans: {} }
}

function act(given: Partial<Act> & Pick<Act, 'kind'>): Act {
  const answers = [{ sent: 0, done: 1, status: 303, flaw: null }]
  return { id: 0, address: ADDRESS, began: 0, ended: 0, end: 'done', said: '', answers, ...given }
}

function account(given: Partial<FinalAccount> = {}): FinalAccount {
  return {
    id: 'a1',
    kind: 'customer',
    email: ADDRESS,
    canonical: ADDRESS,
    firstName: 'Ann 1',
    passwordHash: 'hash of second',
    company: 'Bär',
    customerProfiles: 1,
    staffProfiles: 0,
    welcomes: 1,
    events: { 'customer-registered': 1, 'profile-changed': 1, 'password-changed': 1 },
    ...given,
  }
}

function changed(history: History, index: number, change: Partial<Act>): History {
  return { ...history, acts: history.acts.map((one, at) => (at === index ? { ...one, ...change } : one)) }
}

function broken(verdicts: readonly Verdict[]): Invariant[] {
  return verdicts.filter(({ holds }) => holds === false).map(({ invariant }) => invariant)
}

test('a sound history holds, in every invariant, and each has looked at something', async () => {
  const verdicts = await check(soundHistory(), soundState(), verify)
  expect(verdicts.map(({ invariant }) => invariant)).toEqual(Object.keys(invariants))
  expect(verdicts.filter(({ holds, looked }) => holds !== true || looked === 0)).toEqual([])
})

test('what is unknown may have happened, or not', async () => {
  const bob = account({ canonical: 'bob@storm.example', email: 'Bob@storm.example', firstName: 'Bob 8' })
  const there = { ...bob, passwordHash: 'hash of bobs', company: null, events: { 'customer-registered': 1 } }
  const history = soundHistory()
  history.letters?.push({ recipient: 'Bob@storm.example', messageId: '<l2@x>', subject: 'Welcome', at: 2 })
  expect(broken(await check(history, { ...soundState(), accounts: [account(), there] }, verify))).toEqual([])
  const maybe = changed(soundHistory(), 3, { end: 'unknown' })
  expect(broken(await check(maybe, soundState(), verify))).toEqual([])
  const not = { ...soundState(), accounts: [account({ passwordHash: 'hash of first' })] }
  expect(broken(await check(maybe, not, verify))).toEqual([])
})

describe('a forged history is rejected:', () => {
  const withAccount = (given: Partial<FinalAccount>): FinalState => ({ ...soundState(), accounts: [account(given)] })

  const forgeries: Record<string, { by: Invariant[]; history?: History; final?: FinalState }> = {
    'an acknowledged account is gone': { by: ['nothing-lost'], final: { ...soundState(), accounts: [] } },
    'an account of nobody': {
      by: ['nothing-made-up', 'recorded', 'letters'],
      final: {
        ...soundState(),
        accounts: [account(), account({ canonical: 'x@storm.example', email: 'x@storm.example' })],
      },
    },
    'an account that was refused': {
      by: ['nothing-made-up', 'owner-gets-in'],
      history: changed(soundHistory(), 0, { end: 'refused', said: 'email-taken' }),
    },
    'one address acknowledged to two people': {
      by: ['nothing-made-up'],
      history: changed(soundHistory(), 7, { address: ADDRESS, end: 'done' }),
    },
    "one person's name with another's password": {
      by: ['nothing-made-up', 'changes-hold'],
      history: {
        ...soundHistory(),
        acts: soundHistory().acts.filter(({ kind }) => kind !== 'change-password'),
      },
      final: withAccount({ passwordHash: 'hash of bobs', events: { 'customer-registered': 1, 'profile-changed': 1 } }),
    },
    'two accounts that differ in case alone': {
      by: ['one-each'],
      final: { ...soundState(), accounts: [account(), account({ id: 'a2', email: 'ANN@storm.example' })] },
    },
    'a stored form that is not the normal one': {
      by: ['one-each'],
      final: withAccount({ email: 'anne@storm.example' }),
    },
    'no profile': { by: ['no-half-account'], final: withAccount({ customerProfiles: 0 }) },
    'two profiles': { by: ['no-half-account'], final: withAccount({ staffProfiles: 1 }) },
    'no password': { by: ['no-half-account'], final: withAccount({ passwordHash: null }) },
    'two welcomes': { by: ['no-half-account'], final: withAccount({ welcomes: 2 }) },
    'a registration that is not recorded': {
      by: ['no-half-account'],
      final: withAccount({ events: { 'profile-changed': 1, 'password-changed': 1 } }),
    },
    'a session of nobody': { by: ['no-half-account'], final: { ...soundState(), orphans: { sessions: 1 } } },
    'an acknowledged edit undone': { by: ['changes-hold'], final: withAccount({ company: 'Löwe' }) },
    'an acknowledged password undone': { by: ['changes-hold'], final: withAccount({ passwordHash: 'hash of first' }) },
    'a signed-out session is alive': { by: ['ends-hold'], final: { ...soundState(), sessions: new Set(['bb']) } },
    'a session that the password change ended is alive': {
      by: ['ends-hold'],
      final: { ...soundState(), sessions: new Set(['aa']) },
    },
    'a wrong password gets in': { by: ['ends-hold'], history: changed(soundHistory(), 4, { end: 'done' }) },
    'an ended session gets in': { by: ['ends-hold'], history: changed(soundHistory(), 6, { end: 'done' }) },
    'the right password refused': {
      by: ['owner-gets-in'],
      history: changed(soundHistory(), 1, { end: 'refused', said: 'wrong-credentials' }),
    },
    'a submission sent again and told that it is taken': {
      by: ['owner-gets-in'],
      history: changed(soundHistory(), 7, { end: 'refused', said: 'email-taken' }),
    },
    'an address that everybody was told is taken, and nobody has': {
      by: ['owner-gets-in'],
      history: {
        ...soundHistory(),
        acts: [
          ...soundHistory().acts.slice(0, 7),
          ...[8, 9].map((id) =>
            act({ id, kind: 'register', address: 'bob@storm.example', end: 'refused', said: 'email-taken' }),
          ),
        ],
      },
    },
    'a 500': {
      by: ['contract'],
      history: changed(soundHistory(), 1, { answers: [{ sent: 0, done: 1, status: 500, flaw: null }] }),
    },
    'a 503 that does not say when to come again': {
      by: ['contract'],
      history: changed(soundHistory(), 1, { answers: [{ sent: 0, done: 1, status: 503, flaw: 'no Retry-After' }] }),
    },
    'an edit that is not recorded': {
      by: ['recorded'],
      final: withAccount({ events: { 'customer-registered': 1, 'password-changed': 1 } }),
    },
    'an edit recorded more often than it was sent': {
      by: ['recorded'],
      final: withAccount({ events: { 'customer-registered': 1, 'password-changed': 1, 'profile-changed': 2 } }),
    },
    'an edit recorded that nobody sent': {
      by: ['recorded'],
      history: { ...soundHistory(), acts: soundHistory().acts.filter(({ kind }) => kind !== 'edit-profile') },
      final: withAccount({ company: 'Löwe' }),
    },
    'a letter of something undone': {
      by: ['letters'],
      history: {
        ...soundHistory(),
        letters: [
          { recipient: ADDRESS, messageId: '<l1@x>', subject: 'Welcome', at: 1 },
          { recipient: 'bob@storm.example', messageId: '<l9@x>', subject: 'Welcome', at: 1 },
        ],
      },
    },
    'an account that nobody welcomed': { by: ['letters'], history: { ...soundHistory(), letters: [] } },
    'one Message-ID to two people': {
      by: ['letters'],
      history: {
        ...soundHistory(),
        letters: [ADDRESS, 'bob@storm.example'].map((recipient) => ({
          recipient,
          messageId: '<l1@x>',
          subject: 'Welcome',
          at: 1,
        })),
      },
    },
    'a service that stays away': {
      by: ['service-back'],
      history: {
        ...soundHistory(),
        acts: [
          ...soundHistory().acts,
          act({ id: 9, kind: 'register', address: 'c@storm.example', end: 'unknown', began: 5000, ended: 9000 }),
        ],
        blows: [{ fault: 'kill', target: 'the postmaster', began: 700, over: 800, writable: 900 }],
      },
    },
  }

  test.each(Object.entries(forgeries))('%s', async (_, { by, history = soundHistory(), final = soundState() }) => {
    expect(broken(await check(history, final, verify))).toEqual(by)
  })

  test('there is one for every invariant', () => {
    const rejected = new Set(Object.values(forgeries).flatMap(({ by }) => by))
    expect([...rejected].toSorted()).toEqual(Object.keys(invariants).toSorted())
  })
})

describe('how long service took to be back', () => {
  const blow = (writable: number): Blow => ({
    fault: 'kill',
    target: 'x',
    began: writable - 1,
    over: writable,
    writable,
  })
  const done = (ended: number) => act({ kind: 'sign-in', began: ended - 1, ended })

  test('is the time to the next acknowledged act', () => {
    const acts = [done(500), done(1300), done(5000)]
    expect(recoveries({ acts, blows: [blow(1000)] }).map(({ took }) => took)).toEqual([300])
  })

  test('is not told where the next fault came before anybody could be late', () => {
    const acts = [done(500), done(1900)]
    expect(recoveries({ acts, blows: [blow(1000), blow(1500)] }).map(({ took }) => took)).toEqual([400])
  })

  test('is never, where somebody tried for long enough', () => {
    const acts = [done(500), { ...done(9000), end: 'unknown' as const }]
    expect(recoveries({ acts, blows: [blow(1000)] }).map(({ took }) => took)).toEqual([null])
  })
})
