import { parseEmail } from '../accounts/email.ts'
import { SECOND } from '../lib/time.ts'
import type { FinalAccount, FinalState } from './final-state.ts'
import type { Act, Answer, Blow, History } from './history.ts'

/** What has to hold whatever happens, each in the words of the report. */
export const invariants = {
  'nothing-lost': 'Every acknowledged registration has its account.',
  'nothing-made-up': 'Every account is wholly what one registration asked for: never a mixture, never a refused one.',
  'one-each': 'No two accounts have the same address in its normal form.',
  'no-half-account': 'Every account has one profile, of its kind, a password, one welcome letter and its audit event.',
  'changes-hold': 'The last acknowledged password and profile are those that are kept.',
  'ends-hold': 'A session that was acknowledged as ended is ended, and a wrong password opens nothing.',
  'owner-gets-in': 'Nobody is refused what is theirs: the address, the password, the session.',
  contract: 'Every answer is a success, a refusal in words, or a 503 that says when to come again.',
  recorded: 'Every acknowledged change stands in the audit trail, and none stands there that nobody asked for.',
  letters: 'Every account was welcomed, no letter is of something undone, and copies are of one letter.',
  'service-back': 'From PostgreSQL taking writes again to the next acknowledged act: two seconds at most.',
} as const

export type Invariant = keyof typeof invariants

export interface Verdict {
  invariant: Invariant
  /** How many things were looked at. An invariant of which nothing was looked at is not shown. */
  looked: number
  /** Each breach in words, with the act or the address that it is about. */
  breaches: string[]
  /** Null when it does not apply: nobody watched the mail server, nothing stopped PostgreSQL. */
  holds: boolean | null
}

/** Whether a stored hash is that password's. */
export type VerifyPassword = (hash: string, password: string) => Promise<boolean>

const BACK_WITHIN = 2 * SECOND

/** Longer than a node works at one request: its own deadline for a statement is twelve seconds. */
const STRAYS_FOR = 20 * SECOND

/** Statuses that a person can be answered with; 503 only with what 15.4 of the contract asks, which its flaw tells. */
const CONTRACT = new Set([200, 302, 303, 308, 404, 409, 410, 422, 429, 503])

/**
 * Decides from what was seen outside and from the final database alone, and knows nothing of the program between them.
 * The history has to be drained: no act under way, no fault left.
 */
export async function check(history: History, final: FinalState, verify: VerifyPassword): Promise<Verdict[]> {
  const people = byAddress(history.acts, final.accounts)
  return [
    nothingLost(people),
    await nothingMadeUp(people, verify),
    oneEach(final),
    noHalfAccount(final),
    await changesHold(people, verify),
    endsHold(history.acts, final),
    ownerGetsIn(people),
    contract(history.acts),
    recorded(people),
    letters(history, final),
    serviceBack(history),
  ]
}

/** Everything about one address. */
interface Person {
  address: string
  acts: Act[]
  account: FinalAccount | undefined
}

function byAddress(acts: readonly Act[], accounts: readonly FinalAccount[]): Person[] {
  const people = new Map<string, Person>()
  const person = (address: string) => {
    const known = people.get(address) ?? { address, acts: [], account: undefined }
    people.set(address, known)
    return known
  }
  for (const act of acts) person(act.address).acts.push(act)
  for (const account of accounts) person(account.canonical).account = account
  return [...people.values()]
}

function nothingLost(people: readonly Person[]): Verdict {
  const acknowledged = people.filter(({ acts }) => acts.some((act) => act.kind === 'register' && act.end === 'done'))
  const lost = acknowledged.filter(({ account }) => !account)
  return verdict(
    'nothing-lost',
    acknowledged.length,
    lost.map(({ address }) => `${address} was acknowledged and is gone`),
  )
}

async function nothingMadeUp(people: readonly Person[], verify: VerifyPassword): Promise<Verdict> {
  const breaches: string[] = []
  const withAccount = people.filter(({ account }) => account)
  for (const person of withAccount) breaches.push(...(await madeUp(person, verify)))
  return verdict('nothing-made-up', withAccount.length, breaches)
}

async function madeUp({ address, acts, account }: Person, verify: VerifyPassword): Promise<string[]> {
  const registrations = acts.filter(({ kind }) => kind === 'register')
  const possible = registrations.filter(({ end }) => end !== 'refused')
  const acknowledged = possible.filter(({ end }) => end === 'done')
  const winner = possible.find(({ firstName }) => firstName === account?.firstName)
  if (!winner) return [`${address} is of nobody who may have registered it`]
  const twice =
    acknowledged.length > 1 ? [`${address} was acknowledged to ${acknowledged.length} different people`] : []
  const other = acknowledged.find((act) => act !== winner)
  const stolen = other ? [`${address} was acknowledged to act ${other.id} and is act ${winner.id}'s`] : []
  const changed = acts.some(({ kind, end }) => isPasswordChange(kind) && end !== 'refused')
  const hash = account?.passwordHash ?? null
  const mixed =
    !changed && hash !== null && !(await verify(hash, winner.password ?? ''))
      ? [`${address} has act ${winner.id}'s name and another's password`]
      : []
  return [...twice, ...stolen, ...mixed]
}

