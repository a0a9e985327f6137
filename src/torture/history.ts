import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What people do in a storm. */
export type ActKind =
  | 'register'
  | 'sign-in'
  | 'wrong-password'
  | 'use-session'
  | 'use-ended-session'
  | 'edit-profile'
  | 'change-password'
  | 'recover'
  | 'sign-out'

/** One request of an act and what came back. `status` is null when nothing came: it may have been carried out or not. */
export interface Answer {
  /** Milliseconds since 1970, when it was sent and when its answer was whole or given up. */
  sent: number
  done: number
  status: number | null
  /** Of the node that was asked; not in histories that something else kept. */
  origin?: string
  /** In words, what no answer may be: a 500, a 503 without Retry-After, a success without a session. */
  flaw: string | null
}

/**
 * How an act ended. `done`: acknowledged. `refused`: a definite no. `unknown`: the last that was heard is no answer, or
 * one that asks for patience, and so it may have been carried out or not.
 */
export type End = 'done' | 'refused' | 'unknown'

/** What somebody meant to do, written before the first request is sent. */
export interface Intent {
  id: number
  kind: ActKind
  /** The address of the account, in its normal form. */
  address: string
  /** What is new with it: for a registration all of it, for a change the one thing. The people are invented. */
  firstName?: string
  password?: string
  company?: string
  /** The SHA-256, in hex, of the session token that it ends. */
  endsSession?: string
}

export interface Act extends Intent {
  began: number
  ended: number
  end: End
  /** The code of the refusal, or where a success led. */
  said: string
  answers: Answer[]
}

/** Something done to the system under the storm. `over` is when the cause was gone; null while it lasts. */
export interface Blow {
  fault: string
  /** What it was done to. */
  target: string
  began: number
  over: number | null
  /** When PostgreSQL took writes again, where it had not. */
  writable: number | null
}

/** A letter as the mail server took it. */
export interface Taken {
  recipient: string
  messageId: string
  subject: string
  at: number
}

export interface History {
  acts: Act[]
  blows: Blow[]
  /** Null where nobody watched the mail server. */
  letters: Taken[] | null
}

type Line = { began: Intent; at: number } | { ended: Act } | { blow: Blow }

/**
 * The history, kept by whoever storms and outside of everything that may fail: a line when an act begins, before anything
 * is sent, and a line when it has ended. Appended to one file, and brought to the disk every second.
 */
export class HistoryFile {
  readonly path: string
  readonly #file: number
  readonly #syncing: NodeJS.Timeout

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'a', 0o600)
    this.#syncing = setInterval(() => fsyncSync(this.#file), 1000)
    this.#syncing.unref()
  }

  began(intent: Intent): void {
    this.#append({ began: intent, at: Date.now() })
  }

  ended(act: Act): void {
    this.#append({ ended: act })
  }

  blow(blow: Blow): void {
    this.#append({ blow })
  }

  close(): void {
    clearInterval(this.#syncing)
    fsyncSync(this.#file)
    closeSync(this.#file)
  }

  #append(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

/** Reads a history back. An act that began and of which nothing more is known may have been carried out. */
export function readHistory(path: string, letters: Taken[] | null): History {
  const open = new Map<number, { intent: Intent; at: number }>()
  const acts: Act[] = []
  const blows: Blow[] = []
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const line = wholeLine(text)
    if (line === null) continue
    if ('blow' in line) blows.push(line.blow)
    else if ('began' in line) open.set(line.began.id, { intent: line.began, at: line.at })
    else {
      open.delete(line.ended.id)
      acts.push(line.ended)
    }
  }
  const unfinished = [...open.values()].map(({ intent, at }): Act => ({
    ...intent,
    began: at,
    ended: at,
    end: 'unknown',
    said: 'never ended',
    answers: [],
  }))
  return { acts: [...acts, ...unfinished].toSorted((a, b) => a.id - b.id), blows, letters }
}

/** Null for nothing, and for a last line that was cut off. */
function wholeLine(text: string): Line | null {
  if (!text.endsWith('}')) return null
  try {
    return JSON.parse(text) as Line
  } catch {
    return null
  }
}
