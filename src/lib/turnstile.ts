import { Turns } from './turns.ts'

/** Milliseconds of a turn of the event loop that are given to those who go in. */
const SLICE = 1

/** How far behind its pace it may fall and still make up for it, in milliseconds: a timer's grain, and a short pause. */
const MADE_UP_FOR = 10

/**
 * Lets in, in each turn of the event loop, as many as go in within a slice of time, so that what comes in between, as over the
 * network, waits for a slice and not for all; no faster than at a pace, and one party after the other.
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
    if (!this.#isTurning) this.#turnWhenDue()
    return () => void this.#waiting.remove(party, goOn)
  }

  #turnWhenDue(): void {
    this.#isTurning = true
    const wait = this.#untilNext()
    if (wait > 0) setTimeout(this.#turn, wait)
    else setImmediate(this.#turn)
  }

  /** Milliseconds from now, none where it is late. */
  #untilNext(): number {
    const now = performance.now()
    this.#due = Math.max(this.#due + this.#pace(), now - MADE_UP_FOR)
    return this.#due - now
  }

  readonly #turn = (): void => {
    const end = performance.now() + SLICE
    for (let next = this.#waiting.next(); next; next = this.#waiting.next()) {
      next.item()
      if (this.#waiting.isEmpty) break
      const wait = this.#untilNext()
      if (wait > 0) return void setTimeout(this.#turn, wait)
      if (performance.now() >= end) return void setImmediate(this.#turn)
    }
    this.#isTurning = false
  }
}
