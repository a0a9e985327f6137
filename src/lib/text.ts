/** Control characters other than line breaks and tabs, and the marks that reverse the direction of what follows. */
// oxlint-disable-next-line no-control-regex
const UNWELCOME = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/

/** The text in Unicode's NFC, or null when it is not well-formed (a lone surrogate) and could not be stored. */
export function inWellFormedNfc(text: string): string | null {
  return text.isWellFormed() && !text.includes('\0') ? text.normalize('NFC') : null
}

/** One line that can be stored, shown and written into a letter's head: NFC, trimmed, nothing that breaks it. Null if not. */
export function plainLine(text: string): string | null {
  const plain = plainText(text)
  return plain === null || /[\r\n\t\u2028\u2029]/.test(plain) ? null : plain
}

/** The same, of several lines. */
export function plainText(text: string): string | null {
  const normal = inWellFormedNfc(text)
  return normal === null || UNWELCOME.test(normal) ? null : normal.replace(/\r\n?/g, '\n').trim()
}

export function codePoints(text: string): number {
  return [...text].length
}

/** For showing again what cannot be accepted: the same text without what a page could not hold. */
export function showable(text: string): string {
  return text.toWellFormed().replace(new RegExp(UNWELCOME, 'g'), '')
}
