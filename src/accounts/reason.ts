import * as z from 'zod'
import { codePoints, plainLine } from '../lib/text.ts'
import { LONGEST_REASON } from './staff-act.ts'

/** Why a member of the staff does what changes an account: kept in the record, in their own words. */
export const reasonField = z.string({ error: 'Say why, in a sentence.' }).transform((text, context): string => {
  const reason = plainLine(text)
  if (reason !== null && reason !== '' && codePoints(reason) <= LONGEST_REASON) return reason
  const message =
    reason === '' ? 'Say why, in a sentence.' : `A reason is one line of at most ${LONGEST_REASON} characters.`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

export const reasonForm = z.object({ reason: reasonField })
