import { agoInWords, momentInWords } from '../../lib/moments.ts'
import { MOST_ATTEMPTS } from '../../mail/courier.ts'
import type { LetterFacts, LetterState } from '../../mail/outbox-reader.ts'
import type { StandingProps } from '../../ui/standing.tsx'

export const standings: Record<LetterState, StandingProps> = {
  waiting: { kind: 'waiting', words: 'Waiting' },
  failing: { kind: 'amiss', words: 'Failing' },
  sent: { kind: 'good', words: 'Sent' },
  'given up': { kind: 'amiss', words: 'Given up' },
}

/** What became of it, and what comes next, in one or two sentences. */
export function storyOf({ state, attempts, due_at, sent_at, given_up_at }: LetterFacts, now: Date, leaves: boolean) {
  switch (state) {
    case 'waiting':
      return leaves
        ? 'It is about to be sent, which takes a second or two.'
        : 'It waits: this site has no mail server, so nothing leaves it.'
    case 'failing':
      return attempts === 0
        ? 'It could not be sent, and is due again now.'
        : `It could not be sent, ${timesInWords(attempts)} so far. ${due_at > now ? `The next try is at ${momentInWords(due_at)}` : 'It is due again now'}; after ${MOST_ATTEMPTS} it is given up.`
    case 'sent':
      return `The mail server took it ${sent_at ? agoInWords(sent_at, now) : ''}${attempts > 1 ? `, when it was tried for the ${ordinal(attempts)} time` : ''}.`
    case 'given up':
      return `It was given up ${given_up_at ? agoInWords(given_up_at, now) : ''}, having been tried ${timesInWords(attempts)}. Nothing tries it again by itself.`
  }
}

/** Whether its link still leads anywhere; null for a letter without one. */
export function linkInWords({ link, link_until }: LetterFacts): string | null {
  switch (link) {
    case null:
      return null
    case 'good':
      return link_until ? `Good until ${momentInWords(link_until)}` : 'Good'
    case 'used':
      return 'Used already'
    case 'expired':
      return link_until ? `Expired on ${momentInWords(link_until)}` : 'Used or expired'
  }
}

function timesInWords(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

function ordinal(count: number): string {
  const ending = count === 2 ? 'nd' : count === 3 ? 'rd' : 'th'
  return `${count}${ending}`
}
