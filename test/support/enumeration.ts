import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { decoyOf, parseImported } from '../../src/accounts/passwords/imported.ts'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from './canary.ts'
import type { TestDatabase } from './database.ts'
import { CHEAP_HASHES, type Site } from './site.ts'
import { registrationForm, Visitor, type Answer, type FormFields } from './visitor.ts'

/** What somebody asks who wants to find out whether an address has an account. */
export interface Errand {
  path: string
  identifierOf: (known: string, who: 'known' | 'unknown') => string
  /** Opens the form, so that sending it is all that remains. */
  prepare: (site: Site, identifier: string) => Promise<Ask>
}

export interface Ask {
  send: () => Promise<Answer>
  /** Opens the page that the answer leads to. */
  follow: (path: string) => Promise<Answer>
}

export const MODE = { REGISTRATION_MODE: 'verify-first' }

export const errands = {
  'sign-in': errand(urls.customerSignIn, (identifier) => ({ identifier, password: canaryPassword() })),
  recovery: errand(urls.recovery, (identifier) => ({ identifier })),
  'sign-up': errand(urls.customerRegistration, (email) => registrationForm({ email })),
}

function errand(path: string, fieldsFor: (identifier: string) => FormFields): Errand {
  return {
    path,
    identifierOf: (known, who) => (who === 'known' ? known : canaryEmail()),
    prepare: async (site, identifier) => {
      const visitor = new Visitor(site)
      const form = { ...fieldsFor(identifier), submission: await visitor.token(path) }
      return { send: () => visitor.post(path, form), follow: (to) => visitor.get(to) }
    },
  }
}

/** Customers as registrations make them, quickly: their addresses. */
export async function knownPeople(db: TestDatabase, count: number, cost = CHEAP_HASHES): Promise<string[]> {
  const passwords = new Passwords({
    memoryKib: Number(cost.ARGON2_MEMORY_KIB),
    passes: Number(cost.ARGON2_PASSES),
  })
  return customers(db, count, await passwords.hash(canaryPassword(), null))
}

/** Customers as an import makes them, of Django's usual format at this cost, and what it notes about that: their addresses. */
export async function importedPeople(db: TestDatabase, count: number, iterations: number): Promise<string[]> {
  const salt = randomBytes(12).toString('hex')
  const digest = pbkdf2Sync(canaryPassword(), salt, iterations, 32, 'sha256').toString('base64')
  const hash = `pbkdf2_sha256$${iterations}$${salt}$${digest}`
  await db.query('insert into imported_password_schemes (scheme, decoy) values ($1, $2) on conflict do nothing', [
    parseImported(hash)?.scheme,
    decoyOf(hash),
  ])
  return customers(db, count, hash)
}

async function customers(db: TestDatabase, count: number, hash: string): Promise<string[]> {
  const people = Array.from({ length: count }, () => ({ id: newId(), email: canaryEmail() }))
  await db.query(
    `with account as (
      insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical,
        email_canonical_version, email_confirmed_at)
      select id, 'customer', 'Ann', 'Archer', email, email, email, 1, now()
      from unnest($1::uuid[], $2::text[]) as person (id, email)
      returning id
    ), profile as (
      insert into customer_profiles (account_id) select id from account
    )
    insert into passwords (account_id, hash) select id, $3 from account`,
    [people.map(({ id }) => id), people.map(({ email }) => email), hash],
  )
  return people.map(({ email }) => email)
}

/** An answer without what has to differ: tokens, the moment, references, and the identifier that was typed. */
export function reflected({ status, headers, body }: Answer, identifier: string): unknown {
  const { date: _, 'set-cookie': cookies = [], ...others } = headers
  return {
    status,
    headers: others,
    cookies: cookies.map((line) => line.replace(/=[^;]+/, '=…')),
    body: body
      .replaceAll(identifier, '(identifier)')
      .replaceAll(/name="submission" value="[^"]+"/g, 'name="submission" value="…"'),
  }
}
