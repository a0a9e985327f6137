// Better Auth on Node's own HTTP server and the pg driver, as its documentation sets it up, with our password hash at our
// cost. DATABASE_URL, PORT, MEMORY_KIB and PASSES say where and how; it migrates its own schema at the start.
import { createServer } from 'node:http'
import { hash, verify } from '@node-rs/argon2'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { Pool } from 'pg'

const ARGON2ID = 2
const cost = {
  algorithm: ARGON2ID,
  memoryCost: Number(process.env.MEMORY_KIB),
  timeCost: Number(process.env.PASSES),
  parallelism: 1,
}

const options = {
  database: new Pool({ connectionString: process.env.DATABASE_URL, max: 10 }),
  baseURL: `http://127.0.0.1:${process.env.PORT}`,
  secret: 'a secret of the benches that is long enough to be one',
  emailAndPassword: {
    enabled: true,
    password: {
      hash: (password) => hash(password, cost),
      verify: ({ hash: stored, password }) => verify(stored, password),
    },
  },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
}

const { runMigrations } = await getMigrations(options)
await runMigrations()
const handler = toNodeHandler(betterAuth(options))
createServer((request, response) => void handler(request, response)).listen(Number(process.env.PORT), '127.0.0.1')
