import type { CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import type { Email } from '../../accounts/email.ts'
import { parseNewPassword } from '../../accounts/passwords/new-password.ts'
import type { PasswordPolicy } from '../../accounts/passwords/policy.ts'
import { departmentField, emailField, phoneField } from '../../accounts/profiles/fields.ts'
import { nameFields, type StaffDetails } from '../../accounts/profiles/profiles.ts'
import { bothParsed, parseWith, type Parsed } from '../../lib/parsed.ts'

export interface StaffRegistrationInput {
  firstName: string
  lastName: string
  email: Email
  password: string
  profile: Omit<StaffDetails, 'role'>
}

export interface StaffRegistrationRules {
  defaultCountry: CountryCode
  passwordPolicy: PasswordPolicy
}

export type ParseStaffRegistration = (raw: Readonly<Record<string, unknown>>) => Promise<Parsed<StaffRegistrationInput>>

/** The fields that no password may be made of. */
const KNOWN = ['first_name', 'last_name', 'email', 'department']

export function staffRegistrationParser(rules: StaffRegistrationRules): ParseStaffRegistration {
  const schema = z.object({
    ...nameFields,
    email: emailField,
    phone_number: phoneField(rules.defaultCountry),
    department: departmentField,
  })

  return async (raw) => {
    const parsed = bothParsed(parseWith(schema, raw), await parseNewPassword(raw, rules.passwordPolicy, KNOWN), raw)
    if (!parsed.ok) return parsed
    const [{ first_name, last_name, email, phone_number, department }, password] = parsed.value
    const profile = { phoneNumber: phone_number, department }
    return { ok: true, value: { firstName: first_name, lastName: last_name, email, password, profile } }
  }
}
