/** Who waits or is on the way: people of one network count together. Null for callers without a network, who do so too. */
export type Party = string | null

/**
 * How many there are of each party, such that the two questions that a flood asks again and again are answered without
 * going through all of it: how many would be served before one more of this party, and whose line is the longest.
 */
export class Crowd {
  readonly #lengths = new Map<Party, number>()
  /** How many parties have at least so many, by number; nothing stands at 0. */
  readonly #partiesOf: number[] = [0]
  #total = 0

  get total(): number {
    return this.#total
  }

  of(party: Party): number {
    return this.#lengths.get(party) ?? 0
  }

  /** The number of the greatest party. */
  get greatest(): number {
    return this.#partiesOf.length - 1
  }

  add(party: Party): void {
    const length = this.of(party) + 1
    this.#lengths.set(party, length)
    this.#partiesOf[length] = (this.#partiesOf[length] ?? 0) + 1
    this.#total += 1
  }

  remove(party: Party): void {
    const length = this.of(party)
    if (length === 0) throw new Error('nobody of this party is here')
    if (length === 1) this.#lengths.delete(party)
    else this.#lengths.set(party, length - 1)
    this.#partiesOf[length] = (this.#partiesOf[length] as number) - 1
    if (this.#partiesOf[length] === 0) this.#partiesOf.length = length
    this.#total -= 1
  }

  /**
   * How many are served until one more of this party has been, where parties are served in turns: of each other party as
   * many as of this one, or all, and of this one all and the newcomer.
   */
  turnOf(party: Party): number {
    const turns = this.of(party) + 1
    let served = 1
    for (let turn = 1; turn <= Math.min(turns, this.greatest); turn += 1) served += this.#partiesOf[turn] as number
    return served
  }
}
