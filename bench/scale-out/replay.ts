import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { escapeLiteral } from 'pg'
import { findSession, newSessionToken } from '../../src/accounts/sessions/sessions.ts'
import type { Database } from '../../src/database/database.ts'
import type { Sql, Statement } from '../../src/database/sql.ts'
import { REGISTRATIONS_PER_NETWORK } from '../../src/flows/registration/register.ts'
import { newSecret } from '../../src/lib/random.ts'
import { limitsIn } from '../../src/limits/limits.ts'
import { aRegistration } from '../speed/statements.ts'
import { SIGNED_IN_EACH } from '../growth/fill.ts'

/** What the statements of one errand are, as a script of pgbench's. */
export type Script = string

/**
 * The two statements of a registration, as a node sends them, with a hash that was made before: what is somebody's own (ids, the address,
 * hashes, the network) is made by PostgreSQL from a number that pgbench draws.
 */
export async function registrationScript(passwordHash: string): Promise<Script> {
  const network = '198.51.100.7'
  const client = { network, userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)', browser: randomBytes(32) }
  const statement = await aRegistration(passwordHash, client, { network, reference: newSecret() })
  const limit = await sentBy((database) =>
    limitsIn(database).take([{ rule: REGISTRATIONS_PER_NETWORK, subject: network }]),
  )
  return `\\set r random(1, 9000000000000000000)\n${inScript(limit)};\n${inScript(statement)};\n`
}

/** The statement of a session check, each time of another one of the sessions of a site that was filled with so many people. */
export async function sessionScript(people: number): Promise<Script> {
  const statement = await sentBy((database) => findSession(database, newSessionToken()))
  const token = `sha256(convert_to('session-of-number-' || ${SIGNED_IN_EACH} * :k, 'UTF8'))`
  return `\\set k random(1, ${Math.floor(people / SIGNED_IN_EACH)})\n${inScript(statement, token)};\n`
}

export interface Replayed {
  perSecond: number
}

/** Runs a script for so many seconds, `atOnce` at a time. PGBENCH names the program; it comes with PostgreSQL, but not with the embedded one. */
export async function replay(url: string, script: Script, atOnce: number, seconds: number): Promise<Replayed> {
  const file = join(mkdtempSync(join(tmpdir(), 'meridian-replay-')), 'script.sql')
  writeFileSync(file, script)
  const args = ['-n', '-M', 'prepared', '-c', `${atOnce}`, '-j', '1', '-T', `${seconds}`, '-f', file, url]
  const output = await outputOf(process.env['PGBENCH'] ?? 'pgbench', args)
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
  if (!(perSecond > 0)) throw new Error(`pgbench said: ${output}`)
  return { perSecond }
}

/** Beside this process, whose time must go on. */
function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, complaint] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${program}: ${complaint}`))))
  })
}

/** The first statement that some work sends. */
async function sentBy(work: (database: Database) => Promise<unknown>): Promise<Statement> {
  let sent: Statement | null = null
  const rows = (statement: Sql | Statement) => {
    sent ??= statement as Statement
    return Promise.resolve([])
  }
  const row = async (statement: Statement) => (await rows(statement), null)
  await work({ rows, row, found: row } as unknown as Database)
  if (sent === null) throw new Error('nothing was sent')
  return sent
}

/** A statement with its values in place, those that differ from person to person as expressions of the number `:r`. */
function inScript({ text, values }: Statement, hash?: string): string {
  return text.replace(/\$(\d+)/g, (_, place) => expressionFor(values[Number(place) - 1], values, hash)).trim()
}

function expressionFor(value: unknown, values: readonly unknown[], hash?: string): string {
  if (value === null) return 'null'
  const its = `${values.indexOf(value)}.`
  if (Buffer.isBuffer(value)) return hash ?? `sha256(convert_to('${its}' || :r, 'UTF8'))`
  if (Array.isArray(value))
    return value.every((each) => typeof each === 'string' && each.includes(':'))
      ? `array[${value.map((each: string) => `'${each.split(':')[0]} ' || :r`).join(', ')}]::text[]`
      : escapeLiteral(`{${value.map((each) => each ?? 'null').join(',')}}`)
  if (value instanceof Date) return escapeLiteral(value.toISOString())
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text))
    return `(lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '7' || substr(md5('${its}' || :r), 1, 3) || '8' || substr(md5('${its}' || :r), 4, 15))::uuid`
  if (text.includes('@')) return `'person-' || :r || '@example.com'`
  return escapeLiteral(text)
}
