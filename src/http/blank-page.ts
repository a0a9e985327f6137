/**
 * A page that is the same for everybody but for a token: kept as bytes, into which each visitor's own is written. To encode a text
 * of a page's size would cost more than all else about it.
 */
export class BlankPage {
  readonly #bytes: Buffer
  readonly #places: readonly number[]
  readonly #length: number

  constructor(page: string, token: string) {
    this.#bytes = Buffer.from(page)
    this.#places = placesOf(Buffer.from(token), this.#bytes)
    this.#length = token.length
  }

  /** The page for one visitor; `token` is as long as the first one was. */
  withToken(token: string): Buffer {
    if (token.length !== this.#length) throw new Error('a token of another length')
    const page = Buffer.from(this.#bytes)
    for (const place of this.#places) page.write(token, place, 'latin1')
    return page
  }
}

function placesOf(token: Buffer, page: Buffer): number[] {
  const places: number[] = []
  for (let at = page.indexOf(token); at !== -1; at = page.indexOf(token, at + token.length)) places.push(at)
  return places
}
