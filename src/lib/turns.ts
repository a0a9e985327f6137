/** Lines of which one is served after the other, each in its order: who stands in a long one keeps nobody of a short one waiting. */
export class Turns<Party, Item> {
  /** By turn: the first line is served next, and then goes to the end. No line is empty. */
  readonly #lines = new Map<Party, Item[]>()

  get isEmpty(): boolean {
    return this.#lines.size === 0
  }

  add(party: Party, item: Item): void {
    const line = this.#lines.get(party)
    if (line) line.push(item)
    else this.#lines.set(party, [item])
  }

  /** Takes out whose turn it is. */
  next(): { party: Party; item: Item } | null {
    const [turn] = this.#lines
    if (!turn) return null
    const [party, line] = turn
    const item = line.shift() as Item
    this.#lines.delete(party)
    if (line.length > 0) this.#lines.set(party, line)
    return { party, item }
  }

  /** Returns whether it was there. */
  remove(party: Party, item: Item): boolean {
    const line = this.#lines.get(party)
    const index = line?.indexOf(item) ?? -1
    if (!line || index === -1) return false
    line.splice(index, 1)
    if (line.length === 0) this.#lines.delete(party)
    return true
  }

  /** The last in a line of this length; there has to be one. */
  lastOf(length: number): Item {
    for (const line of this.#lines.values()) if (line.length === length) return line.at(-1) as Item
    throw new Error(`no line has ${length}`)
  }
}
