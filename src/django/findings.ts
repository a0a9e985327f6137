/**
 * What is amiss in a legacy database, by the names that everybody calls it by who looks: the import that takes its people
 * over, and the doctor and the repair of the database itself. What becomes of it each says for itself.
 */
export const legacyFindings = {
  'several-profiles': 'Several profiles of one user',
  'profile-without-user': 'A profile whose user is gone',
  'profile-of-wrong-kind': 'A profile of the wrong kind',
  'profile-missing': 'A user without a profile',
  'staff-without-profile': 'Staff without a staff profile',
  'address-shared': 'An address that several users have, in this or another case',
  'username-shared': 'A username that several users have, in another case',
  'username-of-another': 'A username that is the address of somebody else',
  'role-unknown': 'A staff role that does not exist here',
} as const

export type LegacyFinding = keyof typeof legacyFindings