function oneEach({ accounts }: FinalState): Verdict {
  const owners = new Map<string, number>()
  for (const { email } of accounts) {
    const canonical = parseEmail(email)?.canonical ?? email
    owners.set(canonical, (owners.get(canonical) ?? 0) + 1)
  }
  const doubled = [...owners].filter(([, count]) => count > 1)
  const stale = accounts.filter(({ email, canonical }) => parseEmail(email)?.canonical !== canonical)
  return verdict('one-each', accounts.length, [
    ...doubled.map(([address, count]) => `${address} has ${count} accounts`),
    ...stale.map(({ canonical }) => `${canonical} is not the normal form of its address`),
  ])
}

function noHalfAccount({ accounts, orphans }: FinalState): Verdict {
  const halves = accounts.flatMap(
    ({ canonical, kind, customerProfiles, staffProfiles, passwordHash, welcomes, events }) => [
      ...(customerProfiles === Number(kind === 'customer') && staffProfiles === Number(kind === 'staff')
        ? []
        : [`${canonical} (${kind}) has ${customerProfiles} customer and ${staffProfiles} staff profiles`]),
      ...(passwordHash === null ? [`${canonical} has no password`] : []),
      ...(welcomes === 1 ? [] : [`${canonical} has ${welcomes} welcome letters`]),
      ...(events['customer-registered'] === 1
        ? []
        : [`${canonical} is recorded as registered ${events['customer-registered'] ?? 0} times`]),
    ],
  )
  const left = Object.entries(orphans).map(([relation, rows]) => `${rows} rows of ${relation} belong to no account`)
  return verdict('no-half-account', accounts.length, [...halves, ...left])
}

async function changesHold(people: readonly Person[], verify: VerifyPassword): Promise<Verdict> {
  const breaches: string[] = []
  let looked = 0
  for (const { address, acts, account } of people) {
    if (!account) continue
    const edits = acts.filter(({ kind }) => kind === 'edit-profile')
    const companies = lastValues(edits, 'company')
    if (companies.length > 0) {
      looked += 1
      const kept = account.company ?? ''
      if (!companies.includes(kept) && !straysOf(edits).includes(kept))
        breaches.push(`${address} has the profile of an earlier edit`)
    }
    const passwords = lastValues(
      acts.filter((act) => isPasswordChange(act.kind) || isBirthOf(account, act)),
      'password',
    )
    if (passwords.length > 0 && account.passwordHash !== null) {
      looked += 1
      const hash = account.passwordHash
      const matches = await Promise.all(passwords.map((password) => verify(hash, password)))
      if (!matches.includes(true)) breaches.push(`${address} has a password other than the last acknowledged one`)
    }
  }
  return verdict('changes-hold', looked, breaches)
}

function isPasswordChange(kind: Act['kind']): boolean {
  return kind === 'change-password' || kind === 'recover'
}

function isBirthOf({ firstName }: FinalAccount, act: Act): boolean {
  return act.kind === 'register' && act.firstName === firstName
}

/** What may be kept after these changes in turn: the last acknowledged, or one of unknown end that came after it. */
function lastValues(changes: readonly Act[], field: 'company' | 'password'): string[] {
  const last = changes.findLastIndex(({ end }) => end === 'done')
  if (last === -1) return []
  return changes
    .slice(last)
    .filter(({ end }) => end !== 'refused')
    .map((act) => act[field] ?? '')
}

/**
 * Requests whose sender did not wait: they are still on their way when the next edit is acknowledged, and may be carried
 * out after it, for as long as a node lets a statement last.
 */
function straysOf(edits: readonly Act[]): string[] {
  const last = edits.findLast(({ end }) => end === 'done')
  const from = (last?.began ?? 0) - STRAYS_FOR
  return edits
    .filter(({ answers }) => answers.some(({ status, sent }) => status === null && sent > from))
    .map(({ company = '' }) => company)
}

function endsHold(acts: readonly Act[], final: FinalState): Verdict {
  const ended = acts.filter(({ endsSession, end }) => endsSession !== undefined && end === 'done')
  const alive = ended.filter(({ endsSession }) => final.sessions.has(endsSession ?? ''))
  const probes = acts.filter(({ kind }) => kind === 'wrong-password' || kind === 'use-ended-session')
  const opened = probes.filter(({ end }) => end === 'done')
  return verdict('ends-hold', ended.length + probes.length, [
    ...alive.map(({ id, address }) => `${address}: the session that act ${id} ended is alive`),
    ...opened.map(({ id, address, kind }) => `${address}: act ${id}, ${kind}, got in`),
  ])
}

/** Refusals that a person may meet whose everything is right: asked to wait, or outrun by their own second letter. */
const MAY_WAIT = new Set(['too-many-attempts', 'a-newer-letter', 'no-letter-in-time'])

