import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { StaffRole } from '../../src/accounts/account.ts'
import { urls } from '../../src/urls.ts'
import type { TestDatabase } from './database.ts'
import type { Site } from './site.ts'
import { registrationForm, Visitor } from './visitor.ts'

/** An invitation, as its row would be written; gives the code that its link carries. */
export async function invite(db: TestDatabase, role: StaffRole = 'customer_care'): Promise<string> {
  const code = randomBytes(16).toString('base64url')
  await db.query(
    `insert into invitations (id, code_hash, role, expires_at) values ($1, $2, $3, now() + interval '1 hour')`,
    [randomUUID(), createHash('sha256').update(`invitation:${code}`).digest(), role],
  )
  return code
}

export interface Person {
  visitor: Visitor
  email: string
  password: string
}

export async function customer(site: Site): Promise<Person> {
  const visitor = new Visitor(site)
  const { answer, email, password } = await visitor.register()
  if (answer.status !== 303) throw new Error(`no customer, but ${answer.status}: ${answer.body}`)
  return { visitor, email, password }
}

export async function staffMember(db: TestDatabase, site: Site, role: StaffRole = 'customer_care'): Promise<Person> {
  const visitor = new Visitor(site)
  await visitor.get(`${urls.staffRegistration}?code=${await invite(db, role)}`)
  const form = registrationForm({ first_name: 'Sam', last_name: 'Stone' })
  const answer = await visitor.submit(urls.staffRegistration, form)
  if (answer.status !== 303) throw new Error(`no staff member, but ${answer.status}: ${answer.body}`)
  return { visitor, email: form['email'] as string, password: form['password'] as string }
}

export async function accountId(db: TestDatabase, email: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(`select id from accounts where email_canonical = $1`, [email])
  if (!row) throw new Error('no such account')
  return row.id
}

/** Made of other tables, and brought up to date by whoever reads. */
const DERIVED = ['customer_directory', 'directory_changes', 'directory_keys', 'directory_turns', 'hourly_figures']

/** A checksum of every row of every table that is not made of others: equal only while nothing at all has changed. */
export async function checksum(db: TestDatabase): Promise<Record<string, string>> {
  const tables = await db.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> all ($1) order by 1`,
    [DERIVED],
  )
  const sums = tables.map(async ({ name }) => {
    const [row] = await db.query<{ sum: string }>(
      `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as sum from ${name} t`,
    )
    return [name, row?.sum ?? ''] as const
  })
  return Object.fromEntries(await Promise.all(sums))
}

export interface AuditRow {
  event: string
  account_id: string | null
  network: string | null
  reference: string | null
  details: Record<string, unknown>
}

/** What was recorded while something was done. */
export async function auditDuring(db: TestDatabase, work: () => Promise<unknown>): Promise<AuditRow[]> {
  const [last] = await db.query<{ id: string }>(`select coalesce(max(id), 0) as id from audit_events`)
  await work()
  return db.query<AuditRow>(
    `select event, account_id, network, reference, details from audit_events where id > $1 order by id`,
    [last?.id],
  )
}
