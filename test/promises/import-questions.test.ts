import { describe, expect, test } from 'vitest'
import { newId } from '../../src/lib/random.ts'
import { decideQuestion } from '../../src/operations/django-import/questions.ts'
import { urlOf, urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { accountId, auditDuring, customer, staffMember, type Person } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db, { LIMITS: 'off' })
const manager = await staffMember(db, site, 'manager')
const other = await staffMember(db, site, 'admin')
const care = await staffMember(db, site, 'customer_care')
const origin = { network: null, reference: 'MA-TEST' }
const run = newId()
await db.query(`insert into runs (id, kind, details) values ($1, 'import', '{"source": "django"}')`, [run])

/** Somebody who goes without the address of somebody else. */
async function question(finding = 'address-shared', wanted?: string) {
  const [without, keeper] = [await customer(site), await customer(site)]
  const [accountOf, keeperId] = await Promise.all([accountId(db, without.email), accountId(db, keeper.email)])
  const id = newId()
  await db.query(
    `insert into import_questions (id, run_id, legacy_id, account_id, finding, wanted) values ($1, $2, 7, $3, $4, $5)`,
    [id, run, accountOf, finding, wanted ?? keeper.email.toUpperCase()],
  )
  return { id, url: urlOf(urls.questionToDecide, id), accountOf, keeperId, wanted: keeper.email }
}

const decide = (person: Person, url: string, fields = {}) =>
  person.visitor.submit(url, { decision: 'kept-as-is', reason: 'They write to us from the other one.', ...fields })

describe('what an import left to a person', () => {
  test('is nothing on a site that nothing was imported into', async () => {
    const { status, body } = await manager.visitor.get(urls.toDecide)
    expect(status).toBe(200)
    expect(body).toContain('Nothing is to be decided.')
  })

  test('is listed with both people and a masked address, for whoever may decide and nobody else', async () => {
    const { url, accountOf, keeperId, wanted } = await question()
    const { body } = await manager.visitor.get(urls.toDecide)
    for (const there of [url, urlOf(urls.person, accountOf), urlOf(urls.person, keeperId)]) {
      expect(body).toContain(`href="${there}"`)
    }
    expect(body).toContain('An address that several users have')
    expect(body.toLowerCase()).not.toContain(wanted.toLowerCase())
    const page = (await manager.visitor.get(url)).body
    expect(page).toContain(`href="${urlOf(urls.personAddress, accountOf)}"`)
    expect(page.toLowerCase()).not.toContain(wanted.toLowerCase())

    for (const at of [urls.toDecide, url]) {
      expect((await care.visitor.get(at)).status).toBe(403)
      expect((await new Visitor(site).get(at)).status).toBe(303)
    }
    const submission = await care.visitor.token(urls.signInHelp)
    const sent = await care.visitor.post(url, { decision: 'settled', reason: 'No.', submission })
    expect(sent.status).toBe(403)
    expect(await db.count('import_questions where decided_at is not null')).toBe(0)
    expect((await care.visitor.get(urls.console)).body).not.toContain(urls.toDecide)
    expect((await manager.visitor.get(urls.console)).body).toContain(urls.toDecide)
  })

  test('is decided with a reason, recorded once however often the form is sent, and listed as decided', async () => {
    const { id, url, accountOf } = await question()
    const unsaid = await decide(manager, url, { decision: '', reason: '' })
    expect(unsaid.status).toBe(422)
    expect(unsaid.body).toContain('Choose what is decided.')

    const submission = await manager.visitor.token(url)
    const form = { decision: 'another-address', reason: 'Called, and has another.', submission }
    const events = await auditDuring(db, async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => manager.visitor.post(url, form)))
      for (const { status, headers } of answers) expect([status, headers.location]).toEqual([303, urls.toDecide])
    })
    expect(events).toMatchObject([
      {
        event: 'import-question-decided',
        account_id: accountOf,
        details: { question: id, decision: 'another-address', reason: 'Called, and has another.' },
      },
    ])
    const { body } = await manager.visitor.get(urls.toDecide)
    expect(body).not.toContain(`href="${url}"`)
    expect(body).toContain('Gets another address')
    expect(body).toContain('Called, and has another.')
  })

  test('of two who decide at once one does, and the other is told what was decided', async () => {
    const { id, url } = await question()
    const forms = await Promise.all(
      [manager, other].map(async (person, index) => ({
        person,
        form: {
          decision: ['kept-as-is', 'settled'][index] as string,
          reason: 'Seen to.',
          submission: await person.visitor.token(url),
        },
      })),
    )
    const events = await auditDuring(db, async () => {
      const answers = await Promise.all(forms.map(({ person, form }) => person.visitor.post(url, form)))
      expect(new Set(answers.map(({ headers }) => headers.location))).toEqual(new Set([urls.toDecide, url]))
      const beaten = forms[answers.findIndex(({ headers }) => headers.location === url)]
      const told = await beaten?.person.visitor.get(url)
      expect(told?.body).toContain('Somebody else decided that meanwhile.')
      expect(told?.body).toContain('Seen to.')
      expect(told?.body).not.toContain('name="decision"')
    })
    expect(events).toHaveLength(1)
    const [row] = await db.query(`select decision from import_questions where id = $1`, [id])
    expect(row).toEqual({ decision: events[0]?.details['decision'] })
  })

  test('is decided by nobody who may not any more at the moment itself', async () => {
    const { id } = await question()
    const deciding = { question: id, decision: 'settled', reason: 'Seen to.' } as const
    const actorId = await accountId(db, care.email)
    expect(await decideQuestion(db.database, { ...deciding, actorId }, origin)).toBe('not-allowed')
    expect(await decideQuestion(db.database, { ...deciding, question: newId(), actorId }, origin)).toBe(
      'no-such-question',
    )
    expect((await manager.visitor.get(urlOf(urls.questionToDecide, newId()))).status).toBe(404)
  })

  test('of a user without an account says so, and one whose name nobody has any more as well', async () => {
    const id = newId()
    await db.query(
      `insert into import_questions (id, run_id, legacy_id, finding, wanted) values ($1, $2, 4711, 'nameless', 'user 4711')`,
      [id, run],
    )
    await question('username-shared', 'somebody.long.gone')
    const { body } = await manager.visitor.get(urls.toDecide)
    expect(body).toContain('User 4711 of django')
    expect(body).toContain('Nobody any more')
    expect(body).not.toContain('somebody.long.gone')
    const page = (await manager.visitor.get(urlOf(urls.questionToDecide, id))).body
    expect(page).toContain('No account is made')
    expect(page).not.toContain('another address')
  })

  test('is paged without a gap, also past a question that was decided meanwhile', async () => {
    await db.query(
      `insert into import_questions (id, run_id, legacy_id, finding, wanted)
       select gen_random_uuid(), $1, 10000 + n, 'nameless', 'user ' || n from generate_series(1, 120) n`,
      [run],
    )
    const open = await db.count('import_questions where decided_at is null')
    const seen: string[] = []
    for (let next: string | undefined = urls.toDecide; next !== undefined;) {
      const { body } = await manager.visitor.get(next)
      seen.push(...[...body.matchAll(/class="button[^>]*href="([^"]*)"/g)].map(([, href = '']) => href))
      const last = seen.at(-1)?.split('/').at(-2)
      await db.query(`update import_questions set decided_at = now(), decision = 'settled' where id = $1`, [last])
      next = /href="([^"]*)"[^>]*>Next</.exec(body)?.[1]
    }
    expect(new Set(seen).size).toBe(open)
    expect(seen).toHaveLength(open)
  })
})
