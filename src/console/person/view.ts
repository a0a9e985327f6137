import { fullName, type Account, type AccountStatus } from '../../accounts/account.ts'
import { may } from '../../accounts/permissions.ts'
import { deviceInWords } from '../../accounts/sessions/device.ts'
import type { Person, Unfinished } from '../../flows/person/person.ts'
import type { Happening, Timeline } from '../../flows/person/timeline.ts'
import { steps, type Obstacle } from '../../flows/sign-in-help/verdict.ts'
import { agoInWords, dayInWords, momentInWords } from '../../lib/moments.ts'
import type { Fact } from '../../ui/facts.tsx'
import { maskedEmail, maskedNetwork, maskedPhone } from '../../ui/masked.ts'
import type { StandingProps } from '../../ui/standing.tsx'
import { urlOf, urls } from '../../urls.ts'
import type { Act } from './acts.ts'
import type { PersonPageProps, TimelineDay, Verdict } from './page.tsx'
import { happeningInWords, sentenceFor, stepReasons, stepWords, type Network } from './words.ts'

type View = Omit<PersonPageProps, 'page' | 'token'>

export interface Seen {
  person: Person
  obstacles: readonly Obstacle[]
  timeline: Timeline
  /** Whether what is personal is shown whole. */
  whole: boolean
  viewer: Account
  acts: readonly Act[]
  now: Date
}

/** An account as the page shows it to one member of the staff. */
export function personView({ person, obstacles, timeline, whole, viewer, acts, now }: Seen): View {
  const network: Network = whole ? (shown) => shown : maskedNetwork
  const offered = acts.filter((act) => person.kind === 'customer' && may(viewer, act.may) && act.offered(person))
  return {
    name: fullName(person),
    standing: standings[person.status],
    verdict: verdictFor(person, obstacles, viewer, acts, now, network),
    facts: factsOf(person, whole),
    show: whole || !may(viewer, 'help-customers') ? null : urlOf(urls.personDetails, person.id),
    edit: person.kind === 'customer' && may(viewer, 'help-customers') ? urlOf(urls.personProfile, person.id) : null,
    sessions: person.sessions.map((session) => ({
      device: deviceInWords(session.user_agent),
      remark: `${agoInWords(new Date(session.last_seen_at), now)}, network ${session.network ? network(session.network) : 'unknown'}`,
    })),
    acts: [
      ...offered.map(({ url, title }) => ({ href: urlOf(url, person.id), words: title })),
      ...(person.kind === 'customer' && person.status === 'active' && may(viewer, 'help-customers')
        ? [{ href: urlOf(urls.personAddress, person.id), words: 'Correct the address' }]
        : []),
      ...(person.kind === 'customer' && person.status !== 'closing' && may(viewer, 'merge-customers')
        ? [{ href: urlOf(urls.mergeWith, person.id), words: 'Merge with another account…' }]
        : []),
    ],
    days: daysOf(timeline.happenings, network),
    earlier: timeline.earlier && `${urlOf(urls.person, person.id)}?before=${timeline.earlier}`,
  }
}

/** Somebody whose registration waits for its link: there is no account yet, and so little to show. */
export function unfinishedView({ id, firstName, lastName, email, createdAt, expiresAt }: Unfinished): View {
  return {
    name: fullName({ firstName, lastName }),
    standing: { kind: 'waiting', words: 'Not registered yet' },
    verdict: {
      sentence:
        expiresAt > new Date()
          ? `They never confirmed their address: the link in our letter is still to be followed, until ${momentInWords(expiresAt)}.`
          : 'They never confirmed their address, and the link in our letter has expired.',
      next: 'Before it is followed there is no account. The letter goes out again, with its link good for another 24 hours.',
      step: { action: urlOf(urls.personRegistration, id), button: 'Send the link again', reason: null },
      more: [],
      nameAction: null,
    },
    facts: [
      { label: 'Email', value: maskedEmail(email), remark: 'Not confirmed yet' },
      { label: 'Asked on', value: dayInWords(createdAt) },
    ],
    show: null,
    edit: null,
    sessions: [],
    acts: [],
    days: [
      {
        day: dayInWords(createdAt),
        items: [{ time: timeOf(createdAt), words: 'Asked to register', amiss: false, remark: null }],
      },
    ],
    earlier: null,
  }
}

