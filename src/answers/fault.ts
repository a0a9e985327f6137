import { answer, type AnswerCode } from './catalogue.ts'

/** Something that should not have happened, with a code from the catalogue. Expected outcomes are values, not faults. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: AnswerCode
  /** What an operator may know beyond the words, for the log and the terminal; never shown on a page. */
  readonly details: string | undefined

  constructor(code: AnswerCode, { cause, details }: { cause?: unknown; details?: string } = {}) {
    super(`${answer(code).words}${details ? ` ${details}` : ''}`, { cause })
    this.code = code
    this.details = details
  }
}

/** The fault's code, or `unexpected` for anything else that was thrown. */
export function codeOf(error: unknown): AnswerCode {
  return error instanceof Fault ? error.code : 'unexpected'
}
