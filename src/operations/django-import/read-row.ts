import { createHash } from 'node:crypto'
import countries from 'i18n-iso-countries/index.js'
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js'
import { parseEmail } from '../../accounts/email.ts'
import { decoyOf, isUnusable, parseImported } from '../../accounts/passwords/imported.ts'
import { isCountry } from '../../accounts/profiles/countries.ts'
import { canonicalUsername } from '../../accounts/username.ts'
import { codePoints, plainLine, plainText, showable } from '../../lib/text.ts'
import type { Finding } from './findings.ts'

/** What rows are read by: the settings, and what was seen so far. */
export interface Reader {
  source: string
  defaultCountry: CountryCode
  /** A hash of nobody's password for each scheme that was seen. */
  schemes: Map<string, string>
}

/** A row as COPY brings it: texts and nulls, in the order of the query. */
export type Cells = readonly (string | null)[]

const E164 = /^\+[1-9]\d{5,14}$/
const LONGEST_USERNAME = 150
const LONGEST_SCHEME = 100

export const USER_COLUMNS =
  'id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined'

export const STAGED_USER = `legacy_id, account_id, password, is_superuser, is_staff, is_active, last_login, date_joined,
  username, username_canonical, username_address, email, email_delivery, email_canonical, first_name, last_name, findings`

/** One row of auth_user, judged by the very rules by which a registration is, as a row of the staging table. */
export function readUser(reader: Reader, cells: Cells): Cells {
  const [id, password, lastLogin, isSuperuser, rawUsername, rawFirst, rawLast, rawEmail, isStaff, isActive, joined] =
    cells as string[]
  const findings: Finding[] = []
  const found = (finding: Finding) => void findings.push(finding)

  const email = parseEmail(rawEmail as string)
  if (email === null) found((rawEmail as string).trim() === '' ? 'address-missing' : 'address-invalid')

  const text = (rawUsername as string).trim()
  const address = text.includes('@') ? parseEmail(text) : null
  const canonical = text.includes('@') || text === '' ? null : canonicalUsername(text)
  const username = canonical !== null && codePoints(canonical) <= LONGEST_USERNAME ? text : null
  if (address) found('username-is-address')
  else if (username === null) found('username-unusable')

  const first = personName(rawFirst as string)
  const last = personName(rawLast as string)
  if (first !== rawFirst || last !== rawLast) found('name-cleaned')

  if (isActive === 'f') found('inactive')
  if (isSuperuser === 't') found('superuser')
  const named = email ?? address
  return [
    id as string,
    accountIdOf(reader.source, id as string, joined as string),
    usablePassword(reader, password as string, found),
    isSuperuser as string,
    isStaff as string,
    isActive as string,
    lastLogin ?? null,
    joined as string,
    username,
    username === null ? null : canonical,
    address?.canonical ?? null,
    named?.entered ?? null,
    named?.delivery ?? null,
    named?.canonical ?? null,
    first,
    last,
    `{${findings.join(',')}}`,
  ]
}

