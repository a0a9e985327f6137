import { Turns } from './turns.ts'

/** How far behind its pace it may fall and still make up for it, in milliseconds: a timer's grain, and a short pause. */
const MADE_UP_FOR = 10

/**
 * Lets in one at a time, each in a turn of the event loop of their own, so that what comes in between, as over the network,
 * waits for one of them and not for all; no faster than at a pace, and one party after the other.
 */
export class Turnstile<Party> {
  readonly #pace: () => number
  readonly #waiting = new Turns<Party, () => void>()
  /** When the next may go in. */
  #due = 0
  #isTurning = false

  /** `pace` is how many milliseconds there are to be between two, asked anew for each. */
  constructor(pace: () => number) {
    this.#pace = pace
  }

  /** Calls `goOn` when it is its turn, and never at once. Returns how to leave before that. */
  pass(party: Party, goOn: () => void): () => void {
    this.#waiting.add(party, goOn)
    if (!this.#isTurning) this.#turnLater()
    return () => void this.#waiting.remove(party, goOn)
  }

  #turnLater(): void {
    this.#isTurning = true
    const now = performance.now()
    this.#due = Math.max(this.#due + this.#pace(), now - MADE_UP_FOR)
    if (this.#due > now) setTimeout(this.#turn, this.#due - now)
    else setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const next = this.#waiting.next()
    if (this.#waiting.isEmpty) this.#isTurning = false
    else this.#turnLater()
    next?.item()
  }
}
