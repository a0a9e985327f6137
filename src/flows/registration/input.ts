import type { CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import type { Email } from '../../accounts/email.ts'
import { parseNewPassword } from '../../accounts/passwords/new-password.ts'
import type { PasswordPolicy } from '../../accounts/passwords/policy.ts'
import { emailField, usernameField } from '../../accounts/profiles/fields.ts'
import { customerDetails, customerFields, nameFields, type CustomerDetails } from '../../accounts/profiles/profiles.ts'
import type { Username } from '../../accounts/username.ts'
import { bothParsed, parseWith, type Parsed } from '../../lib/parsed.ts'

/** A registration that may be carried out: every value in the form in which it is stored. */
export interface RegistrationInput {
  firstName: string
  lastName: string
  email: Email
  username: Username | null
  password: string
  profile: CustomerDetails
}

/** The same of somebody whom staff register: the password is chosen later, and by nobody but its person. */
export type DeskRegistrationInput = Omit<RegistrationInput, 'password'>

export interface RegistrationRules {
  defaultCountry: CountryCode
  passwordPolicy: PasswordPolicy
}

/** Reads a registration, from whichever door: the page's form, the API's JSON, the command line. */
export type ParseRegistration = (raw: Readonly<Record<string, unknown>>) => Promise<Parsed<RegistrationInput>>

/** The fields that no password may be made of. */
const KNOWN = ['first_name', 'last_name', 'email', 'username', 'company']

/** Reads what staff enter at the desk or on the phone. */
export function deskRegistrationParser({ defaultCountry }: Pick<RegistrationRules, 'defaultCountry'>) {
  const schema = z.object({
    ...nameFields,
    email: emailField,
    username: usernameField,
    ...customerFields(defaultCountry),
  })
  return (raw: Readonly<Record<string, unknown>>): Parsed<DeskRegistrationInput> => {
    const parsed = parseWith(schema, raw)
    if (!parsed.ok) return parsed
    const { first_name, last_name, email, username, ...profile } = parsed.value
    const person = { firstName: first_name, lastName: last_name, email, username }
    return { ok: true, value: { ...person, profile: customerDetails(profile) } }
  }
}

export function registrationParser({ defaultCountry, passwordPolicy }: RegistrationRules): ParseRegistration {
  const schema = z.object({
    ...nameFields,
    email: emailField,
    username: usernameField,
    ...customerFields(defaultCountry),
  })

  return async (raw) => {
    const parsed = bothParsed(parseWith(schema, raw), await parseNewPassword(raw, passwordPolicy, KNOWN), raw)
    if (!parsed.ok) return parsed
    const [{ first_name, last_name, email, username, ...profile }, password] = parsed.value
    const person = { firstName: first_name, lastName: last_name, email, username, password }
    return { ok: true, value: { ...person, profile: customerDetails(profile) } }
  }
}
