/** So many answers in a row that a limit was reached are no accident: a person does not go on, and a colleague breaks the row. */
const IN_A_ROW = 20

/** Of how many networks and pages is remembered what they got; beyond that the oldest are forgotten. */
const MOST_REMEMBERED = 4096

/**
 * Who goes on sending forms to a page though each is answered with a limit that was reached. The limits are rows, and
 * asking them takes a judged password and two round trips: this node's memory of their answers spares it that in a flood.
 * It refuses nobody by itself: the door lets a few go on all the same, and any other answer ends the row.
 */
export class UsedUp {
  readonly #rows = new Map<string, number>()

  has(who: string): boolean {
    return (this.#rows.get(who) ?? 0) >= IN_A_ROW
  }

  note(who: string, status: number): void {
    const row = this.#rows.get(who) ?? 0
    this.#rows.delete(who)
    if (status !== 429) return
    this.#rows.set(who, row + 1)
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > MOST_REMEMBERED && oldest !== undefined) this.#rows.delete(oldest)
  }
}
