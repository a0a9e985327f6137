import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import type { Email } from '../../accounts/email.ts'
import { refusalOfPassword, type PasswordPolicy } from '../../accounts/passwords/policy.ts'
import { departmentField, emailField, phoneField } from '../../accounts/profiles/fields.ts'
import { nameFields, type StaffDetails } from '../../accounts/profiles/profiles.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

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

export type ParseStaffRegistration = (raw: Readonly<Record<string, unknown>>) => Parsed<StaffRegistrationInput>

export function staffRegistrationParser({
  defaultCountry,
  passwordPolicy,
}: StaffRegistrationRules): ParseStaffRegistration {
  const schema = z
    .object({
      ...nameFields,
      email: emailField,
      password: z.string({ error: 'Choose a password.' }).min(1, 'Choose a password.'),
      phone_number: phoneField(defaultCountry),
      department: departmentField,
    })
    .superRefine(({ password, first_name, last_name, email, department }, context) => {
      const refused = refusalOfPassword(password, passwordPolicy, [
        first_name,
        last_name,
        email.canonical,
        department ?? '',
      ])
      if (refused) context.addIssue({ code: 'custom', path: ['password'], message: refused })
    })

  return (raw) => {
    const parsed = parseWith(schema, raw)
    if (!parsed.ok) return parsed
    const { first_name, last_name, email, password, phone_number, department } = parsed.value
    return {
      ok: true,
      value: {
        firstName: first_name,
        lastName: last_name,
        email,
        password,
        profile: { phoneNumber: phone_number, department },
      },
    }
  }
}
