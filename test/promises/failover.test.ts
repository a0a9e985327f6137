import { expect, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { ownCluster } from '../support/cluster.ts'
import { connectionTo } from '../support/database.ts'
import { openSite } from '../support/site.ts'
import { registrationForm, Visitor, type FormFields } from '../support/visitor.ts'

const own = await ownCluster()
const site = await openSite(own)

test('P5: nothing is acknowledged that the standby may not have, not even by a replay', async () => {
  const operator = await connectionTo(own.superuserUrl)
  const visitor = new Visitor(site)
  const form: FormFields = { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) }
  await operator.query(`alter system set synchronous_standby_names = 'gone'`)
  await operator.query('select pg_reload_conf()')
  await expect
    .poll(async () => (await operator.query('show synchronous_standby_names')).rows[0])
    .toEqual({ synchronous_standby_names: 'gone' })

  const first = await visitor.post(urls.customerRegistration, form)
  expect(first.status).toBe(503)
  // The row is there, committed on this server alone: after a crash of it, the standby would not know it.
  expect(
    (await operator.query('select from accounts where email_canonical = $1', [form['email']])).rowCount,
  ).toBeLessThanOrEqual(1)
  const second = await visitor.post(urls.customerRegistration, form)
  expect(second.status).toBe(503)
  expect(visitor.sessionToken).toBeUndefined()

  await operator.query(`alter system reset synchronous_standby_names`)
  await operator.query('select pg_reload_conf()')
  expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
  expect(await visitor.isSignedIn()).toBe(true)
  expect((await operator.query('select from accounts')).rowCount).toBe(1)
}, 120_000)
