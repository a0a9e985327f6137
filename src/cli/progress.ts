const CLEAR_LINE = '\r\u001B[K'
const WIDTH = 24

/** What long work tells of itself: how much is done, of how much, and what comes next; null at the end. */
export type Progress = (done: number, of: number, next: string | null) => void

/** A bar on the terminal, for as long as the work takes. Nothing where nobody is watching. */
export function progressOn(terminal: NodeJS.WriteStream, wanted: boolean): Progress {
  if (!terminal.isTTY || !wanted) return () => {}
  return (done, of, next) => {
    const full = Math.round((done / of) * WIDTH)
    const bar = `${'━'.repeat(full)}${'─'.repeat(WIDTH - full)}`
    terminal.write(next === null ? CLEAR_LINE : `${CLEAR_LINE}${bar} ${done}/${of} ${next}`)
  }
}
