import { legacyFindings } from '../../django/findings.ts'

/**
 * Everything that an import looks for, each with the one thing that becomes of it. docs/moving-from-django.md has the
 * same table, and a test holds the two together.
 */
export const findings = {
  'several-profiles': {
    title: legacyFindings['several-profiles'],
    remedy: 'Merged into one, field by field: the newest that is not empty wins. Every original is archived.',
  },
  'profile-without-user': {
    title: legacyFindings['profile-without-user'],
    remedy: 'Archived.',
  },
  'profile-of-wrong-kind': {
    title: legacyFindings['profile-of-wrong-kind'],
    remedy: 'Archived; the account gets a profile of its own kind.',
  },
  'profile-late': {
    title: 'A profile of a user who was imported before it',
    remedy: 'Archived; the profile that the account has stays.',
  },
  'profile-missing': { title: legacyFindings['profile-missing'], remedy: 'Gets an empty one.' },
  'profile-inactive': {
    title: 'A profile marked inactive',
    remedy: 'Staff are suspended. For customers it decided nothing; the original is archived.',
  },
  'address-shared': {
    title: legacyFindings['address-shared'],
    remedy:
      'Nobody is merged. The last to have signed in keeps the address; the others sign in by username, and wait for a person to decide.',
  },
  'address-taken': {
    title: 'An address that an account here has already',
    remedy: 'That account keeps it; the user signs in by username, and waits for a person to decide.',
  },
  'address-missing': { title: 'No address', remedy: 'Signs in by username.' },
  'address-invalid': {
    title: 'An address that no mail can be sent to',
    remedy: 'Archived as it was; the user signs in by username.',
  },
  'username-is-address': {
    title: 'A username that is an address',
    remedy: 'It is no username here. Who has no other address gets it as the address, unless it is somebody else’s.',
  },
  'username-of-another': {
    title: legacyFindings['username-of-another'],
    remedy: 'It names its owner alone; the user signs in by the own address.',
  },
  'username-shared': {
    title: legacyFindings['username-shared'],
    remedy: 'The last to have signed in keeps it; the others sign in by address, and wait for a person to decide.',
  },
  'username-taken': {
    title: 'A username that an account here has already',
    remedy: 'That account keeps it; the user signs in by address, and waits for a person to decide.',
  },
  'username-unusable': {
    title: 'A username that cannot be told apart from others, or has an @ and is no address',
    remedy: 'Archived as it was; the user signs in by address.',
  },
  nameless: {
    title: 'Nothing left to sign in with',
    remedy: 'Archived whole; no account is made. A person decides.',
  },
  erased: { title: 'Somebody who was erased here', remedy: 'Stays erased.' },
  'name-cleaned': {
    title: 'A name with characters that cannot be shown',
    remedy: 'Taken over without them; the original is archived.',
  },
  'phone-unreadable': { title: 'A phone number that is none', remedy: 'Archived as text; the field is empty.' },
  'birth-date-impossible': {
    title: 'A date of birth before 1901 or in the future',
    remedy: 'Archived; the field is empty.',
  },
  'country-unknown': { title: 'A country that is none', remedy: 'Archived as text; the field is empty.' },
  'text-unreadable': {
    title: 'A text that is too long or cannot be shown',
    remedy: 'Archived; the field is empty.',
  },
  'role-unknown': { title: legacyFindings['role-unknown'], remedy: 'Customer care, the least of the three.' },
  'staff-without-profile': {
    title: legacyFindings['staff-without-profile'],
    remedy: 'Gets an empty one: admin for a superuser, customer care for everybody else.',
  },
  superuser: { title: 'A superuser', remedy: 'Becomes an admin, whatever the profile says.' },
  inactive: { title: 'A user who is not active', remedy: 'The account is suspended.' },
  'password-unusable': { title: 'No password', remedy: 'The way in is recovery.' },
  'password-unknown': {
    title: 'A password whose hash is damaged or of an unknown format',
    remedy: 'Not taken over; the way in is recovery.',
  },
} as const satisfies Record<string, { title: string; remedy: string }>

export type Finding = keyof typeof findings
