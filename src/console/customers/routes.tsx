import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { exportCustomers } from '../../accounts/directory/export.ts'
import { listCustomers } from '../../accounts/directory/list.ts'
import type { ListedCustomer } from '../../accounts/directory/listed.ts'
import { searchCustomers } from '../../accounts/directory/search.ts'
import { may } from '../../accounts/permissions.ts'
import type { Database } from '../../database/database.ts'
import { fieldsOf, queryOf, type Fields } from '../../http/form-body.ts'
import type { Web } from '../../http/web.ts'
import { CSV_BEGINNING, csvLine } from '../../lib/csv.ts'
import { placeOf } from '../../lib/place.ts'
import { showable } from '../../lib/text.ts'
import { urls } from '../../urls.ts'
import { fieldsFor, viewOf } from './filter.ts'
import { CustomersFoundPage, CustomersPage } from './page.tsx'

export function customersRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.customers, { config: { access: 'staff', may: 'find-customers' } }, async (request, reply) => {
    const view = viewOf(queryOf(request))
    const list = await listCustomers(database, view.filter, view.order, placeOf(queryOf(request)))
    return web.send(
      reply,
      <CustomersPage
        page={web.page(request, reply)}
        search={search(request, reply)}
        view={view}
        list={list}
        listUrl={urls.customers}
        downloadUrl={may(web.signedIn(request), 'export-customers') ? urls.customersDownload : null}
      />,
    )
  })

  /** Somebody who had to sign in first comes back without what they searched for. */
  server.get(urls.customersFound, { config: { access: 'staff', may: 'find-customers' } }, async (_, reply) =>
    web.redirect(reply, urls.customers),
  )

  /** A question and no change: sent by POST alone so that what was typed stands in no address. */
  server.post(urls.customersFound, { config: { access: 'staff', may: 'find-customers' } }, async (request, reply) => {
    const { typed = '' } = fieldsOf(request)
    if (typed.trim() === '') return web.redirect(reply, urls.customers)
    const found = await searchCustomers(database, typed)
    return web.send(
      reply,
      <CustomersFoundPage
        page={web.page(request, reply)}
        search={{ ...search(request, reply), typed: showable(typed) }}
        found={found}
        listUrl={urls.customers}
      />,
    )
  })

  server.get(urls.customersDownload, { config: { access: 'staff', may: 'export-customers' } }, async (_, reply) =>
    web.redirect(reply, urls.customers),
  )

  server.post(
    urls.customersDownload,
    { config: { access: 'staff', may: 'export-customers', recent: true } },
    async (request, reply) => {
      const view = viewOf(fieldsOf(request))
      if (web.submissions.check(request).state !== 'fresh')
        return web.redirect(reply, listAddress(fieldsFor(view)), 'send-once-more')
      const customers = exportCustomers(database, view.filter, web.signedIn(request), web.origin(request))
      return sendTable(reply, customers)
    },
  )

  function search(request: FastifyRequest, reply: FastifyReply) {
    return { action: urls.customersFound, token: web.submissions.newToken(request, reply), typed: '' }
  }
}

function sendTable(reply: FastifyReply, customers: AsyncGenerator<ListedCustomer[]>): FastifyReply {
  const file = `customers-${new Date().toISOString().slice(0, 10)}.csv`
  return reply
    .header('cache-control', 'no-store')
    .header('content-disposition', `attachment; filename="${file}"`)
    .type('text/csv; charset=utf-8')
    .send(Readable.from(tableOf(customers), { objectMode: false, highWaterMark: 64 * 1024 }))
}

const COLUMNS = {
  id: ({ id }) => id,
  first_name: ({ first_name }) => first_name,
  last_name: ({ last_name }) => last_name,
  email: ({ email }) => email,
  username: ({ username }) => username,
  phone_number: ({ phone_number }) => phone_number,
  company: ({ company }) => company,
  city: ({ city }) => city,
  country: ({ country }) => country,
  state: ({ state }) => state,
  registered_at: ({ created_at }) => created_at.toISOString(),
} satisfies Record<string, (customer: ListedCustomer) => string | null>

async function* tableOf(customers: AsyncIterable<ListedCustomer[]>): AsyncGenerator<string> {
  yield CSV_BEGINNING + csvLine(Object.keys(COLUMNS))
  for await (const some of customers) {
    yield some.map((customer) => csvLine(Object.values(COLUMNS).map((value) => value(customer)))).join('')
  }
}

function listAddress(fields: Fields): string {
  return `${urls.customers}?${new URLSearchParams(fields).toString()}`
}
