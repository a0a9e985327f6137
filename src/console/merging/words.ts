import { fullName } from '../../accounts/account.ts'
import { allCountries } from '../../accounts/profiles/countries.ts'
import { fateOf, type Choice, type MergePreview, type MergeRefusal } from '../../flows/merging/merge.ts'
import { maskedEmail, maskedPhone } from '../../ui/masked.ts'

type Values = MergePreview['fields'][number]['kept']

export const choiceNames: Record<Choice, string> = {
  name: 'Name',
  email: 'Email',
  username: 'Username',
  phone_number: 'Phone',
  company: 'Company',
  address: 'Postal address',
  date_of_birth: 'Date of birth',
}

/** What one of the two has, masked as on a person's own page. */
export function valueInWords(choice: Choice, values: Values): string {
  if (Object.values(values).every((value) => value === null || value === '')) return 'None'
  const one = (name: string) => values[name] ?? ''
  switch (choice) {
    case 'name':
      return fullName({ firstName: one('first_name'), lastName: one('last_name') })
    case 'email':
      return `${maskedEmail(one('email'))}, ${values['email_confirmed_at'] ? 'confirmed' : 'not confirmed'}`
    case 'phone_number':
      return maskedPhone(one('phone_number'))
    case 'company':
      return one('company')
    case 'address': {
      const country = allCountries.find(({ code }) => code === values['country'])?.name
      return country ? `On file, in ${country}` : 'On file'
    }
    case 'username':
    case 'date_of_birth':
      return 'On file'
  }
}

export const refusalWords: Record<MergeRefusal, string> = {
  'same-account': 'That is the same account, named twice.',
  'no-such-account': 'There is no such account.',
  'not-customers': 'That is somebody of the staff. Only customers are merged.',
  closing: 'One of the two is being closed. It is erased on its day, or kept open on its own page.',
  'without-a-name': 'Keep an address or a username: with neither, nobody could sign in.',
}

const tableNames: Record<string, string> = {
  codes: 'Links and codes',
  customer_profiles: 'Profile',
  email_changes: 'Changes of address under way',
  invitations: 'Invitations',
  known_browsers: 'Known browsers',
  letters: 'Letters',
  passwords: 'Password',
  receipts: 'Forms that were sent',
  sessions: 'Signed-in browsers',
}

/** A table that came to be later is called by its own name. */
export function tableInWords(table: string): string {
  const plain = table.replaceAll('_', ' ')
  return tableNames[table] ?? `${plain.charAt(0).toUpperCase()}${plain.slice(1)}`
}

export function fateInWords(table: string): string {
  switch (fateOf(table)) {
    case 'moves':
      return 'Go to the one that stays'
    case 'ends':
      return 'End, for good'
    case 'archived':
      return 'Archived'
  }
}
