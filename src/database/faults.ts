import { DatabaseError } from 'pg'
import { Fault } from '../answers/fault.ts'

/** What an error says: to the caller, of the connection that raised it, and of sending the same again. */
export interface Judgement {
  /** The catalogue's word for it, or the error itself where it is a mistake of ours. */
  fault: unknown
  /** `spoiled`: this connection is of no use any more. `host gone`: neither is any other to the same server. */
  connection: 'good' | 'spoiled' | 'host gone'
  /** The server did nothing for certain: sending it again is safe whatever it was. */
  nothingDone: boolean
}

/** SQLSTATE 40001 and 40P01: the server undid the transaction and asks for it again. */
const ASKED_AGAIN = new Set(['40001', '40P01'])

/** Our own deadline or the server's: 57014 statement_timeout, 55P03 lock_timeout. */
const TOO_SLOW = new Set(['57014', '55P03'])

/** 0A000 from RevalidateCachedQuery, 26000: a statement prepared before the schema changed, or lost by a pooler. */
const NOT_PREPARED = new Set(['0A000', '26000'])

/** 25006, a read-only transaction: this server has become a standby. Classes 08, 57P, 58: going away, or coming up. */
const HOST_GONE = /^(25006$|08|57P|58)/

/** Class 53: no disk, no memory, no connection left. It passes, and the connection stays good. */
const SHORT_OF = /^53/

/** What the operating system says of a socket that was connected, and the driver in words alone. */
const SOCKET_LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
const DRIVER_LOST = /^Connection terminated|not queryable|^This socket has been ended/

export function judge(error: unknown): Judgement {
  if (error instanceof Fault) return { fault: error, connection: 'good', nothingDone: false }
  const code = codeFrom(error)
  const unavailable = new Fault('database-unavailable', { cause: error })
  const busy = new Fault('database-busy', { cause: error })
  if (isLost(error, code)) return { fault: unavailable, connection: 'host gone', nothingDone: false }
  if (isNotPrepared(error, code)) return { fault: unavailable, connection: 'spoiled', nothingDone: true }
  if (SHORT_OF.test(code)) return { fault: unavailable, connection: 'good', nothingDone: true }
  if (ASKED_AGAIN.has(code)) return { fault: busy, connection: 'good', nothingDone: true }
  if (TOO_SLOW.has(code)) return { fault: busy, connection: 'good', nothingDone: false }
  return { fault: error, connection: 'good', nothingDone: false }
}

/** Which constraint a row offended, or null when it is another kind of error. */
export function offendedConstraint(error: unknown): string | null {
  return error instanceof DatabaseError && error.code?.startsWith('23') ? (error.constraint ?? null) : null
}

function isLost(error: unknown, code: string): boolean {
  if (error instanceof DatabaseError) return HOST_GONE.test(code)
  return error instanceof Error && (SOCKET_LOST.has(code) || DRIVER_LOST.test(error.message))
}

function isNotPrepared(error: unknown, code: string): boolean {
  if (!NOT_PREPARED.has(code) || !(error instanceof DatabaseError)) return false
  return code === '26000' || error.routine === 'RevalidateCachedQuery'
}

function codeFrom(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