/** Made of the legacy key, so that an import that is taken up again makes the same account; in order of joining. */
export function accountIdOf(source: string, id: string, joined: string): string {
  const time = Math.max(0, Date.parse(joined.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')) || 0)
  const hash = createHash('sha256').update(`meridian import: ${source}: auth_user: ${id}`).digest('hex')
  const at = time.toString(16).padStart(12, '0').slice(-12)
  return `${at.slice(0, 8)}-${at.slice(8)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`
}

function usablePassword({ schemes }: Reader, stored: string, found: (finding: Finding) => void): string | null {
  if (isUnusable(stored)) {
    found('password-unusable')
    return null
  }
  const imported = parseImported(stored)
  if (imported === null || imported.scheme.length > LONGEST_SCHEME) {
    found('password-unknown')
    return null
  }
  if (!schemes.has(imported.scheme)) schemes.set(imported.scheme, decoyOf(stored))
  return stored
}

/** A name as it can be shown and written to: on one line, in NFC, without what cannot be seen. */
function personName(raw: string): string {
  if (/^[ -~]*$/.test(raw)) return raw.trim()
  return plainLine(raw) ?? plainLine(showable(raw).replace(/\s+/g, ' ')) ?? ''
}

export const CUSTOMER_COLUMNS = `id, user_id, phone_number, address, city, state, country, postal_code, date_of_birth,
  is_active_customer, created_at, updated_at`
export const STAFF_COLUMNS = 'id, user_id, phone_number, role, department, is_active_staff, created_at, updated_at'

export const STAGED_PROFILE = `relation, legacy_id, user_id, active, created_at, updated_at, phone_number, address, city, state,
  country, postal_code, date_of_birth, role, department, findings`

/** One row of accounts_customerprofile. What does not parse is left empty; the original is archived whole. */
export function readCustomer(reader: Reader, cells: Cells): Cells {
  const [id, userId, phone, address, city, state, country, postal, birth, active, created, updated] = cells
  const findings: Finding[] = []
  const field = fieldReader(findings)
  const read = [
    field('phone-unreadable', phone, (text) => phoneOf(text, reader.defaultCountry)),
    field('text-unreadable', address, (text) => within(plainText(text), 500)),
    field('text-unreadable', city, (text) => within(plainLine(text), 100)),
    field('text-unreadable', state, (text) => within(plainLine(text), 100)),
    field('country-unknown', country, countryOf),
    field('text-unreadable', postal, (text) => within(plainLine(text), 20)),
    field('birth-date-impossible', birth, birthDateOf),
  ]
  if (active === 'f') findings.push('profile-inactive')
  return profileRow(
    'accounts_customerprofile',
    { id, userId, active, created, updated },
    [...read, null, null],
    findings,
  )
}

const ROLES = new Set(['customer_care', 'manager', 'admin'])

export function readStaff(reader: Reader, cells: Cells): Cells {
  const [id, userId, phone, role, department, active, created, updated] = cells
  const findings: Finding[] = []
  const field = fieldReader(findings)
  const number = field('phone-unreadable', phone, (text) => phoneOf(text, reader.defaultCountry))
  const known = field('role-unknown', role, (text) => (ROLES.has(text) ? text : null))
  const desk = field('text-unreadable', department, (text) => within(plainLine(text), 100))
  if (active === 'f') findings.push('profile-inactive')
  const empty = Array.from({ length: 6 }, () => null)
  return profileRow(
    'accounts_staffprofile',
    { id, userId, active, created, updated },
    [number, ...empty, known, desk],
    findings,
  )
}

type Cell = string | null | undefined

function profileRow(
  relation: string,
  { id, userId, active, created, updated }: Record<'id' | 'userId' | 'active' | 'created' | 'updated', Cell>,
  fields: Cells,
  findings: readonly Finding[],
): Cells {
  const set = [...new Set(findings)].join(',')
  return [relation, id ?? null, userId ?? null, active ?? null, created ?? null, updated ?? null, ...fields, `{${set}}`]
}

/** Reads one field; what was given and cannot be read is a finding, and the field stays empty. */
function fieldReader(findings: Finding[]) {
  return (finding: Finding, raw: Cell, read: (text: string) => string | null): string | null => {
    const text = raw?.trim() ?? ''
    if (text === '') return null
    const value = read(text)
    if (value === null) findings.push(finding)
    return value
  }
}

function within(text: string | null, most: number): string | null {
  return text === null || codePoints(text) > most ? null : text
}

function phoneOf(text: string, defaultCountry: CountryCode): string | null {
  const phone = parsePhoneNumberFromString(text, defaultCountry)
  return phone?.isValid() && E164.test(phone.number) ? phone.number : null
}

const countryCodes = new Map<string, string | null>()

/** A country by its code or by one of its English names; asked a million times, of some two hundred texts. */
function countryOf(text: string): string | null {
  const known = countryCodes.get(text)
  if (known !== undefined) return known
  const code = isCountry(text.toUpperCase()) ? text.toUpperCase() : (countries.getAlpha2Code(text, 'en') ?? null)
  if (countryCodes.size < 10_000) countryCodes.set(text, code)
  return code
}

function birthDateOf(text: string): string | null {
  return /^(19|2\d)\d\d-\d\d-\d\d$/.test(text) && text > '1900-12-31' && Date.parse(text) < Date.now() ? text : null
}