function ownerGetsIn(people: readonly Person[]): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const { address, acts } of people) {
    const registrations = acts.filter(({ kind }) => kind === 'register')
    const own = registrations.length === 1 ? registrations : []
    if (registrations.length > 1) {
      looked += 1
      if (registrations.every(({ end, said }) => end === 'refused' && !MAY_WAIT.has(said)))
        breaches.push(`${address} was refused to everybody who wanted it`)
    }
    const rightful = acts.filter(
      ({ kind }) => kind !== 'register' && kind !== 'wrong-password' && kind !== 'use-ended-session',
    )
    for (const act of [...own, ...rightful]) {
      looked += 1
      if (act.end === 'refused' && !MAY_WAIT.has(act.said)) {
        breaches.push(`${address}: act ${act.id}, ${act.kind}, was refused: ${act.said}`)
      }
    }
  }
  return verdict('owner-gets-in', looked, breaches)
}

function contract(acts: readonly Act[]): Verdict {
  const answers = acts.flatMap((act) => act.answers.map((answer) => ({ act, answer })))
  const wrong = answers.filter(({ answer }) => flawOf(answer) !== null)
  return verdict(
    'contract',
    answers.length,
    wrong.map(({ act, answer }) => `act ${act.id}, ${act.kind}: ${flawOf(answer)}`),
  )
}

function flawOf({ status, flaw }: Answer): string | null {
  if (flaw !== null) return flaw
  return status === null || CONTRACT.has(status) ? null : `answered ${status}`
}

/** Changes that are recorded under a name of their own. */
const RECORDED_AS = { 'edit-profile': 'profile-changed', 'change-password': 'password-changed' } as const

function recorded(people: readonly Person[]): Verdict {
  const breaches: string[] = []
  let looked = 0
  for (const { address, acts, account } of people) {
    if (!account) continue
    for (const [kind, event] of Object.entries(RECORDED_AS)) {
      const asked = acts.filter((act) => act.kind === kind)
      if (asked.length > 0) looked += 1
      const least = asked.filter(({ end }) => end === 'done').length
      const most = asked.reduce((sum, { answers }) => sum + Math.max(1, answers.length), 0)
      const found = account.events[event] ?? 0
      if (found < least || found > most)
        breaches.push(`${address}: ${found} times ${event}, between ${least} and ${most} asked`)
    }
  }
  return verdict('recorded', looked, breaches)
}

function letters({ letters: taken }: History, { accounts, letters: known }: FinalState): Verdict {
  if (taken === null) return { invariant: 'letters', looked: 0, breaches: [], holds: null }
  const subjects = new Map<string, Set<string>>()
  const welcomed = new Set(taken.map(({ recipient }) => recipient.toLowerCase()))
  for (const { messageId, recipient } of taken) {
    subjects.set(messageId, (subjects.get(messageId) ?? new Set()).add(recipient))
  }
  const unknown = [...subjects.keys()].filter((messageId) => !known.has(/<(.+)@/.exec(messageId)?.[1] ?? ''))
  const mixed = [...subjects].filter(([, recipients]) => recipients.size > 1)
  const missing = accounts.filter(({ canonical }) => !welcomed.has(canonical))
  return verdict('letters', taken.length, [
    ...unknown.map((messageId) => `${messageId} is of something that was undone`),
    ...mixed.map(([messageId]) => `${messageId} went to several people`),
    ...missing.map(({ canonical }) => `${canonical} was never written to`),
  ])
}

/** From each moment at which PostgreSQL took writes again, how long the next acknowledged change took to come, in milliseconds. */
export function recoveries({ acts, blows }: Pick<History, 'acts' | 'blows'>): { blow: Blow; took: number | null }[] {
  const acknowledged = acts
    .filter(({ kind, end }) => end === 'done' && kind !== 'use-session')
    .map(({ ended }) => ended)
    .toSorted((a, b) => a - b)
  const stopped = blows.filter(({ writable }) => writable !== null)
  const lastEnd = acts.reduce((latest, { ended }) => Math.max(latest, ended), 0)
  return stopped.flatMap((blow, index): { blow: Blow; took: number | null }[] => {
    const writable = blow.writable ?? 0
    const first = acknowledged.find((moment) => moment >= writable)
    const until = Math.min(stopped[index + 1]?.began ?? Infinity, lastEnd)
    if (first !== undefined && first <= until) return [{ blow, took: first - writable }]
    // The next fault, or the end of the storm, came sooner than anybody could be late.
    return until - writable < BACK_WITHIN ? [] : [{ blow, took: null }]
  })
}

function serviceBack(history: History): Verdict {
  const all = recoveries(history)
  if (all.length === 0) return { invariant: 'service-back', looked: 0, breaches: [], holds: null }
  const late = all.filter(({ took }) => took === null || took > BACK_WITHIN)
  return verdict(
    'service-back',
    all.length,
    late.map(({ blow, took }) => `after ${blow.fault} of ${blow.target}: ${took === null ? 'never' : `${took} ms`}`),
  )
}

function verdict(invariant: Invariant, looked: number, breaches: string[]): Verdict {
  return { invariant, looked, breaches, holds: breaches.length === 0 }
}
