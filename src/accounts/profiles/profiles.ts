import type { CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import type { StaffRole } from '../account.ts'
import * as field from './fields.ts'

/** What a customer's profile holds. Text or null throughout; null stands for "not given". */
export interface CustomerDetails {
  phoneNumber: string | null
  company: string | null
  address: string | null
  city: string | null
  state: string | null
  country: string | null
  postalCode: string | null
  dateOfBirth: string | null
}

export interface StaffDetails {
  role: StaffRole
  phoneNumber: string | null
  department: string | null
}

/** The form fields of a customer's profile, by the names they have on every page. */
export function customerFields(defaultCountry: CountryCode) {
  return {
    phone_number: field.phoneField(defaultCountry),
    company: field.companyField,
    address: field.addressField,
    city: field.cityField,
    state: field.stateField,
    country: field.countryField,
    postal_code: field.postalCodeField,
    date_of_birth: field.dateOfBirthField,
  }
}

type CustomerFields = z.output<z.ZodObject<ReturnType<typeof customerFields>>>

export function customerDetails(fields: CustomerFields): CustomerDetails {
  const { phone_number, company, address, city, state, country, postal_code, date_of_birth } = fields
  return {
    phoneNumber: phone_number,
    company,
    address,
    city,
    state,
    country,
    postalCode: postal_code,
    dateOfBirth: date_of_birth,
  }
}

export const nameFields = {
  first_name: field.personName('The first name', 'Enter your first name.'),
  last_name: field.personName('The last name', 'Enter your last name.'),
}
