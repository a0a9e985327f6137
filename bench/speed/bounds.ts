import { readFileSync } from 'node:fs'
import { hash, type Options } from '@node-rs/argon2'
import Fastify from 'fastify'
import { Pool } from 'pg'
import { leastRoutes } from './least.ts'

/**
 * What nothing built from these parts can outrun, in a process of its own: argon2id and nothing else, Fastify with one
 * prepared query and nothing else, Fastify with one constant page, Fastify with a hash and one statement. CONSTANT names the file of that page.
 */
const { PORT, DATABASE_URL, CONSTANT, MEMORY_KIB, PASSES } = process.env

const ARGON2ID = 2
const cost: Options = {
  algorithm: ARGON2ID,
  memoryCost: Number(MEMORY_KIB),
  timeCost: Number(PASSES),
  parallelism: 1,
}

const server = Fastify({ logger: false })
const pool = new Pool({ connectionString: DATABASE_URL, max: 10 })
const constant = CONSTANT ? readFileSync(CONSTANT) : Buffer.alloc(0)

/** Hashes `count` passwords, `at-once` of them at a time, and tells how long all of them took, in milliseconds. */
server.get<{ Querystring: { count: string; 'at-once': string } }>('/hashes', async (request) => {
  const { count, 'at-once': atOnce } = request.query
  let left = Number(count)
  const began = performance.now()
  await Promise.all(
    Array.from({ length: Number(atOnce) }, async () => {
      while (left-- > 0) await hash(`a password of its own ${left}`, cost)
    }),
  )
  return { milliseconds: performance.now() - began }
})

server.get<{ Params: { token: string } }>('/query/:token', async (request) => {
  const { rows } = await pool.query({
    name: 'session',
    text: 'select account_id, expires_at from sessions where token_hash = $1',
    values: [Buffer.from(request.params.token, 'hex')],
  })
  return rows[0] ?? {}
})

server.get('/constant', async (_, reply) => reply.type('text/html; charset=utf-8').send(constant))

leastRoutes(server, pool, cost)

await server.listen({ host: '127.0.0.1', port: Number(PORT) })
