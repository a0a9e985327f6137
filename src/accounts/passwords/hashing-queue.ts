import { availableParallelism } from 'node:os'
import { Fault } from '../../answers/fault.ts'
import { SECOND } from '../../lib/time.ts'
import { Turns } from '../../lib/turns.ts'
import { Crowd, type Party } from './crowd.ts'

export type { Party } from './crowd.ts'

export interface QueueSettings {
  /** How many run at once: a hash keeps a core busy, and more at once than cores only makes each slower. */
  lanes?: number
  /** Who is expected to wait for longer than this, in milliseconds, is refused at once. */
  bearable?: number
  /** For how long there may be refusals, in milliseconds, until it is no crowd that passes, and lines are kept short. */
  passing?: number
  /** How long somebody waits at most, in milliseconds, where it took longer than was expected. */
  patience?: number
  /** How many may wait, whatever the time: what bounds the memory of what they hold. */
  mostWaiting?: number
}

interface Waiting {
  party: Party
  start: () => void
  refuse: (reason: Fault) => void
}

/** Weight of the newest measurement in the running means of how long one hash takes, and of how many are refused meanwhile. */
const SMOOTHING = 0.1

/** What is left of a bearable wait while lines are kept short. */
const SHORT = 1 / 5

/** From so many refused for each who is served on, to refuse is what keeps a node busy. */
const MOSTLY_REFUSED = 4

/** How many times faster than the hashes people come from the door to where nobody waits for one, and to where others do. */
const FASTER_THAN_SERVED = { alone: 4, others: 2 }

/** How many of shorter lines are let in at the door beyond the places that a flood has taken. */
const MOST_OVERTAKING = 64

/**
 * The lines in front of the password hashes (ASVS 15.2.2): one for each network, served in turns, so that a flood from
 * one makes that one wait and no other. They are bounded together: who would wait longer than is bearable is told so at
 * once, while the server still has the means to answer, and when all places are taken, whoever came last in the longest
 * line makes room for somebody of a shorter one.
 *
 * A long line is good for a crowd that passes: who waits gets served. Where more keep coming than can be served, it serves
 * nobody more than a short one does, makes everybody wait for all of it, and has to be worked off when the flood is over.
 * So after refusals that went on for a while, lines are kept short until nobody waits any more (the idea is CoDel's,
 * RFC 8289). And where several are refused for each who is served, one lane is closed, as soon as the others can serve all who wait
 * in bearable time: its core is left to the refusing, and to everybody who needs no hash.
 *
 * A request is not in line yet while its form is read and its limits are asked. Who has been let in at the door counts
 * from there on: else every place that gets free lets in as many as come until the first of them has reached the line,
 * and all but one of those are refused after the work.
 */
export class HashingQueue {
  readonly #lanes: number
  readonly #bearable: number
  readonly #passing: number
  readonly #patience: number
  readonly #mostWaiting: number
  readonly #lines = new Turns<Party, Waiting>()
  readonly #waiting = new Crowd()
  readonly #inside = new Crowd()
  /** When the first was refused of those who came since somebody has been waiting. */
  #refusingSince: number | null = null
  #running = 0
  #meanDuration = 0
  #refusedSinceServed = 0
  #meanRefused = 0

  constructor({
    lanes = availableParallelism(),
    bearable = 5 * SECOND,
    passing = 5 * SECOND,
    patience = 8 * SECOND,
    mostWaiting = 512,
  }: QueueSettings = {}) {
    this.#lanes = lanes
    this.#bearable = bearable
    this.#passing = passing
    this.#patience = patience
    this.#mostWaiting = mostWaiting
  }

  /** Runs `task` when a lane is free and it is the party's turn; the fault `hashing-busy` when that is too far off. */
  async run<Result>(party: Party, task: () => Promise<Result>): Promise<Result> {
    await this.#place(party)
    const began = performance.now()
    try {
      return await task()
    } finally {
      this.#learn(performance.now() - began)
      this.#free()
    }
  }

  get waiting(): number {
    return this.#waiting.total
  }

  /**
   * Milliseconds between two who come from the door, so that they reach the lines no more than twice as fast as these are
   * served: who came sooner would only wait, and what it takes to get them here would keep everybody else from an answer.
   * While nobody waits they come faster, since some go another way; yet not all at once, for that has a cost too.
   */
  get pace(): number {
    return (
      this.#meanDuration /
      this.#lanesNow() /
      (this.waiting === 0 ? FASTER_THAN_SERVED.alone : FASTER_THAN_SERVED.others)
    )
  }

