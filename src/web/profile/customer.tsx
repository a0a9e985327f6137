import type { CountryCode } from 'libphonenumber-js'
import { fullName } from '../../accounts/account.ts'
import { customerFormValues, customerProfileParser, type CustomerProfileInput } from '../../flows/profile/input.ts'
import { editCustomerProfile, readCustomerProfile, type CustomerProfile } from '../../flows/profile/profile.ts'
import { longDate } from '../../ui/dates.ts'
import { urls } from '../../urls.ts'
import { profileLinks, type OwnProfile } from './own-profile.ts'
import { ProfilePage, type CustomerAccount } from './page.tsx'

export function customerProfile(defaultCountry: CountryCode): OwnProfile<CustomerProfile, CustomerProfileInput> {
  return {
    url: urls.customerProfile,
    rule: { access: 'customer' },
    parse: customerProfileParser(defaultCountry),
    read: readCustomerProfile,
    edit: editCustomerProfile,
    valuesOf: customerFormValues,
    page: (page, state, profile) => (
      <ProfilePage
        page={page}
        state={state}
        action={urls.customerProfile}
        links={[
          ...profileLinks,
          { href: urls.ownData, words: 'Download everything held about you' },
          { href: urls.accountClosing, words: 'Close your account' },
        ]}
        confirmAgain={urls.confirmationRequest}
        account={profile && accountFrom(profile)}
        defaultCountry={defaultCountry}
      />
    ),
  }
}

function accountFrom(profile: CustomerProfile): CustomerAccount {
  return {
    name: fullName(profile),
    email: profile.email ?? '',
    username: profile.username,
    memberSince: longDate(profile.memberSince),
    emailConfirmed: profile.emailConfirmed,
  }
}
