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

interface Waiting {
  start: () => void
  refuse: (reason: Fault) => void
}

/** Weight of the newest measurement in the running mean of how long one hash takes. */
const SMOOTHING = 0.1

/**
 * The line in front of the password hashes (ASVS 15.2.2). It is bounded: who would wait longer than is bearable is told
 * so at once, while the server still has the means to answer.
 */
export class HashingQueue {
  readonly #lanes: number
  readonly #patience: number
  readonly #mostWaiting: number
  readonly #waiting: Waiting[] = []
  #running = 0
  #meanDuration = 0

  constructor({ lanes = availableParallelism(), patience = 5 * SECOND, mostWaiting = 512 }: QueueSettings = {}) {
    this.#lanes = lanes
    this.#patience = patience
    this.#mostWaiting = mostWaiting
  }

  /** Runs `task` when a lane is free; the fault `hashing-busy` when none will be in time. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    await this.#place()
    const began = performance.now()
    try {
      return await task()
    } finally {
      this.#learn(performance.now() - began)
      this.#free()
    }
  }

  get waiting(): number {
    return this.#waiting.length
  }

  async #place(): Promise<void> {
    if (this.#running < this.#lanes) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= this.#mostWaiting || this.#expectedWait() > this.#patience)
      throw new Fault('hashing-busy')
    await new Promise<void>((resolve, reject) => {
      const entry: Waiting = { start: resolve, refuse: reject }
      const timer = setTimeout(() => this.#giveUp(entry), this.#patience)
      entry.start = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting.push(entry)
    })
  }

  #expectedWait(): number {
    return ((this.#waiting.length + 1) / this.#lanes) * this.#meanDuration
  }

  #giveUp(entry: Waiting): void {
    const index = this.#waiting.indexOf(entry)
    if (index === -1) return
    this.#waiting.splice(index, 1)
    entry.refuse(new Fault('hashing-busy'))
  }

  /** Hands the lane to the next in line, so that nobody who comes later can slip in between. */
  #free(): void {
    const next = this.#waiting.shift()
    if (next) next.start()
    else this.#running -= 1
  }

  #learn(duration: number): void {
    this.#meanDuration =
      this.#meanDuration === 0 ? duration : this.#meanDuration * (1 - SMOOTHING) + duration * SMOOTHING
  }
}
