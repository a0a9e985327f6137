import * as z from 'zod'
import { staffRoles, type StaffRole } from '../../accounts/account.ts'
import type { Email } from '../../accounts/email.ts'
import { emailField } from '../../accounts/profiles/fields.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

export interface InvitationInput {
  email: Email
  role: StaffRole
}

export const roleField = z.enum(staffRoles, { error: 'Choose a role.' })

const NOBODY = 'Enter the email address of whom you invite.'

const schema = z.object({
  email: z
    .string({ error: NOBODY })
    .refine((text) => text.trim() !== '', { error: NOBODY, abort: true })
    .pipe(emailField),
  role: roleField,
})

export function parseInvitation(raw: Readonly<Record<string, unknown>>): Parsed<InvitationInput> {
  return parseWith(schema, raw)
}
