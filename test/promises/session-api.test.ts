import { describe, expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db)

describe('another service of the business, which passes a browser’s cookie on,', () => {
  test('is told who is signed in, and nothing that a session does not carry', async () => {
    const visitor = new Visitor(site)
    const { email } = await visitor.register({ username: 'ann.api' })
    const answer = await visitor.get(urls.sessionApi)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(answer.body)).toEqual({
      account: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        kind: 'customer',
        firstName: 'Ann',
        lastName: 'Archer',
        email,
        username: 'ann.api',
        role: null,
      },
      recent: true,
    })
  })

  test('is told that nobody is: without a cookie, with one that was never given, and after the sign-out', async () => {
    const nobody = { account: null, recent: false }
    expect(JSON.parse((await new Visitor(site).get(urls.sessionApi)).body)).toEqual(nobody)
    const forger = new Visitor(site)
    forger.cookies.set('meridian-session', 'A'.repeat(43))
    expect(JSON.parse((await forger.get(urls.sessionApi)).body)).toEqual(nobody)
    const visitor = new Visitor(site)
    await visitor.register()
    const before = new Visitor(site)
    before.cookies.set('meridian-session', visitor.cookies.get('meridian-session') as string)
    await visitor.submit(urls.customerSignOut, {})
    expect(JSON.parse((await before.get(urls.sessionApi)).body)).toEqual(nobody)
  })

  test('is told so of a suspended account on the very next request', async () => {
    const visitor = new Visitor(site)
    const { email } = await visitor.register()
    await db.query(`update accounts set status = 'suspended' where email = $1`, [email])
    expect(JSON.parse((await visitor.get(urls.sessionApi)).body).account).toBeNull()
  })
})