  /** Whether this party would be refused now. What is answered here is no promise, and `run` decides. */
  refuses(party: Party): boolean {
    if (this.#mayStart()) return false
    return this.#isTooLong(this.#waiting, party) || (this.#isFull() && this.#isLongest(this.#waiting, party))
  }

  /**
   * Lets somebody in at the door, who will ask for a hash in a while: the function that they are to leave by when they have
   * their answer, or take too long; null when they would be refused by then.
   */
  admit(party: Party): (() => void) | null {
    if (this.refuses(party) || this.#isCrowded(party)) {
      this.#noteRefusal()
      return null
    }
    this.#inside.add(party)
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#inside.remove(party)
      if (this.#running === 0) this.#refusingSince = null
    }
  }

  #isCrowded(party: Party): boolean {
    const { total } = this.#inside
    if (total < this.#lanes) return false
    const places = this.#mostWaiting + this.#lanes
    return (
      this.#isTooLong(this.#inside, party) ||
      (total >= places && this.#isLongest(this.#inside, party)) ||
      total >= places + MOST_OVERTAKING
    )
  }

  async #place(party: Party): Promise<void> {
    if (this.#mayStart()) {
      this.#running += 1
      return
    }
    if (this.refuses(party)) {
      this.#noteRefusal()
      throw new Fault('hashing-busy')
    }
    if (this.#isFull()) this.#giveUp(this.#lines.lastOf(this.#waiting.greatest))
    await new Promise<void>((resolve, reject) => {
      const entry: Waiting = { party, start: resolve, refuse: reject }
      const timer = setTimeout(() => this.#giveUp(entry), this.#patience)
      entry.start = () => {
        clearTimeout(timer)
        resolve()
      }
      entry.refuse = (reason) => {
        clearTimeout(timer)
        reject(reason)
      }
      this.#lines.add(party, entry)
      this.#waiting.add(party)
      this.#startNext()
    })
  }

  #isTooLong(crowd: Crowd, party: Party): boolean {
    return (crowd.turnOf(party) / this.#lanesNow()) * this.#meanDuration > this.#bearableNow()
  }

  #bearableNow(): number {
    const isFlood = this.#refusingSince !== null && performance.now() - this.#refusingSince >= this.#passing
    return isFlood ? this.#bearable * SHORT : this.#bearable
  }

  #mayStart(): boolean {
    return this.#running < this.#lanesNow()
  }

  #lanesNow(): number {
    const fewer = Math.max(1, this.#lanes - 1)
    const areEnough = (this.waiting / fewer) * this.#meanDuration <= this.#bearable
    return this.#meanRefused >= MOSTLY_REFUSED && areEnough ? fewer : this.#lanes
  }

  #noteRefusal(): void {
    this.#refusingSince ??= performance.now()
    this.#refusedSinceServed += 1
  }

  #isFull(): boolean {
    return this.#waiting.total >= this.#mostWaiting
  }

  /** Whether no line is longer than this party's would be. */
  #isLongest(crowd: Crowd, party: Party): boolean {
    return crowd.greatest <= crowd.of(party) + 1
  }

  #giveUp(entry: Waiting): void {
    if (!this.#lines.remove(entry.party, entry)) return
    this.#waiting.remove(entry.party)
    entry.refuse(new Fault('hashing-busy'))
  }

  #free(): void {
    this.#running -= 1
    if (this.waiting === 0) this.#refusingSince = null
    this.#startNext()
  }

  /** Hands each open lane to whose turn it is, so that nobody who comes later can slip in between. */
  #startNext(): void {
    for (let next = this.#mayStart() && this.#next(); next; next = this.#mayStart() && this.#next()) {
      this.#running += 1
      next.start()
    }
  }

  #next(): Waiting | undefined {
    const next = this.#lines.next()
    if (!next) return undefined
    this.#waiting.remove(next.party)
    return next.item
  }

  #learn(duration: number): void {
    this.#meanDuration = this.#meanDuration === 0 ? duration : smoothed(this.#meanDuration, duration)
    this.#meanRefused = smoothed(this.#meanRefused, this.#refusedSinceServed)
    this.#refusedSinceServed = 0
  }
}

function smoothed(mean: number, newest: number): number {
  return mean * (1 - SMOOTHING) + newest * SMOOTHING
}