const standings: Record<AccountStatus, StandingProps> = {
  active: { kind: 'good', words: 'Active' },
  suspended: { kind: 'amiss', words: 'Suspended' },
  closing: { kind: 'waiting', words: 'Closed, to be erased' },
}

function verdictFor(
  person: Person,
  obstacles: readonly Obstacle[],
  viewer: Account,
  acts: readonly Act[],
  now: Date,
  network: Network,
): Verdict {
  const [first = { cause: 'nothing', lastSignIn: null } as const, ...rest] = obstacles
  return {
    sentence: sentenceFor(first, now, network),
    ...stepFor(person, first, viewer, acts),
    more: rest.map((obstacle) => sentenceFor(obstacle, now, network)),
    nameAction: urlOf(urls.personName, person.id),
  }
}

/** The button, where this member of the staff may press it; else who can, or what to say. */
function stepFor(
  person: Person,
  obstacle: Obstacle,
  viewer: Account,
  acts: readonly Act[],
): Pick<Verdict, 'next' | 'step'> {
  const step = steps[obstacle.cause]
  const { button, does } = stepWords[step]
  if (person.kind === 'staff') return { next: 'What concerns staff is for an admin to settle.', step: null }
  if (step === 'show-name') {
    return { next: does, step: { action: urlOf(urls.personDetails, person.id), button, reason: null } }
  }
  if (obstacle.cause === 'throttled' && obstacle.scope === 'network') {
    return {
      next: 'Another network, such as their phone’s own, is let through at once; this one has to wait.',
      step: null,
    }
  }
  if (step === 'correct-address' && person.status === 'active') {
    const action = urlOf(urls.personAddress, person.id)
    return { next: does, step: { action, button, reason: null, asksMore: true } }
  }
  const act = acts.find(({ name }) => name === actOf[step])
  if (!act) return { next: does, step: null }
  if (!may(viewer, act.may)) return { next: 'A manager can do that, once it is clear why it was done.', step: null }
  if (step === 'send-recovery' && person.email === null)
    return { next: 'There is no address to send it to.', step: null }
  return { next: does, step: { action: urlOf(act.url, person.id), button, reason: stepReasons[obstacle.cause] } }
}

const actOf = {
  restore: 'restoration',
  reopen: 'reopening',
  'send-recovery': 'recovery',
  'correct-address': null,
  'clear-attempts': 'attempts',
} as const

const WITHHELD = 'on file'

function factsOf(
  { email, emailConfirmed, username, createdAt, role, profile }: Person,
  whole: boolean,
): readonly Fact[] {
  const withheld = (value: string | null | undefined) => value && (whole ? value : WITHHELD)
  const all: { label: string; value: string | null | undefined; remark?: string }[] = [
    {
      label: 'Email',
      value: email && (whole ? email : maskedEmail(email)),
      remark: emailConfirmed ? 'Confirmed' : 'Not confirmed yet',
    },
    { label: 'Username', value: username && (whole ? username : maskedEmail(username)) },
    { label: 'Role', value: role?.replace('_', ' ') },
    { label: 'Phone', value: profile?.phoneNumber && (whole ? profile.phoneNumber : maskedPhone(profile.phoneNumber)) },
    { label: 'Company', value: profile?.company },
    { label: 'Address', value: withheld(profile?.address) },
    { label: 'Town or city', value: withheld(profile?.city) },
    { label: 'State or region', value: withheld(profile?.state) },
    { label: 'Postal code', value: withheld(profile?.postalCode) },
    { label: 'Country', value: profile?.country },
    { label: 'Born', value: withheld(profile?.dateOfBirth) },
    { label: 'Since', value: dayInWords(createdAt) },
  ]
  return all.filter((fact): fact is typeof fact & { value: string } => Boolean(fact.value))
}

function daysOf(happenings: readonly Happening[], network: Network): readonly TimelineDay[] {
  const days = Map.groupBy(happenings, ({ until }) => dayInWords(until))
  return [...days].map(([day, ofDay]) => ({
    day,
    items: ofDay.map((happening) => ({
      time: timeOf(happening.until),
      ...happeningInWords(happening, network),
    })),
  }))
}

function timeOf(moment: Date): string {
  return `${moment.toISOString().slice(11, 16)} UTC`
}
