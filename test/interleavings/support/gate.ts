/** Asked ahead of each statement, with its name; the statement is sent when the promise is kept. */
export type Gate = (statement: string) => Promise<void>

export const OPEN: Gate = () => Promise.resolve()

/** A way to the database on which statements are held, one flow's own. */
export interface Gated {
  gate: Gate
  /** SQLSTATEs with which statements were refused since the gate was last opened. */
  readonly refused: string[]
  /** The process id of its session at the server; 0 while there is none. */
  readonly backend: number
  /** Ahead of a meeting, with the gate open: sees to it that `backend` is known, where it can be known yet. */
  ready: () => Promise<void>
  openGate: () => void
}
