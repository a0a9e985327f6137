import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import type { Email } from '../../accounts/email.ts'
import { refusalOfPassword, type PasswordPolicy } from '../../accounts/passwords/policy.ts'
import { emailField, usernameField } from '../../accounts/profiles/fields.ts'
import { customerDetails, customerFields, nameFields, type CustomerDetails } from '../../accounts/profiles/profiles.ts'
import type { Username } from '../../accounts/username.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

/** A registration that may be carried out: every value in the form in which it is stored. */
export interface RegistrationInput {
  firstName: string
  lastName: string
  email: Email
  username: Username | null
  password: string
  profile: CustomerDetails
}

export interface RegistrationRules {
  defaultCountry: CountryCode
  passwordPolicy: PasswordPolicy
}

/** Reads a registration, from whichever door: the page's form, the API's JSON, the command line. */
export type ParseRegistration = (raw: Readonly<Record<string, unknown>>) => Parsed<RegistrationInput>

export function registrationParser({ defaultCountry, passwordPolicy }: RegistrationRules): ParseRegistration {
  const schema = z
    .object({
      ...nameFields,
      email: emailField,
      password: z.string({ error: 'Choose a password.' }).min(1, 'Choose a password.'),
      username: usernameField,
      ...customerFields(defaultCountry),
    })
    .superRefine(({ password, first_name, last_name, email, username, company }, context) => {
      const words = [first_name, last_name, email.canonical, username?.canonical ?? '', company ?? '']
      const refused = refusalOfPassword(password, passwordPolicy, words)
      if (refused) context.addIssue({ code: 'custom', path: ['password'], message: refused })
    })

  return (raw) => {
    const parsed = parseWith(schema, raw)
    if (!parsed.ok) return parsed
    const { first_name, last_name, email, username, password, ...profile } = parsed.value
    return {
      ok: true,
      value: {
        firstName: first_name,
        lastName: last_name,
        email,
        username,
        password,
        profile: customerDetails(profile),
      },
    }
  }
}
