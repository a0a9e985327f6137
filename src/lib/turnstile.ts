/**
 * Lets in one at a time, each in a turn of the event loop of its own, so that what comes in between, as over the network,
 * waits for one of them and not for all.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = []
  #isTurning = false

  /** Calls `goOn` when all who came before have gone on, and never at once. */
  pass(goOn: () => void): void {
    this.#waiting.push(goOn)
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    const goOn = this.#waiting.shift()
    this.#isTurning = this.#waiting.length > 0
    if (this.#isTurning) setImmediate(this.#turn)
    goOn?.()
  }
}
