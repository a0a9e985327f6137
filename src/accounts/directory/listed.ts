import { sql } from '../../database/sql.ts'

/** What is known of a customer where many are shown. Addresses and numbers are whole here; a page masks them. */
export interface ListedCustomer {
  id: string
  first_name: string
  last_name: string
  email: string | null
  username: string | null
  phone_number: string | null
  company: string | null
  city: string | null
  country: string | null
  state: CustomerState
  created_at: Date
}

export const customerStates = ['active', 'unconfirmed', 'suspended', 'closing'] as const

export type CustomerState = (typeof customerStates)[number]

/** The columns of a listed customer, for a statement that calls the directory `d`, the account `a` and the profile `p`. */
export const LISTED = sql`
  a.id, a.first_name, a.last_name, a.email, a.username, p.phone_number, p.company, p.city, p.country, d.state, a.created_at`

export const LISTED_FROM = sql`
  join accounts a on a.id = d.account_id join customer_profiles p on p.account_id = d.account_id`
