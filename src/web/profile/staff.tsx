import { roleNames } from '../../accounts/account.ts'
import type { CountryCode } from 'libphonenumber-js'
import { fullName } from '../../accounts/account.ts'
import { staffProfileParser, type StaffProfileInput } from '../../flows/profile/input.ts'
import { editStaffProfile, readStaffProfile, type StaffProfile } from '../../flows/profile/profile.ts'
import type { Fields } from '../../http/form-body.ts'
import { longDate } from '../../ui/dates.ts'
import { urls } from '../../urls.ts'
import { profileLinks, type OwnProfile } from './own-profile.ts'
import { StaffProfilePage, type StaffAccount } from './page.tsx'

export function staffProfile(defaultCountry: CountryCode): OwnProfile<StaffProfile, StaffProfileInput> {
  return {
    url: urls.staffProfile,
    rule: { access: 'staff', may: 'use-console' },
    parse: staffProfileParser(defaultCountry),
    read: readStaffProfile,
    edit: editStaffProfile,
    valuesOf,
    page: (page, state, profile) => (
      <StaffProfilePage
        page={page}
        state={state}
        action={urls.staffProfile}
        links={profileLinks}
        account={profile && accountFrom(profile)}
      />
    ),
  }
}

function accountFrom(profile: StaffProfile): StaffAccount {
  return {
    name: fullName(profile),
    email: profile.email ?? '',
    username: profile.username,
    memberSince: longDate(profile.memberSince),
    role: roleNames[profile.profile.role],
  }
}

function valuesOf({ firstName, lastName, profile }: StaffProfile): Fields {
  return {
    first_name: firstName,
    last_name: lastName,
    phone_number: profile.phoneNumber ?? '',
    department: profile.department ?? '',
  }
}
