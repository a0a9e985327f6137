import type { JSX } from 'preact'
import { COUNTED_UP_TO, type CustomerPage } from '../../accounts/directory/list.ts'
import { type CustomerState, type ListedCustomer } from '../../accounts/directory/listed.ts'
import { MOST_FOUND, type Found } from '../../accounts/directory/search.ts'
import { allCountries } from '../../accounts/profiles/countries.ts'
import { dayInWords } from '../../lib/moments.ts'
import { Filters } from '../../ui/filters.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import { maskedEmail, maskedPhone } from '../../ui/masked.ts'
import type { PageContext } from '../../ui/page.ts'
import { Pager } from '../../ui/pager.tsx'
import { Standing, type StandingProps } from '../../ui/standing.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { urlOf, urls } from '../../urls.ts'
import { fieldsFor, WITHIN, type View } from './filter.ts'

interface SearchProps {
  action: string
  token: string
  typed: string
}

export interface CustomersPageProps {
  page: PageContext
  search: SearchProps
  view: View
  list: CustomerPage
  listUrl: string
  /** Null for whom the list is not to be downloaded by. */
  downloadUrl: string | null
}

export function CustomersPage({ page, search, view, list, listUrl, downloadUrl }: CustomersPageProps): JSX.Element {
  return (
    <Layout page={page} title="Customers" shape="console">
      <PageHeading title="Customers" />
      <Search {...search} />
      <section id="results" class="results customers" aria-label="Customers">
        <CustomerFilters view={view} listUrl={listUrl} />
        <div class="results-top">
          <p>{countInWords(list.count, view)}</p>
          {downloadUrl ? <Download url={downloadUrl} view={view} token={search.token} /> : null}
        </div>
        <CustomerTable caption="Customers" customers={list.customers} none="No customer fits. Choose less above." />
        <Pager
          url={listUrl}
          view={fieldsFor(view)}
          ids={list.customers.map(({ id }) => id)}
          earlier={list.earlier}
          later={list.later}
        />
      </section>
    </Layout>
  )
}

export interface CustomersFoundPageProps {
  page: PageContext
  search: SearchProps
  found: Found
  listUrl: string
}

export function CustomersFoundPage({ page, search, found, listUrl }: CustomersFoundPageProps): JSX.Element {
  return (
    <Layout page={page} title="Customers found" shape="console">
      <PageHeading title="Customers" />
      <Search {...search} />
      <section id="results" class="results customers" aria-label="Customers found">
        <div class="results-top">
          <p data-results-words>{foundInWords(found)}</p>
          <p>
            <a href={listUrl}>All customers</a>
          </p>
        </div>
        <CustomerTable
          caption="Customers found"
          customers={found.customers}
          none="Try less of it, such as the beginning of a name, a company, or the last digits of the number."
        />
      </section>
    </Layout>
  )
}

/** Sent by the button or Enter; with JavaScript the results follow the typing. */
function Search({ action, token, typed }: SearchProps) {
  return (
    <search>
      <form class="find" method="post" action={action} data-find>
        <input type="hidden" name="submission" value={token} />
        <label class="label" for="typed">
          Find a customer
        </label>
        <p class="hint" id="typed-hint">
          A part of a name, email address, number or company, in any order.
        </p>
        <div class="find-row">
          <input
            class="input"
            id="typed"
            name="typed"
            type="search"
            value={typed}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            dir="auto"
            maxLength={200}
            aria-describedby="typed-hint"
          />
          <button class="button button-primary" type="submit">
            Find
          </button>
        </div>
        <p class="visually-hidden" role="status" data-find-status></p>
      </form>
    </search>
  )
}

const STATES: Record<CustomerState, StandingProps & { filter: string }> = {
  active: { kind: 'good', words: 'Active', filter: 'Active' },
  unconfirmed: { kind: 'waiting', words: 'Unconfirmed', filter: 'Address unconfirmed' },
  suspended: { kind: 'amiss', words: 'Suspended', filter: 'Suspended' },
  closing: { kind: 'over', words: 'Closing', filter: 'Closing' },
}

function CustomerFilters({ view: { filter, order }, listUrl }: { view: View; listUrl: string }) {
  const states = Object.entries(STATES).map(([value, { filter: label }]) => ({ value, label }))
  const countries = allCountries.map(({ code, name }) => ({ value: code, label: name }))
  const within = Object.entries(WITHIN).map(([value, label]) => ({ value, label }))
  const orders = [
    { value: 'newest', label: 'Newest first' },
    { value: 'name', label: 'By last name' },
  ]
  return (
    <Filters
      action={listUrl}
      choices={[
        { name: 'state', label: 'State', any: 'Any', options: states, chosen: filter.state },
        { name: 'country', label: 'Country', any: 'Any', options: countries, chosen: filter.country },
        {
          name: 'within',
          label: 'Registered',
          any: 'Ever',
          options: within,
          chosen: filter.within?.toString() ?? null,
        },
        { name: 'order', label: 'Order', options: orders, chosen: order },
      ]}
    />
  )
}

function Download({ url, view, token }: { url: string; view: View; token: string }) {
  return (
    <form method="post" action={url}>
      <input type="hidden" name="submission" value={token} />
      {Object.entries(fieldsFor(view)).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button class="link-button" type="submit">
        Download these as CSV
      </button>
    </form>
  )
}

function CustomerTable({ caption, customers, none }: { caption: string; customers: ListedCustomer[]; none: string }) {
  return <Table caption={caption} columns={COLUMNS} rows={customers} none={none} />
}

const COLUMNS: readonly Column<ListedCustomer>[] = [
  { label: 'Name', head: true, value: (customer) => <NameLink {...customer} /> },
  { label: 'Email', value: ({ email }) => email && <bdi>{maskedEmail(email)}</bdi> },
  { label: 'Phone', whole: true, value: ({ phone_number }) => phone_number && <bdi>{maskedPhone(phone_number)}</bdi> },
  { label: 'Company', value: ({ company }) => company && <bdi>{company}</bdi> },
  {
    label: 'Place',
    value: ({ city, country }) => (city ?? country) && <bdi>{[city, country].filter(Boolean).join(', ')}</bdi>,
  },
  { label: 'State', value: ({ state }) => <Standing kind={STATES[state].kind} words={STATES[state].words} /> },
  { label: 'Registered', whole: true, value: ({ created_at }) => dayInWords(created_at) },
]

function NameLink(customer: ListedCustomer) {
  return (
    <a href={urlOf(urls.person, customer.id)}>
      <bdi>{nameOf(customer)}</bdi>
    </a>
  )
}

function nameOf({ first_name, last_name, username }: ListedCustomer): string {
  return `${first_name} ${last_name}`.trim() || (username ?? 'No name')
}

function countInWords(count: number | null, { filter }: View): string {
  const filtered = filter.state !== null || filter.country !== null || filter.within !== null
  const fitting = filtered ? ' that fit' : ''
  if (count === null) return `More than ${COUNTED_UP_TO.toLocaleString('en')} customers${fitting}`
  return count === 1 ? `1 customer${filtered ? ' that fits' : ''}` : `${count.toLocaleString('en')} customers${fitting}`
}

function foundInWords({ customers, more, guessed }: Found): string {
  if (customers.length === 0) return 'Nobody found.'
  if (more) return `More than ${MOST_FOUND} found, of whom these are some. Add another word.`
  const count = customers.length === 1 ? '1 customer' : `${customers.length} customers`
  return guessed ? `Nobody has exactly that. ${count} with something like it.` : `${count} found.`
}
