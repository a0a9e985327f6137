import { createHash, randomUUID } from 'node:crypto'
import { verify } from '@node-rs/argon2'
import { expect } from 'vitest'
import { codeFor, type MailedCodePurpose } from '../../../src/accounts/codes/codes.ts'
import { Keys } from '../../../src/lib/keys.ts'
import type { Log } from '../../../src/lib/log.ts'
import { codePaths, urls } from '../../../src/urls.ts'
import type { TestDatabase } from '../../support/database.ts'
import { openSiteOn, TEST_SECRET, type Site } from '../../support/site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from '../../support/visitor.ts'
import { GatedDatabase } from './gated-database.ts'
import type { Flow, Meeting } from './explorer.ts'

export interface Stage extends Site {
  database: GatedDatabase
  log: Log
}

/** A node for one flow: the pages as they are, and every statement of theirs held at a gate. */
export function openStage(of: TestDatabase, settings: NodeJS.ProcessEnv = {}): Promise<Stage> {
  return openSiteOn(of, (pool) => new GatedDatabase(pool), settings)
}

export const keys = new Keys([TEST_SECRET])

export interface Person {
  visitor: Visitor
  id: string
  email: string
  password: string
}

/** Somebody registered and signed in, whose browser is on this node. */
export async function customerAt(db: TestDatabase, site: Site, fields: FormFields = {}): Promise<Person> {
  const visitor = new Visitor(site)
  const { answer, email, password } = await visitor.register(fields)
  expect(answer.status).toBe(303)
  return { visitor, email, password, id: await idOf(db, email) }
}

export async function idOf(db: TestDatabase, email: string): Promise<string> {
  const [row] = await db.query<{ id: string }>('select id from accounts where email_canonical = $1', [email])
  return row?.id ?? 'nobody'
}

/** A form that has been opened, on the page `from` where it has none of its own, and is sent when it is told to. */
export async function opened(
  visitor: Visitor,
  path: string,
  fields: FormFields,
  from = path,
): Promise<() => Promise<Answer>> {
  const form = { ...fields, submission: await visitor.token(from) }
  return () => visitor.post(path, form)
}

export async function registrationOf(
  stage: Stage,
  fields: FormFields,
): Promise<Flow<Answer> & { visitor: Visitor; form: FormFields }> {
  const visitor = new Visitor(stage)
  const form = { ...registrationForm(fields), submission: await visitor.token(urls.customerRegistration) }
  const run = () => visitor.post(urls.customerRegistration, form)
  return { database: stage.database, run, visitor, form }
}

/** A browser that has followed a letter's link, and whose button sends `fields`. */
export async function linkFollowed(
  stage: Stage,
  purpose: Exclude<MailedCodePurpose, 'registration'>,
  { id }: Pick<Person, 'id'>,
  db: TestDatabase,
  { fields = {}, visitor = new Visitor(stage) }: { fields?: FormFields; visitor?: Visitor } = {},
): Promise<Flow<Answer> & { visitor: Visitor }> {
  const code = await newestCode(db, purpose, id)
  await visitor.get(`${codePaths[purpose]}?code=${code}`)
  return { database: stage.database, run: await opened(visitor, codePaths[purpose], fields), visitor }
}

/** The code that the newest letter of this purpose carries; where nobody asked for one, it is written now. */
async function newestCode(db: TestDatabase, purpose: Exclude<MailedCodePurpose, 'registration'>, id: string) {
  const [row] = await db.query<{ id: string }>(
    'select id from codes where account_id = $1 and purpose = $2 order by id desc limit 1',
    [id, purpose],
  )
  if (row) return codeFor(keys, purpose, row.id)
  if (purpose !== 'recovery') throw new Error(`no code for ${purpose}`)
  const codeId = randomUUID()
  const code = codeFor(keys, purpose, codeId)
  await db.query(
    `insert into codes (id, code_hash, purpose, account_id, email_canonical, expires_at)
     select $1, $2, $3, id, email_canonical, now() + interval '1 hour' from accounts where id = $4`,
    [codeId, createHash('sha256').update(`${purpose}:${code}`).digest(), purpose, id],
  )
  return code
}

