import { describe, expect, test } from 'vitest'
import { exportCustomers } from '../../src/accounts/directory/export.ts'
import { urls } from '../../src/urls.ts'
import { openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'
import { arrivalAfter, fillIn } from './errands.ts'

const db = await freshDatabase()
const site = await openSite(db)
const browser = await openBrowser()
const care = await staffMember(db, site, 'customer_care')
const manager = await staffMember(db, site, 'manager')
const person = { last_name: 'Quellenthal', company: '=cmd|calc', phone_number: '+442079460958', username: 'quelle.1' }
const { email } = await new Visitor(site).register({ first_name: 'Zdeňka', ...person })

async function find(visitor: Visitor, typed: string): Promise<string> {
  const submission = await visitor.token(urls.customers)
  const { status, body } = await visitor.post(urls.customersFound, { typed, submission })
  expect(status, typed.slice(0, 50)).toBe(200)
  return body
}

describe('whoever helps customers', () => {
  test('finds one who registered a moment ago, and sees addresses and numbers masked', async () => {
    const body = await find(care.visitor, 'zdenka quell')
    expect(body).toContain('Zdeňka Quellenthal')
    expect(body).not.toContain(email)
    expect(body).not.toContain('2079460958')
    expect(body).toContain('+44 … 58')
  })

  test('may type anything', async () => {
    for (const typed of ["o'", '"><script>', '%', '_', '\\', '😀', 'İıiI', 'x'.repeat(10_000), '{}', '\u202e']) {
      expect(await find(care.visitor, typed)).not.toContain('<script>')
    }
    const withNul = await care.visitor.post(urls.customersFound, { typed: 'a\0b' })
    expect(withNul.status).toBeLessThan(500)
  })

  test('is not offered the download, and does not get it', async () => {
    const { body } = await care.visitor.get(urls.customers)
    expect(body).not.toContain(urls.customersDownload)
    const submission = await care.visitor.token(urls.customers)
    expect((await care.visitor.post(urls.customersDownload, { submission })).status).toBe(403)
  })
})

describe('the download', () => {
  test('holds whom the filter lets through, is safe in a spreadsheet, and is recorded', async () => {
    const submission = await manager.visitor.token(urls.customers)
    const { status, headers, body } = await manager.visitor.post(urls.customersDownload, { submission, within: '7' })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(headers['content-disposition']).toMatch(/^attachment; filename="customers-[\d-]+\.csv"$/)
    expect(body.startsWith('\uFEFF"id","first_name"')).toBe(true)
    expect(body).toContain(`"${email}"`)
    expect(body).toContain(`"'=cmd|calc"`)
    expect(body).toContain(`"'+442079460958"`)
    const customers = await db.count(`accounts where kind = 'customer'`)
    expect(body.trimEnd().split('\r\n').length).toBe(customers + 1)
    const events = await db.query<{ event: string; details: unknown }>(
      `select event, details from audit_events where event like 'customers-%' order by id`,
    )
    expect(events).toEqual([
      { event: 'customers-exported', details: { state: null, country: null, within: 7 } },
      { event: 'customers-export-ended', details: { rows: customers, complete: true } },
    ])
  })

  test('that breaks off is recorded as broken off, with how many were read', async () => {
    const { email: address } = await staffMember(db, site, 'manager')
    const by = { id: await accountId(db, address) }
    const filter = { state: null, country: null, within: null }
    const download = exportCustomers(db.database, filter, by, { network: null, reference: 'MA-BROK-ENOF' })
    const { value: first } = await download.next()
    await download.return(undefined)
    const ends = await db.query<{ details: unknown }>(
      `select details from audit_events where event = 'customers-export-ended' and reference = 'MA-BROK-ENOF'`,
    )
    expect(ends).toEqual([{ details: { rows: first?.length, complete: false } }])
    expect(first?.length).toBeGreaterThan(0)
  })

  test('asks for the password again when it was given long ago', async () => {
    const { visitor } = await staffMember(db, site, 'manager')
    const submission = await visitor.token(urls.customers)
    await db.query(`update sessions set authenticated_at = now() - interval '1 hour'`)
    expect((await visitor.post(urls.customersDownload, { submission })).status).toBe(307)
  })

  test('is nobody’s without the form of this site', async () => {
    const { visitor } = await staffMember(db, site, 'admin')
    const before = await db.count(`audit_events where event = 'customers-exported'`)
    expect((await visitor.post(urls.customersDownload, { submission: 'made.up' })).status).toBe(303)
    expect(await db.count(`audit_events where event = 'customers-exported'`)).toBe(before)
  })
})

describe.each([true, false])('in a browser, JavaScript %s', (javaScriptEnabled) => {
  test('a customer is found', async () => {
    const page = await browser.newPage({ javaScript: javaScriptEnabled })
    const staff = await staffMember(db, site)
    await page.goto(site.url + urls.staffSignIn)
    await fillIn(page, { identifier: staff.email, password: staff.password })
    await arrivalAfter(page, () => page.getByRole('button', { name: 'Sign in' }).click())
    await page.getByRole('link', { name: 'Customers' }).click()
    await page.getByLabel('Find a customer').pressSequentially('qellenthal')
    if (!javaScriptEnabled) await arrivalAfter(page, () => page.keyboard.press('Enter'))
    await page.getByRole('rowheader', { name: 'Zdeňka Quellenthal' }).waitFor()
    expect(await page.getByText('something like it').first().textContent()).toContain('1 customer')
    expect(page.url()).not.toContain('qellenthal')
    if (javaScriptEnabled) {
      await page.getByLabel('Find a customer').fill('')
      await page.getByRole('button', { name: 'Show' }).waitFor()
    }
    await page.getByRole('link', { name: 'Zdeňka Quellenthal' }).click()
    await page.getByRole('heading', { name: 'Zdeňka Quellenthal' }).waitFor()
  })
})

test('a list whose address nobody wrote is a list all the same', async () => {
  const { body } = await care.visitor.get(`${urls.customers}?state=unconfirmed&order=name&country=nowhere&after=1`)
  expect(body).toContain('Quellenthal')
  expect((await care.visitor.get(`${urls.customers}?within=__proto__&order=constructor&end=x`)).status).toBe(200)
})
