/** Where every word begins. */
export const ROOT = 0

/** Words of several lists in one tree, a node for each beginning that some of them share. It lies in a few flat arrays of numbers. */
export class WordTree {
  readonly #lists: string[]
  /** The last UTF-16 unit of a node's beginning. The children of a node stand side by side, in the order of their units. */
  readonly #unit: Uint16Array
  /** The children of a node end where those of the next one begin. */
  readonly #firstChild: Uint32Array
  /** The number of the word that ends at a node, from 1, or 0. */
  readonly #word: Uint32Array
  /** For each word its rank in each list, from 1, or 0 where it is not in it. */
  readonly #ranks: Uint32Array

  /** `lists`: words by the name of their list, the commonest first. Takes 0.1 s for a hundred thousand words. */
  constructor(lists: Readonly<Record<string, readonly string[]>>) {
    this.#lists = Object.keys(lists)
    const words = [...new Set(Object.values(lists).flat())].toSorted()
    const mostNodes = words.reduce((sum, { length }) => sum + length, 1)
    const unit = new Uint16Array(mostNodes)
    const firstChild = new Uint32Array(mostNodes + 1)
    const wordAt = new Uint32Array(mostNodes)
    // The words that share a node's beginning stand together, as they are in order.
    const from = new Uint32Array(mostNodes)
    const to = new Uint32Array(mostNodes)
    to[ROOT] = words.length

    let nodes = 1
    let length = 0
    let lastOfLength = ROOT
    for (let node = 0; node < nodes; node += 1) {
      if (node > lastOfLength) {
        length += 1
        lastOfLength = nodes - 1
      }
      firstChild[node] = nodes
      let at = from[node] as number
      const end = to[node] as number
      if (at < end && words[at]?.length === length) wordAt[node] = at += 1
      while (at < end) {
        const next = (words[at] as string).charCodeAt(length)
        unit[nodes] = next
        from[nodes] = at
        while (at < end && words[at]?.charCodeAt(length) === next) at += 1
        to[nodes] = at
        nodes += 1
      }
    }
    firstChild[nodes] = nodes

    this.#unit = unit.slice(0, nodes)
    this.#firstChild = firstChild.slice(0, nodes + 1)
    this.#word = wordAt.slice(0, nodes)
    this.#ranks = new Uint32Array((words.length + 1) * this.#lists.length)
    Object.values(lists).forEach((list, at) => this.#rank(list, at))
  }

  #rank(words: readonly string[], list: number): void {
    words.forEach((word, at) => {
      let node = ROOT
      for (let unit = 0; unit < word.length; unit += 1) node = this.childOf(node, word.charCodeAt(unit)) as number
      this.#ranks[(this.#word[node] as number) * this.#lists.length + list] = at + 1
    })
  }

  /** Where words go on that go on with this UTF-16 unit, or undefined where none does. */
  childOf(node: number, unit: number): number | undefined {
    const end = this.#firstChild[node + 1] as number
    for (let child = this.#firstChild[node] as number; child < end; child += 1) {
      const found = this.#unit[child] as number
      if (found >= unit) return found === unit ? child : undefined
    }
    return undefined
  }

  /** The lists that have the word which ends here, and its rank in each, from 1. */
  listsAt(node: number): { name: string; rank: number }[] {
    const word = this.#word[node] as number
    if (word === 0) return []
    return this.#lists
      .map((name, at) => ({ name, rank: this.#ranks[word * this.#lists.length + at] as number }))
      .filter(({ rank }) => rank > 0)
  }
}
