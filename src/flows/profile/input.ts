import type { CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import { departmentField, phoneField } from '../../accounts/profiles/fields.ts'
import {
  customerDetails,
  customerFields,
  nameFields,
  type CustomerDetails,
  type StaffDetails,
} from '../../accounts/profiles/profiles.ts'
import { parseWith, type Parsed } from '../../lib/parsed.ts'

interface Name {
  firstName: string
  lastName: string
}

/** What people may change of their own profile. Role, address and username are not among it. */
export type CustomerProfileInput = Name & { profile: CustomerDetails }
export type StaffProfileInput = Name & { profile: Omit<StaffDetails, 'role'> }

type Parser<Input> = (raw: Readonly<Record<string, unknown>>) => Parsed<Input>

export function customerProfileParser(defaultCountry: CountryCode): Parser<CustomerProfileInput> {
  const schema = z.object({ ...nameFields, ...customerFields(defaultCountry) })
  return (raw) => {
    const parsed = parseWith(schema, raw)
    if (!parsed.ok) return parsed
    const { first_name, last_name, ...profile } = parsed.value
    return { ok: true, value: { firstName: first_name, lastName: last_name, profile: customerDetails(profile) } }
  }
}

/** A customer's profile as the form shows it: what the parser reads, by the same names. What is not known is empty. */
export function customerFormValues({ firstName, lastName, profile }: CustomerProfileInput): Record<string, string> {
  return {
    first_name: firstName,
    last_name: lastName,
    phone_number: profile.phoneNumber ?? '',
    company: profile.company ?? '',
    address: profile.address ?? '',
    city: profile.city ?? '',
    state: profile.state ?? '',
    country: profile.country ?? '',
    postal_code: profile.postalCode ?? '',
    date_of_birth: profile.dateOfBirth ?? '',
  }
}

export function staffProfileParser(defaultCountry: CountryCode): Parser<StaffProfileInput> {
  const schema = z.object({ ...nameFields, phone_number: phoneField(defaultCountry), department: departmentField })
  return (raw) => {
    const parsed = parseWith(schema, raw)
    if (!parsed.ok) return parsed
    const { first_name, last_name, phone_number, department } = parsed.value
    return {
      ok: true,
      value: { firstName: first_name, lastName: last_name, profile: { phoneNumber: phone_number, department } },
    }
  }
}
