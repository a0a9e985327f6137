import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import { codePoints, plainLine, plainText } from '../../lib/text.ts'
import { parseEmail, type Email } from '../email.ts'
import { parseUsername, type Username } from '../username.ts'
import { isCountry } from './countries.ts'

/** The fields that describe a person, each with its rule and its words; every form and door builds from these. */

const NAME_LENGTH = 150
const OLDEST_YEAR = 1900

/** ITU-T E.164: a country code and at most 15 digits in all. The library lets a few longer ones pass. */
const E164 = /^\+[1-9]\d{5,14}$/

const UNREADABLE = 'This has a character that cannot be stored. Please type it again.'

const anyText = z.string({ error: 'This has to be one text.' })

export function personName(what: string, missing: string) {
  return requiredText(missing).refine(
    (name) => codePoints(name) <= NAME_LENGTH,
    `${what} can have at most ${NAME_LENGTH} characters.`,
  )
}

/** Judged as it was sent: what a normalisation would change is for parseEmail to refuse. */
export const emailField = z.string({ error: 'Enter your email address.' }).transform((text, context): Email => {
  const email = parseEmail(text)
  if (email) return email
  context.addIssue({ code: 'custom', message: wordsForEmail(text) })
  return z.NEVER
})

export const usernameField = optionalText('The username', 1000).transform((text, context): Username | null => {
  if (text === null) return null
  const username = parseUsername(text)
  if (username) return username
  context.addIssue({
    code: 'custom',
    message:
      'A username has 3 to 150 letters and digits; dots, hyphens, underscores and plus signs may stand between them.',
  })
  return z.NEVER
})

export function phoneField(defaultCountry: CountryCode) {
  return optionalText('The phone number', 40).transform((text, context): string | null => {
    if (text === null) return null
    const phone = parsePhoneNumberFromString(text, defaultCountry)
    if (phone?.isValid() && E164.test(phone.number)) return phone.number
    context.addIssue({
      code: 'custom',
      message:
        'Enter a phone number with its area code, and with its country code if it is abroad, like +49 30 901820.',
    })
    return z.NEVER
  })
}

export const companyField = optionalText('The company', 150)
export const addressField = optionalText('The address', 500, plainText)
export const cityField = optionalText('The town or city', 100)
export const stateField = optionalText('The state or region', 100)
export const postalCodeField = optionalText('The postal code', 20)
export const departmentField = optionalText('The department', 100)
export const closingReasonField = optionalText('The reason', 500, plainText)

export const countryField = optionalText('The country', 2).transform((text, context): string | null => {
  if (text === null || isCountry(text)) return text
  context.addIssue({ code: 'custom', message: 'Choose a country from the list.' })
  return z.NEVER
})

export const dateOfBirthField = optionalText('The date of birth', 20).transform((text, context): string | null => {
  if (text === null || isPastDate(text)) return text
  context.addIssue({
    code: 'custom',
    message: `Enter a date in the past, after ${OLDEST_YEAR}, as year, month and day: 1984-05-27.`,
  })
  return z.NEVER
})

function requiredText(missing: string) {
  return z
    .string({ error: missing })
    .transform(readableAs(plainLine))
    .refine((text) => text !== '', missing)
}

function optionalText(what: string, most: number, plain = plainLine) {
  return anyText
    .default('')
    .transform(readableAs(plain))
    .refine((text) => codePoints(text) <= most, `${what} can have at most ${most} characters.`)
    .transform((text) => (text === '' ? null : text))
}

function readableAs(plain: (text: string) => string | null) {
  return (text: string, context: z.RefinementCtx): string => {
    const readable = plain(text)
    if (readable !== null) return readable
    context.addIssue({ code: 'custom', message: UNREADABLE })
    return z.NEVER
  }
}

function wordsForEmail(text: string): string {
  if (text.trim() === '') return 'Enter your email address.'
  if (!text.includes('@')) return 'An email address has an @ in it, like name@example.com.'
  if (/[\s,;<>()"]/.test(text)) return 'Enter one email address, without spaces, commas or brackets.'
  return 'Enter an email address that mail can be sent to, like name@example.com.'
}

function isPastDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
  return exists && date.getUTCFullYear() > OLDEST_YEAR && date.getTime() < Date.now()
}
