import type { CountryCode } from 'libphonenumber-js'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { fullName, type Account } from '../../accounts/account.ts'
import { allCountries } from '../../accounts/profiles/countries.ts'
import type { Database } from '../../database/database.ts'
import { customerProfileParser, staffProfileParser } from '../../flows/profile/input.ts'
import {
  editCustomerProfile,
  editStaffProfile,
  readCustomerProfile,
  readStaffProfile,
  type CustomerProfile,
  type StaffProfile,
} from '../../flows/profile/profile.ts'
import type { Fields } from '../../http/form-body.ts'
import { fieldsOf, type Web } from '../../http/web.ts'
import type { FormState } from '../../ui/form.tsx'
import { urls } from '../../urls.ts'
import { ProfilePage, StaffProfilePage } from './page.tsx'

const countryOptions = allCountries.map(({ code, name }) => ({ value: code, label: name }))

export function profileRoutes(
  server: FastifyInstance,
  web: Web,
  database: Database,
  defaultCountry: CountryCode,
): void {
  const parseCustomer = customerProfileParser(defaultCountry)
  const parseStaff = staffProfileParser(defaultCountry)

  server.get(urls.customerProfile, { config: { access: 'customer' } }, async (request, reply) => {
    const profile = await readCustomerProfile(database, accountOf(request).id)
    return web.send(reply, customerPage(request, reply, web.form(request, reply, customerValues(profile)), profile))
  })

  server.post(urls.customerProfile, { config: { access: 'customer', form: customerForm } }, async (request, reply) => {
    const verdict = web.submissions.check(request, fieldsOf(request)['submission'])
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parseCustomer(fieldsOf(request))
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    await editCustomerProfile(database, accountOf(request).id, parsed.value, web.origin(request))
    return web.redirect(reply, urls.customerProfile, 'profile-saved')
  })

  server.get(urls.staffProfile, { config: { access: 'staff' } }, async (request, reply) => {
    const profile = await readStaffProfile(database, accountOf(request).id)
    return web.send(reply, staffPage(request, reply, web.form(request, reply, staffValues(profile)), profile))
  })

  server.post(urls.staffProfile, { config: { access: 'staff', form: staffForm } }, async (request, reply) => {
    const verdict = web.submissions.check(request, fieldsOf(request)['submission'])
    if (verdict.state !== 'fresh') return web.refuseToken(request, reply, verdict.state)
    const parsed = parseStaff(fieldsOf(request))
    if (!parsed.ok) return web.refuseFields(request, reply, parsed.refusals)
    await editStaffProfile(database, accountOf(request).id, parsed.value, web.origin(request))
    return web.redirect(reply, urls.staffProfile, 'profile-saved')
  })

  async function customerForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return customerPage(request, reply, state, await profileUnlessAway(request, readCustomerProfile))
  }

  async function staffForm(request: FastifyRequest, reply: FastifyReply, state: FormState) {
    return staffPage(request, reply, state, await profileUnlessAway(request, readStaffProfile))
  }

  /** The form is shown again even when the database is what failed; it then does without what stands beside the fields. */
  async function profileUnlessAway<Profile>(
    request: FastifyRequest,
    read: (database: Database, id: string) => Promise<Profile | null>,
  ) {
    if (!request.session) return null
    try {
      return await read(database, request.session.account.id)
    } catch (error) {
      request.log.warn({ err: error }, 'a profile could not be read for a form that is shown again')
      return null
    }
  }

  function customerPage(
    request: FastifyRequest,
    reply: FastifyReply,
    state: FormState,
    profile: CustomerProfile | null,
  ) {
    const account = profile && {
      name: fullName(profile),
      email: profile.email ?? '',
      username: profile.username,
      memberSince: longDate(profile.memberSince),
      emailConfirmed: profile.emailConfirmed,
    }
    return (
      <ProfilePage
        page={web.page(request, reply)}
        state={state}
        action={urls.customerProfile}
        account={account}
        countries={countryOptions}
        defaultCountry={defaultCountry}
      />
    )
  }

  function staffPage(request: FastifyRequest, reply: FastifyReply, state: FormState, profile: StaffProfile | null) {
    const account = profile && {
      name: fullName(profile),
      email: profile.email ?? '',
      username: profile.username,
      memberSince: longDate(profile.memberSince),
      role: profile.profile.role.replace('_', ' '),
    }
    return (
      <StaffProfilePage page={web.page(request, reply)} state={state} action={urls.staffProfile} account={account} />
    )
  }
}

/** The guard has admitted somebody; who, it has left on the request. */
function accountOf(request: FastifyRequest): Account {
  const account = request.session?.account
  if (!account) throw new Error(`${request.routeOptions.url} let in nobody`)
  return account
}

function customerValues(found: CustomerProfile | null): Fields {
  if (!found) return {}
  const { firstName, lastName, profile } = found
  return withoutNulls({
    first_name: firstName,
    last_name: lastName,
    phone_number: profile.phoneNumber,
    company: profile.company,
    address: profile.address,
    city: profile.city,
    state: profile.state,
    country: profile.country,
    postal_code: profile.postalCode,
    date_of_birth: profile.dateOfBirth,
  })
}

function staffValues(found: StaffProfile | null): Fields {
  if (!found) return {}
  const { firstName, lastName, profile } = found
  return withoutNulls({
    first_name: firstName,
    last_name: lastName,
    phone_number: profile.phoneNumber,
    department: profile.department,
  })
}

function withoutNulls(values: Record<string, string | null>): Fields {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? '']))
}

function longDate(date: Date): string {
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}