/** Whether this name and this password belong together, by what is stored; sign-in itself would take its time to say no. */
export async function belongTogether(db: TestDatabase, email: string, password: string): Promise<boolean> {
  const [row] = await db.query<{ hash: string }>(
    `select hash from passwords p join accounts a on a.id = p.account_id
     where a.email_canonical = $1 and p.disabled_at is null`,
    [email],
  )
  return row !== undefined && row.hash.startsWith('$argon2') && verify(row.hash, password)
}

/** A customer on this node who has asked for another address, and has not followed the link yet. */
export async function customerMoving(db: TestDatabase, stage: Stage, to: string): Promise<Person> {
  const person = await customerAt(db, stage)
  const asked = await person.visitor.submit(urls.emailChange, { email: to })
  expect(asked.status).toBe(303)
  return person
}

/** Adds to a meeting what holds after every one: each answer usable, and nothing in the database out of order. */
export function withInvariants(
  db: TestDatabase,
  prepare: () => Promise<Meeting<Answer>>,
): () => Promise<Meeting<Answer>> {
  return async () => {
    const { flows, check } = await prepare()
    return {
      flows,
      check: async (answers, story) => {
        for (const [name, { status }] of Object.entries(answers))
          expect([name, USABLE.has(status), status]).toEqual([name, true, status])
        expect(await violations(db)).toEqual([])
        await check(answers, story)
      },
    }
  }
}

/** What a person can go on from: where they wanted to be, or words about what they sent. Never a fault. */
const USABLE = new Set([200, 303, 409, 410, 422, 429])

/** Every row that breaks a promise, as words. Each is asked of all accounts, whichever flows have just met. */
export async function violations(db: Pick<TestDatabase, 'query'>): Promise<string[]> {
  const rows = await db.query<{ broken: string }>(`
    select 'two accounts of one address: ' || email_canonical as broken
      from accounts where email_canonical is not null group by email_canonical having count(*) > 1
    union all select 'two accounts of one username: ' || username_canonical
      from accounts where username_canonical is not null group by username_canonical having count(*) > 1
    union all select a.kind || ' with ' || count(c.account_id) || ' customer and ' || count(s.account_id) || ' staff profiles: ' || a.id
      from accounts a left join customer_profiles c on c.account_id = a.id left join staff_profiles s on s.account_id = a.id
      group by a.id having (count(c.account_id), count(s.account_id)) <> case when a.kind = 'customer' then (1::bigint, 0::bigint) else (0::bigint, 1::bigint) end
    union all select 'profile of nobody: ' || account_id
      from (select account_id from customer_profiles union all select account_id from staff_profiles) p
      where not exists (select from accounts where id = p.account_id)
    union all select 'session of an account that may not be used: ' || s.account_id
      from sessions s left join accounts a on a.id = s.account_id where a.status is distinct from 'active'
    union all select count(*) || ' letters of welcome: ' || account_id
      from letters where kind = 'welcome' group by account_id having count(*) > 1
    union all select 'customer without a letter of welcome: ' || a.id
      from accounts a where a.kind = 'customer' and not exists (select from letters where account_id = a.id and kind = 'welcome')
        and not exists (select from imported_rows where account_id = a.id)
    union all select count(e.id) || ' events of one registration: ' || a.id
      from accounts a left join audit_events e on e.account_id = a.id and e.event in ('customer-registered', 'staff-registered', 'account-imported')
      group by a.id having count(e.id) <> 1
    union all select 'account without a password: ' || a.id
      from accounts a where not exists (select from passwords where account_id = a.id)`)
  return rows.map(({ broken }) => broken)
}
