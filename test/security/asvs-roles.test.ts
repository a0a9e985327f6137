import { describe, expect, test } from 'vitest'
import { answer } from '../../src/answers/catalogue.ts'
import { permissions } from '../../src/accounts/permissions.ts'
import type { AccessRule } from '../../src/http/access.ts'
import { urls } from '../../src/urls.ts'
import { freshDatabase } from '../support/database.ts'
import { knock } from '../support/hostile-http.ts'
import { customer, staffMember } from '../support/hostile-people.ts'
import { openSite } from '../support/site.ts'
import type { Visitor } from '../support/visitor.ts'

const db = await freshDatabase()
const site = await openSite(db, { LIMITS: 'off' })

const roles = ['customer_care', 'manager', 'admin'] as const
const people: Record<string, Visitor | null> = { nobody: null, customer: (await customer(site)).visitor }
for (const role of roles) people[role] = (await staffMember(db, site, role)).visitor

type Verdict = 'allowed' | 'refused' | 'sign in first' | 'sent home'

/** Every route of the router with each of its methods, and what stands on its own line. */
const doors = site.app.doors.flatMap(({ method, url, rule }) => method.map((verb) => ({ verb, url, rule })))

/** Everybody at each of them. */
const cells = doors.flatMap((door) => Object.keys(people).map((who) => ({ ...door, who })))

describe('8.1.1, 8.2.1, 8.3.1 roles, routes and methods, as the router has them', () => {
  test('are all of them', () => {
    expect(doors.length).toBeGreaterThan(50)
    expect(doors.filter(({ rule }) => rule.access === undefined)).toEqual([])
    for (const { url, rule } of doors.filter((door) => door.url.startsWith(urls.console)))
      expect(Object.keys(permissions), url).toContain(rule.may)
  })

  test('give each person what the table says, and no other', async () => {
    const wrong: string[] = []
    for (const { verb, url, rule, who } of cells) {
      const found = await verdictOf(verb, url, who)
      const said = expected(rule, who)
      // Registering lets everybody send the form, since it may be a first click's repetition, and tells who is signed in.
      const isOpen = said === 'allowed' && rule.access === 'anyone' && found === 'sent home'
      if (found !== said && !isOpen) wrong.push(`${who} ${verb} ${url}: ${found}, but the table says ${said}`)
    }
    expect(wrong).toEqual([])
  })

  test('are of a row by its id, and by nothing else that could name it', async () => {
    const ofRows = doors.filter(({ verb, url }) => verb === 'GET' && url.includes(':'))
    expect(ofRows.length).toBeGreaterThan(15)
    const { email } = await staffMember(db, site)
    for (const { url } of ofRows) {
      for (const name of [email, '1', 'null', '00000000-0000-7000-8000-00000000000G']) {
        const path = url.replaceAll(/:\w+/g, encodeURIComponent(name))
        const { status } = await ask('GET', path, 'admin')
        expect(status, path).toBe(404)
      }
    }
  })

  test('have no method besides', async () => {
    for (const { url } of new Map(doors.map((door) => [door.url, door])).values()) {
      for (const verb of ['PUT', 'PATCH', 'DELETE'].filter(
        (name) => !doors.some((d) => d.url === url && d.verb === name),
      )) {
        const { status } = await ask(verb, url, 'admin')
        expect([404, 405, 415], `${verb} ${url}`).toContain(status)
      }
    }
  })
})

/** From the table of permissions alone. */
function expected({ access, may }: AccessRule, who: string): Verdict {
  if (access === 'anyone' || access === 'machine') return 'allowed'
  if (access === 'visitor') return who === 'nobody' ? 'allowed' : 'sent home'
  if (who === 'nobody') return 'sign in first'
  if (access === 'signed-in') return 'allowed'
  if (access === 'customer') return who === 'customer' ? 'allowed' : 'refused'
  const allowed: readonly string[] = may ? permissions[may] : []
  return allowed.includes(who) ? 'allowed' : 'refused'
}

async function verdictOf(verb: string, url: string, who: string): Promise<Verdict> {
  const { status, headers, body } = await ask(verb, url, who)
  const to = headers.location ?? ''
  if (status === 403 && (verb === 'HEAD' || body.includes(answer('not-allowed').title))) return 'refused'
  const home = who === 'customer' || who === 'nobody' ? urls.landing : urls.console
  if (status === 303 && /already-signed-in/.test(String(headers['set-cookie'])) && to === home) return 'sent home'
  if (status === 303 && /sign-in-first/.test(String(headers['set-cookie']))) return 'sign in first'
  return 'allowed'
}

/** A form without its token: whoever is let in is told so, and nothing is done. */
function ask(verb: string, url: string, who: string) {
  const path = url.replaceAll(/:\w+/g, '00000000-0000-7000-8000-000000000000').replace('*', 'nothing')
  const cookie = [...(people[who]?.cookies ?? [])].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { ...(cookie ? { cookie } : {}), 'sec-fetch-site': 'same-origin' }
  return verb === 'GET' || verb === 'HEAD'
    ? knock(site, { what: path, method: verb, path, headers })
    : knock(site, {
        what: path,
        method: verb,
        path,
        body: 'a=b',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      })
}
