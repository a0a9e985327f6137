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
    if (!this.#isTurning) this.#turnIn(this.#untilNext())
    return () => void this.#waiting.remove(party, goOn)
  }

  #turnIn(wait: number): void {
    this.#isTurning = true
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
    let wait = 0
    do {
      this.#waiting.next()?.item()
      if (this.#waiting.isEmpty) return void (this.#isTurning = false)
      wait = this.#untilNext()
    } while (wait <= 0 && performance.now() < end)
    this.#turnIn(wait)
  }
}
