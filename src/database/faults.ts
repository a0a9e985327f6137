import { DatabaseError } from 'pg'
import { Fault } from '../answers/fault.ts'

/** SQLSTATE 40001 and 40P01: the server undid the transaction and asks for it again. */
const ASKED_AGAIN = new Set(['40001', '40P01'])

/** Our own deadline or the server's: 57014 statement_timeout, 55P03 lock_timeout. */
const TOO_SLOW = new Set(['57014', '55P03'])

/** 25006, a read-only transaction: this server has become a standby. */
const NOT_THE_PRIMARY = new Set(['25006'])

/** Classes 08 connection, 53 resources (connections, disk, memory), 57P shutting down or starting up, 58 system. */
const AWAY = /^(08|53|57P|58)/

/** What the operating system says of a socket that was connected. */
const NETWORK = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])

/** Says in the catalogue's codes what a driver's error means; what is a mistake of ours stays as it is. */
export function faultFrom(error: unknown): unknown {
  if (error instanceof Fault) return error
  const code = codeFrom(error)
  if (TOO_SLOW.has(code) || ASKED_AGAIN.has(code)) return new Fault('database-busy', { cause: error })
  return isAway(error) ? new Fault('database-unavailable', { cause: error }) : error
}

/** Whether the connection that raised this is of no use any more. */
export function isAway(error: unknown): boolean {
  const code = codeFrom(error)
  if (AWAY.test(code) || NOT_THE_PRIMARY.has(code) || NETWORK.has(code)) return true
  return isDriversOwn(error)
}

/** Whether to send a statement again, where a receipt makes that safe. */
export function mayBeSentAgain(error: unknown): boolean {
  return error instanceof Fault && (error.code === 'database-unavailable' || ASKED_AGAIN.has(codeFrom(error.cause)))
}

/** Which constraint a row offended, or null when it is another kind of error. */
export function offendedConstraint(error: unknown): string | null {
  return error instanceof DatabaseError && error.code?.startsWith('23') ? (error.constraint ?? null) : null
}

function codeFrom(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The driver reports a lost socket in words alone. */
function isDriversOwn(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DatabaseError) return false
  return /^Connection terminated|^timeout exceeded when trying to connect|not queryable|^This socket has been ended/.test(
    error.message,
  )
}
