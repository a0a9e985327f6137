// Loaded before everything else (node --import): this process believes that it is so many milliseconds later or earlier.
const offset = Number(process.env['CLOCK_MOVED_BY'] ?? 0)
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offset)
    else super(...given)
  }

  static now() {
    return RealDate.now() + offset
  }
}
