import { expect, test } from 'vitest'
import { freePort } from '../../src/lib/free-port.ts'
import { urls } from '../../src/urls.ts'
import { ownCluster } from '../support/cluster.ts'
import { connectionTo } from '../support/database.ts'
import { startNode } from '../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../support/visitor.ts'

const PEOPLE = 16
const ROUNDS = 3
const REFUSED_AT_LEAST = 30

const own = await ownCluster()
const node = await startNode(own)

test('P6: with PostgreSQL stopped under load and started again, every answer is a success, a refusal in words, or a 503 that can be sent again', async () => {
  const answers: Answer[] = []
  let finished = 0
  let refused = 0
  const people = Array.from({ length: PEOPLE }, (_, index) => person(index))

  /** Registers, signs in on the side, and sends the same form again as long as the answer is 503, as the page says. */
  async function person(index: number): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const visitor = new Visitor(node)
      const form = {
        ...registrationForm({ company: `Löwe ${index}` }),
        submission: await visitor.token(urls.customerRegistration),
      }
      await untilAnswered(visitor, form)
      finished += 1
    }
  }

  async function untilAnswered(visitor: Visitor, form: FormFields): Promise<void> {
    for (;;) {
      const answer = await visitor.post(urls.customerRegistration, form)
      answers.push(answer)
      if (answer.status !== 503) return
      refused += 1
      expectFormKept(answer, form)
    }
  }

  await until(() => finished >= PEOPLE)
  await own.cluster.stop('SIGQUIT')
  await until(() => refused >= REFUSED_AT_LEAST)
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${node.url}/readyz`)).status).toBe(503)
  await own.cluster.restart()
  await Promise.all(people)

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303, 503]))
  expect(node.process.exitCode).toBeNull()
  expect(node.written()).not.toMatch(/unhandled|uncaught/)
  const client = await connectionTo(own.superuserUrl)
  const { rows } = await client.query(
    'select count(*)::int as accounts, (select count(*)::int from customer_profiles) as profiles from accounts',
  )
  expect(rows[0]).toEqual({ accounts: PEOPLE * ROUNDS, profiles: PEOPLE * ROUNDS })
}, 120_000)

test('P6: a node serves nobody before it is through with the database, and so never ends on somebody whom it serves', async () => {
  const port = await freePort()
  const holder = await connectionTo(own.superuserUrl)
  const watcher = await connectionTo(own.superuserUrl)
  await holder.query('begin; lock table invitations in share mode')
  const starting = startNode(own, {}, port)
  await until(async () => {
    const { rows } = await watcher.query(
      `select from pg_stat_activity where query like '%into invitations%' and wait_event_type = 'Lock'`,
    )
    return rows.length > 0
  })
  await expect(fetch(`http://localhost:${port}/healthz`)).rejects.toThrow()
  await holder.query('rollback')
  const { process: node } = await starting
  expect(node.exitCode).toBeNull()
  node.kill('SIGKILL')
})

function expectFormKept({ headers, body }: Answer, form: FormFields): void {
  expect(Number(headers['retry-after'])).toBeGreaterThan(0)
  expect(body).toMatch(/MA-[0-9A-Z]{4}-[0-9A-Z]{4}/)
  expect(body).toContain(`value="${form['email']}"`)
  expect(body).toContain(`value="${form['company']}"`)
  expect(body, 'the same submission').toContain(`value="${form['submission']}"`)
  expect(body).not.toContain(form['password'])
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}
