/** Tells spreadsheets that what follows is UTF-8. */
export const CSV_BEGINNING = '\uFEFF'

/**
 * One line by RFC 4180, every cell in quotes. A cell that a spreadsheet would take for a formula gets an apostrophe before it (ASVS 1.2.10): those
 * that begin with one of `= + - @`, in their wide forms too, a tab or a line break.
 */
export function csvLine(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => quoted(cell ?? '')).join(',')}\r\n`
}

function quoted(cell: string): string {
  const safe = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(cell) ? `'${cell}` : cell
  return `"${safe.replaceAll('"', '""')}"`
}
