/** Control characters other than line breaks and tabs, and the marks that reverse the direction of what follows. */
// oxlint-disable-next-line no-control-regex
const UNWELCOME = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/

/** The text in Unicode's NFC, or null when it is not well-formed (a lone surrogate) and could not be stored. */
export function inWellFormedNfc(text: string): string | null {
  return text.isWellFormed() && !text.includes('\0') ? text.normalize('NFC') : null
}

/** One or several lines that can be stored and shown anywhere: NFC, trimmed, no control characters. Null if not. */
export function plainText(text: string): string | null {
  const normal = inWellFormedNfc(text)
  return normal === null || UNWELCOME.test(normal) ? null : normal.replaceAll('\r\n', '\n').trim()
}

export function codePoints(text: string): number {
  return [...text].length
}

/** For showing again what cannot be accepted: the same text without what a page could not hold. */
export function showable(text: string): string {
  return text.toWellFormed().replace(new RegExp(UNWELCOME, 'g'), '')
}
