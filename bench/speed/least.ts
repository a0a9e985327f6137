import { hash, verify, type Options } from '@node-rs/argon2'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { guessClaims } from '../../src/accounts/passwords/guesses.ts'
import { HashingQueue } from '../../src/accounts/passwords/hashing-queue.ts'
import { newSessionToken } from '../../src/accounts/sessions/sessions.ts'
import type { Database } from '../../src/database/database.ts'
import type { Statement } from '../../src/database/sql.ts'
import { signInStatement } from '../../src/flows/sign-in/statements.ts'
import { newSecret } from '../../src/lib/random.ts'
import { limitsIn } from '../../src/limits/limits.ts'
import { FORM, fromSomewhere, PASSWORD } from './errands.ts'
import { aRegistration } from './statements.ts'

/** A hash, and the statement that follows it. */
interface Prepared {
  hash: () => Promise<unknown>
  statement: Statement
}

/**
 * The least of a registration and of a sign-in: a password hashed, as many at once as there are cores, and then the very
 * statement that ours sends, made before the time is taken. No form is read, no limit is asked, no password is judged and no page
 * rendered. What this reaches of bare argon2id no server reaches that does more on the same cores, with the same database beside it.
 */
export function leastRoutes(server: FastifyInstance, pool: Pool, cost: Options): void {
  const queue = new HashingQueue({ bearable: Infinity, patience: 60_000 })
  const ready: Prepared[] = []

  server.addContentTypeParser(FORM, { parseAs: 'buffer' }, (_request, _body, done) => done(null, null))

  server.get<{ Querystring: { count: string } }>('/least/registrations', async ({ query }) => {
    const password = await hash(PASSWORD, cost)
    for (let more = Number(query.count); more > 0; more -= 1) {
      const { client, origin } = somewhere()
      ready.push({ hash: () => hash(PASSWORD, cost), statement: await aRegistration(password, client, origin) })
    }
    return {}
  })

  server.get<{ Querystring: { count: string } }>('/least/sign-ins', async ({ query }) => {
    const { rows } = await pool.query<{ account_id: string; hash: string }>(
      'select account_id, hash from passwords order by account_id limit 30',
    )
    for (let more = Number(query.count); more > 0; more -= 1) {
      const one = rows[more % rows.length] as { account_id: string; hash: string }
      ready.push({ hash: () => verify(one.hash, PASSWORD), statement: aSignIn(one.account_id, one.hash) })
    }
    return {}
  })

  server.post('/least', async (_request, reply) => {
    const next = ready.pop()
    if (!next) throw new Error('nothing is ready')
    await queue.run(null, next.hash)
    const { rows } = await pool.query(next.statement)
    return reply.status(rows.length === 1 ? 303 : 500).send()
  })
}

function aSignIn(accountId: string, verified: string): Statement {
  const { client, origin } = somewhere()
  const claims = guessClaims(accountId, client.network)
  return signInStatement({
    accountId,
    kind: 'customer',
    verified,
    newHash: null,
    sessionToken: newSessionToken(),
    previousToken: null,
    // A fragment is made of the claims alone; nothing is sent for it.
    giveBack: limitsIn(undefined as unknown as Database).giveBack(claims.ofAccount),
    client,
    origin,
  })
}

function somewhere() {
  const network = fromSomewhere()
  return { client: { network, userAgent: null, browser: null }, origin: { network, reference: newSecret() } }
}
