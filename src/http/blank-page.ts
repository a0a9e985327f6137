/** Copies that wait for another visitor: as many as are under way at once on a busy node. */
const MOST_COPIES = 64

/**
 * A page that is the same for everybody but for a token: kept as bytes, into which each visitor's own is written. To encode a text
 * of a page's size would cost more than all else about it; to make a copy takes longer than to write a token into one that was sent.
 */
export class BlankPage {
  readonly #bytes: Buffer
  readonly #copies: Buffer[] = []
  readonly #places: readonly number[]
  readonly #length: number

  constructor(page: string, token: string) {
    this.#bytes = Buffer.from(page)
    this.#places = placesOf(Buffer.from(token), this.#bytes)
    this.#length = token.length
  }

  /** The page for one visitor; `token` is as long as the first one was. It is theirs until it is taken back. */
  withToken(token: string): Buffer {
    if (token.length !== this.#length) throw new Error('a token of another length')
    const page = this.#copies.pop() ?? Buffer.from(this.#bytes)
    for (const place of this.#places) page.write(token, place, 'latin1')
    return page
  }

  /** Takes a page back that was sent, all of it: the next visitor's token is written over this one's. */
  takeBack(page: Buffer): void {
    if (this.#copies.length < MOST_COPIES) this.#copies.push(page)
  }
}

function placesOf(token: Buffer, page: Buffer): number[] {
  const places: number[] = []
  for (let at = page.indexOf(token); at !== -1; at = page.indexOf(token, at + token.length)) places.push(at)
  return places
}
