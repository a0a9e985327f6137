import { describe, expect, onTestFinished, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { PostgresProxy } from '../support/postgres-proxy.ts'
import { openSite, startNode } from '../support/site.ts'
import { registrationForm, Visitor, welcome, type FormFields } from '../support/visitor.ts'

const PARTS = ['accounts', 'customer_profiles', 'passwords', 'receipts', 'sessions', 'letters', 'audit_events']

const db = await freshDatabase()
const proxy = await PostgresProxy.before(db.appUrl)
const site = await openSite({ appUrl: proxy.url(db.appUrl) })

describe('P3: a registration is carried out whole or not at all', () => {
  test.each(PARTS)(
    'a fault while %s is written leaves nothing behind, keeps the form, and the same submission then works',
    async (part) => {
      const before = await rowsOf(PARTS)
      const { visitor, form } = await filledIn()
      const owner = await connectionTo(db.ownerUrl)
      await owner.query(`
      create or replace function fail() returns trigger language plpgsql as $$ begin raise exception 'the disk is full' using errcode = '53100'; end $$;
      create trigger fail after insert on ${part} for each row execute function fail()`)
      onTestFinished(async () => {
        await owner.query(`drop trigger if exists fail on ${part}`)
      })

      const refused = await visitor.post(urls.customerRegistration, form)
      expect(refused.status).toBe(503)
      expect(refused.body).toContain(`value="${form['email']}"`)
      expect(await rowsOf(PARTS)).toEqual(before)

      await owner.query(`drop trigger fail on ${part}`)
      expect((await visitor.post(urls.customerRegistration, form)).status).toBe(303)
      expect((await visitor.get(urls.landing)).body).toContain(welcome('Ann Archer'))
      expect(await rowsOf(PARTS)).toEqual(before.map((count) => count + 1))
    },
  )
})

describe('P4: an answer that is lost on its way', () => {
  test('from the database, after it has committed: the receipt tells, and the person is welcomed', async () => {
    const before = await db.count('accounts')
    const { visitor, form } = await filledIn()
    proxy.loseAnswerTo((sent) => sent.includes(form['email'] as string))
    const answer = await visitor.post(urls.customerRegistration, form)
    expect(answer.status).toBe(303)
    expect((await visitor.get(urls.landing)).body).toContain(welcome('Ann Archer'))
    expect(await db.count('accounts')).toBe(before + 1)
  })

  test('from a node that is killed with -9 at any moment: the other one completes it, once', async () => {
    const rounds = 8
    const before = await db.count('accounts')
    for (let round = 0; round < rounds; round += 1) {
      const doomed = await startNode(db)
      const visitor = new Visitor(doomed)
      const forms = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const person = visitor.at(doomed)
          return { person, form: { ...registrationForm(), submission: await person.token(urls.customerRegistration) } }
        }),
      )
      const lost = forms.map(({ person, form }) => person.post(urls.customerRegistration, form).catch(() => null))
      await new Promise((resolve) => setTimeout(resolve, round * 4))
      doomed.process.kill('SIGKILL')
      await Promise.all(lost)

      for (const { person, form } of forms) {
        const elsewhere = person.at(site)
        elsewhere.cookies.delete('meridian-session')
        expect((await elsewhere.post(urls.customerRegistration, form)).status).toBe(303)
        expect(await elsewhere.isSignedIn()).toBe(true)
      }
    }
    expect(await db.count('accounts')).toBe(before + rounds * 6)
    expect(await db.count('customer_profiles')).toBe(before + rounds * 6)
    expect(await db.count(`letters where kind = 'welcome'`)).toBe(before + rounds * 6)
  }, 120_000)
})

async function filledIn(): Promise<{ visitor: Visitor; form: FormFields }> {
  const visitor = new Visitor(site)
  return { visitor, form: { ...registrationForm(), submission: await visitor.token(urls.customerRegistration) } }
}

function rowsOf(tables: string[]): Promise<number[]> {
  return Promise.all(tables.map((table) => db.count(table)))
}
