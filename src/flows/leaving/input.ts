import * as z from 'zod'
import { closingReasonField } from '../../accounts/profiles/fields.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

const schema = z.object({ reason: closingReasonField })

/** Why somebody closes their account, if they say so. */
export function parseClosing(raw: Readonly<Record<string, unknown>>): Parsed<{ reason: string | null }> {
  return parseWith(schema, raw)
}
