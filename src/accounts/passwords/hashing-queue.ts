import { availableParallelism } from 'node:os'
import { Fault } from '../../answers/fault.ts'
import { SECOND } from '../../lib/time.ts'

export interface QueueSettings {
  /** How many run at once: a hash keeps a core busy, and more at once than cores only makes each slower. */
  lanes?: number
  /** How long somebody may wait for a lane, in milliseconds, before being told to come back. */
  patience?: number
  /** How many may wait, whatever the patience: what bounds the memory of what they hold. */
  mostWaiting?: number
}

/** Who waits: people of one network share one line. Null for callers without a network, who share one too. */
export type Party = string | null

interface Waiting {
  party: Party
  start: () => void
  refuse: (reason: Fault) => void
}

/** Weight of the newest measurement in the running mean of how long one hash takes. */
const SMOOTHING = 0.1

/**
 * The lines in front of the password hashes (ASVS 15.2.2): one for each network, served in turns, so that a flood from
 * one makes that one wait and no other. They are bounded together: who would wait longer than is bearable is told so at
 * once, while the server still has the means to answer, and when all places are taken, whoever came last in the longest
 * line makes room for somebody of a shorter one.
 */
export class HashingQueue {
  readonly #lanes: number
  readonly #patience: number
  readonly #mostWaiting: number
  /** By turn: the first line is served next, and then goes to the end. No line is empty. */
  readonly #lines = new Map<Party, Waiting[]>()
  #waiting = 0
  #running = 0
  #meanDuration = 0

  constructor({ lanes = availableParallelism(), patience = 5 * SECOND, mostWaiting = 512 }: QueueSettings = {}) {
    this.#lanes = lanes
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
    return this.#waiting
  }

  /**
   * Whether this party would be refused now. For a door to ask before it does anything that costs: what is answered here
   * is no promise, and `run` decides.
   */
  refuses(party: Party): boolean {
    if (this.#running < this.#lanes) return false
    return this.#expectedWait(party) > this.#patience || (this.#isFull() && this.#isLongest(party))
  }

  async #place(party: Party): Promise<void> {
    if (this.#running < this.#lanes) {
      this.#running += 1
      return
    }
    if (this.refuses(party)) throw new Fault('hashing-busy')
    if (this.#isFull()) this.#giveUp(this.#longest().at(-1) as Waiting)
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
      const line = this.#lines.get(party)
      if (line) line.push(entry)
      else this.#lines.set(party, [entry])
      this.#waiting += 1
    })
  }

  /** Before it is this party's turn, every line is served as often as this one, itself included, or until it is empty. */
  #expectedWait(party: Party): number {
    const turns = this.#lengthOf(party) + 1
    let ahead = 0
    for (const [other, { length }] of this.#lines) ahead += other === party ? 0 : Math.min(length, turns)
    return ((ahead + turns) / this.#lanes) * this.#meanDuration
  }

  #isFull(): boolean {
    return this.#waiting >= this.#mostWaiting
  }

  /** Whether no line is longer than this party's would be. */
  #isLongest(party: Party): boolean {
    return this.#longest().length <= this.#lengthOf(party) + 1
  }

  #longest(): Waiting[] {
    let longest: Waiting[] = []
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line
    return longest
  }

  #lengthOf(party: Party): number {
    return this.#lines.get(party)?.length ?? 0
  }

  #giveUp(entry: Waiting): void {
    const line = this.#lines.get(entry.party)
    const index = line?.indexOf(entry) ?? -1
    if (!line || index === -1) return
    line.splice(index, 1)
    if (line.length === 0) this.#lines.delete(entry.party)
    this.#waiting -= 1
    entry.refuse(new Fault('hashing-busy'))
  }

  /** Hands the lane to whose turn it is, so that nobody who comes later can slip in between. */
  #free(): void {
    const next = this.#next()
    if (next) next.start()
    else this.#running -= 1
  }

  #next(): Waiting | undefined {
    const [turn] = this.#lines
    if (!turn) return undefined
    const [party, line] = turn
    const next = line.shift()
    this.#lines.delete(party)
    if (line.length > 0) this.#lines.set(party, line)
    this.#waiting -= 1
    return next
  }

  #learn(duration: number): void {
    this.#meanDuration =
      this.#meanDuration === 0 ? duration : this.#meanDuration * (1 - SMOOTHING) + duration * SMOOTHING
  }
}
