import type { JSX } from 'preact'
import { allCountries } from '../accounts/profiles/countries.ts'
import { Field, FieldGroup, SelectField } from './form.tsx'
import type { FormState } from './form.tsx'

const countries = allCountries.map(({ code, name }) => ({ value: code, label: name }))

export interface DefaultCountry {
  /** The country whose numbers may be written without their code. */
  defaultCountry: string
}

/** The fields that registration and profile have in common, worded once. */
export function NameFields({ state }: { state: FormState }): JSX.Element {
  return (
    <>
      <Field state={state} name="first_name" label="First name" autocomplete="given-name" width="half" />
      <Field state={state} name="last_name" label="Last name" autocomplete="family-name" width="half" />
    </>
  )
}

export function PhoneField({ state, defaultCountry }: { state: FormState } & DefaultCountry): JSX.Element {
  const country = countries.find(({ value }) => value === defaultCountry)?.label
  return (
    <Field
      state={state}
      name="phone_number"
      label="Phone number"
      optional
      type="tel"
      autocomplete="tel"
      {...(country ? { hint: `With the country code, such as +44. Without one: ${country}.` } : {})}
    />
  )
}

/** Staff's own, whose numbers need no word on countries. */
export function StaffContactFields({ state }: { state: FormState }): JSX.Element {
  return (
    <>
      <Field
        state={state}
        name="phone_number"
        label="Phone number"
        hint="With the country code, such as +44, for numbers abroad."
        optional
        type="tel"
        autocomplete="tel"
      />
      <Field state={state} name="department" label="Department" optional autocomplete="off" />
    </>
  )
}

export function CompanyField({ state }: { state: FormState }): JSX.Element {
  return <Field state={state} name="company" label="Company" optional autocomplete="organization" />
}

export const ADDRESS_FIELDS = ['address', 'city', 'state', 'country', 'postal_code'] as const

export function AddressFields({ state, defaultCountry }: { state: FormState } & DefaultCountry): JSX.Element {
  return (
    <>
      <Field state={state} name="address" label="Address" optional autocomplete="street-address" />
      <Field state={state} name="city" label="Town or city" optional autocomplete="address-level2" width="half" />
      <Field state={state} name="state" label="State or region" optional autocomplete="address-level1" width="half" />
      <SelectField
        state={state}
        name="country"
        label="Country"
        optional
        autocomplete="country"
        placeholder="Choose a country"
        options={countries}
        likely={defaultCountry}
      />
      <Field
        state={state}
        name="postal_code"
        label="Postal code"
        optional
        autocomplete="postal-code"
        autocapitalize="characters"
        width="short"
      />
    </>
  )
}

export function BirthdayField({ state }: { state: FormState }): JSX.Element {
  return (
    <Field
      state={state}
      name="date_of_birth"
      label="Date of birth"
      optional
      type="date"
      autocomplete="bday"
      width="short"
    />
  )
}

export interface CustomerProfileFieldsProps extends DefaultCountry {
  state: FormState
  /** What the first group is called: it is about oneself, or about somebody else. */
  person: string
}

/** All that a customer's profile holds, in its groups. */
export function CustomerProfileFields({ state, person, defaultCountry }: CustomerProfileFieldsProps): JSX.Element {
  return (
    <>
      <FieldGroup legend={person}>
        <NameFields state={state} />
        <BirthdayField state={state} />
      </FieldGroup>
      <FieldGroup legend="Contact">
        <PhoneField state={state} defaultCountry={defaultCountry} />
        <CompanyField state={state} />
      </FieldGroup>
      <FieldGroup legend="Address">
        <AddressFields state={state} defaultCountry={defaultCountry} />
      </FieldGroup>
    </>
  )
}
