import * as z from 'zod'
import type { Email } from '../../accounts/email.ts'
import { emailField } from '../../accounts/profiles/fields.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

export interface EmailChangeInput {
  email: Email
}

const schema = z.object({ email: emailField })

export function parseEmailChange(raw: Readonly<Record<string, unknown>>): Parsed<EmailChangeInput> {
  return parseWith(schema, raw)
}
