import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { codeFor } from '../../src/accounts/codes/codes.ts'
import { oncePerForm } from '../../src/accounts/receipts/once-per-form.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { sql } from '../../src/database/sql.ts'
import { suspendAccount } from '../../src/flows/suspension/suspend.ts'
import { answerPendingRegistrations } from '../../src/flows/registration/pending.ts'
import { eraseDue } from '../../src/operations/erasure/erasure.ts'
import { Courier } from '../../src/mail/courier.ts'
import { codePaths, urls } from '../../src/urls.ts'
import { canaryEmail, canaryPassword } from '../support/canary.ts'
import type { TestDatabase } from '../support/database.ts'
import { invite, staffMember } from '../support/hostile-people.ts'
import { registrationForm, Visitor, type Answer } from '../support/visitor.ts'
import type { Flow, Meeting } from './support/explorer.ts'
import {
  belongTogether,
  customerAt,
  customerMoving,
  idOf,
  keys,
  linkFollowed,
  opened,
  registrationOf,
  type Stage,
} from './support/stage.ts'

export type Prepare = () => Promise<Meeting<Answer>>

export const ANSWER_OF_A_JOB: Answer = { status: 200, headers: {}, body: '' }
const NOBODY = { network: null, reference: null }

/** Every pair of flows that may meet, by name: two nodes, a flow on each. docs/interleavings.md lists the same names. */
export function pairsOn(
  db: TestDatabase,
  [here, there]: readonly [Stage, Stage],
  linked: Stage,
): Record<string, Prepare> {
  return {
    'registration × registration, the same submission': async () => {
      const first = await registrationOf(here, {})
      const again: Flow<Answer> = {
        database: there.database,
        run: () => first.visitor.at(there).post(urls.customerRegistration, first.form),
      }
      return {
        flows: { first, again },
        check: async ({ first: one, again: other }) => {
          expect([one?.headers.location, other?.headers.location]).toEqual(['/', '/'])
          expect(sessionIn(one)).toBe(sessionIn(other))
          expect(await first.visitor.isSignedIn()).toBe(true)
          expect(await db.count(`accounts where email_canonical = '${first.form['email']}'`)).toBe(1)
        },
      }
    },

    'registration × registration, one address': async () => {
      const email = canaryEmail()
      const one = await registrationOf(here, { email })
      const other = await registrationOf(there, { email: email.toUpperCase() })
      return {
        flows: { one, other },
        check: async (answers) => {
          oneOf(answers, 'This email address is already registered.')
          const winner = answers['one']?.status === 303 ? one : other
          expect(await belongTogether(db, email, winner.form['password'] as string)).toBe(true)
          expect(await belongTogether(db, email, (winner === one ? other : one).form['password'] as string)).toBe(false)
        },
      }
    },

    'registration × registration, one username': async () => {
      const username = `ann${randomBytes(6).toString('hex')}`
      const one = await registrationOf(here, { username })
      const other = await registrationOf(there, { username: username.toUpperCase() })
      return { flows: { one, other }, check: async (answers) => oneOf(answers, 'This username is taken.') }
    },

    'registration × registration of a squatter, and the owner recovers': async () => {
      const email = canaryEmail()
      const owner = await registrationOf(here, { email })
      const squatter = await registrationOf(there, { email })
      return {
        flows: { owner, squatter },
        check: async (answers) => {
          oneOf(answers, 'This email address is already registered.')
          const password = canaryPassword()
          const id = await idOf(db, email)
          const back = await linkFollowed(here, 'recovery', { id }, db, { fields: { password } })
          expect((await back.run()).status).toBe(303)
          expect(await squatter.visitor.isSignedIn()).toBe(false)
          expect(await belongTogether(db, email, squatter.form['password'] as string)).toBe(false)
          expect(await belongTogether(db, email, password)).toBe(true)
        },
      }
    },

    'registration × recovery': async () => {
      const person = await customerAt(db, here)
      const password = canaryPassword()
      const registration = await registrationOf(here, { email: person.email })
      const recovery = await linkFollowed(there, 'recovery', person, db, { fields: { password } })
      return {
        flows: { registration, recovery },
        check: async (answers) => {
          expect([answers['registration']?.status, answers['recovery']?.status]).toEqual([422, 303])
          expect(await idOf(db, person.email)).toBe(person.id)
          expect(await person.visitor.isSignedIn()).toBe(false)
          expect(await belongTogether(db, person.email, password)).toBe(true)
        },
      }
    },

    'registration × staff registration, one address': async () => {
      const email = canaryEmail()
      const registration = await registrationOf(here, { email })
      const code = await invite(db)
      const invited = new Visitor(there)
      await invited.get(`${urls.staffRegistration}?code=${code}`)
      const staff: Flow<Answer> = {
        database: there.database,
        run: await opened(invited, urls.staffRegistration, registrationForm({ email })),
      }
      return {
        flows: { registration, staff },
        check: async (answers) => {
          expect(statusesOf(answers)).toEqual([303, 422])
          const [row] = await db.query<{ kind: string; accepted: boolean }>(
            `select a.kind, exists (select from invitations where accepted_by = a.id) as accepted
             from accounts a where email_canonical = $1`,
            [email],
          )
          const won = answers['staff']?.status === 303
          expect(row).toEqual({ kind: won ? 'staff' : 'customer', accepted: won })
        },
      }
    },

    'registration × the act of inviting': async () => {
      const email = canaryEmail()
      const admin = await staffMember(db, here, 'admin')
      const invitation: Flow<Answer> = {
        database: here.database,
        run: await opened(admin.visitor, urls.staffInvitation, { email: email.toUpperCase(), role: 'manager' }),
      }
      const registration = await registrationOf(there, { email })
      return {
        flows: { registration, invitation },
        check: async (answers) => {
          expect(Object.values(answers).map(({ status }) => status)).toEqual([303, 303])
          expect(await registration.visitor.isSignedIn()).toBe(true)
          expect(await belongTogether(db, email, registration.form['password'] as string)).toBe(true)
          const invitations = await db.query<{ id: string; letters: number }>(
            `select id, (select count(*)::int from letters l where l.code_id = i.id) as letters
             from invitations i where email_canonical = $1 and accepted_at is null and revoked_at is null`,
            [email],
          )
          expect(invitations.map(({ letters }) => letters)).toEqual([1])
          // The link is good for the address, whose account stays the one that there is.
          const code = codeFor(keys, 'invitation', invitations[0]?.id ?? '')
          await registration.visitor.get(`${urls.staffRegistration}?code=${code}`)
          const accepted = await registration.visitor.submit(urls.staffRegistration, { password: canaryPassword() })
          expect([accepted.status, accepted.headers.location]).toEqual([303, urls.console])
          const accounts = await db.query('select kind from accounts where email_canonical = $1', [email])
          expect(accounts).toEqual([{ kind: 'staff' }])
        },
      }
    },

    'registration × closing': async () => {
      const person = await customerAt(db, here)
      const registration = await registrationOf(there, { email: person.email })
      const closing: Flow<Answer> = {
        database: here.database,
        run: await opened(person.visitor, urls.accountClosing, { understood: 'yes' }),
      }
      return {
        flows: { registration, closing },
        check: async (answers) => {
          expect([answers['registration']?.status, answers['closing']?.status]).toEqual([422, 303])
          expect(await idOf(db, person.email)).toBe(person.id)
          expect(await statusOf(db, person.id)).toBe('closing')
        },
      }
    },

    'registration × erasure': async () => {
      const person = await customerAt(db, here)
      await db.query(
        `with gone as (delete from sessions where account_id = $1)
         update accounts set status = 'closing', closes_at = now() - interval '1 second' where id = $1`,
        [person.id],
      )
      const registration = await registrationOf(here, { email: person.email })
      return {
        flows: { registration, erasure: job(there, () => eraseDue(there.database)) },
        check: async (answers) => {
          const now = await idOf(db, person.email)
          if (answers['registration']?.status === 303) expect([person.id, 'nobody']).not.toContain(now)
          else expect([answers['registration']?.status, now]).toEqual([422, 'nobody'])
        },
      }
    },

    'confirmation × change of address': async () => {
      const email = canaryEmail()
      const person = await customerMoving(db, here, email)
      const confirmation = await linkFollowed(there, 'confirmation', person, db)
      const change = await linkFollowed(here, 'email-change', person, db, { visitor: person.visitor })
      return {
        flows: { confirmation, change },
        check: async (answers) => {
          expect(answers['change']?.headers.location).toBe(urls.customerProfile)
          expect([303, 410]).toContain(answers['confirmation']?.status)
          expect(await addressOf(db, person.id)).toEqual({ email_canonical: email, confirmed: true })
          expect(await db.count(`audit_events where event = 'email-confirmed' and account_id = '${person.id}'`)).toBe(
            answers['confirmation']?.status === 303 ? 1 : 0,
          )
        },
      }
    },

    'sign-in × suspension': async () => {
      const person = await customerAt(db, here)
      const visitor = new Visitor(here)
      const signIn: Flow<Answer> = {
        database: here.database,
        run: await opened(visitor, urls.customerSignIn, { identifier: person.email, password: person.password }),
      }
      const manager = await staffMember(db, here, 'manager')
      const actorId = await idOf(db, manager.email)
      const act = { accountId: person.id, actorId, reason: 'asked for by phone' }
      const suspension = job(there, () => there.database.transaction((within) => suspendAccount(within, act, NOBODY)))
      return {
        flows: { signIn, suspension },
        check: async () => {
          expect(await statusOf(db, person.id)).toBe('suspended')
          expect(await visitor.isSignedIn()).toBe(false)
          expect(await person.visitor.isSignedIn()).toBe(false)
        },
      }
    },

    'sign-in × closing': async () => {
      const person = await customerAt(db, here)
      const visitor = new Visitor(there)
      const signIn: Flow<Answer> = {
        database: there.database,
        run: await opened(visitor, urls.customerSignIn, { identifier: person.email, password: person.password }),
      }
      const closing: Flow<Answer> = {
        database: here.database,
        run: await opened(person.visitor, urls.accountClosing, { understood: 'yes' }),
      }
      return {
        flows: { signIn, closing },
        check: async (answers) => {
          expect(answers['closing']?.status).toBe(303)
          expect(await statusOf(db, person.id)).toBe('closing')
          expect(await visitor.isSignedIn()).toBe(false)
        },
      }
    },

    'change of password × signing out, one session': async () => {
      const person = await customerAt(db, here)
      const password = canaryPassword()
      const change: Flow<Answer> = {
        database: here.database,
        run: await opened(person.visitor, urls.passwordChange, { current_password: person.password, password }),
      }
      const leaving = person.visitor.at(there)
      const signOut: Flow<Answer> = {
        database: there.database,
        run: await opened(leaving, urls.customerSignOut, {}, urls.customerProfile),
      }
      return {
        flows: { change, signOut },
        check: async (answers, story) => {
          expect(answers['signOut']?.status).toBe(303)
          const changed = await belongTogether(db, person.email, password)
          expect(changed).not.toBe(await belongTogether(db, person.email, person.password))
          const out = story.lastIndexOf('signOut: commit')
          if (out < story.indexOf('change: password-change') || !story.includes('change: password-change'))
            expect(changed, 'who is out changes nothing any more').toBe(false)
        },
      }
    },

    "a squatter's sign-in × the owner's recovery": async () => {
      const squatter = await customerAt(db, here)
      const visitor = new Visitor(here)
      const signIn: Flow<Answer> = {
        database: here.database,
        run: await opened(visitor, urls.customerSignIn, { identifier: squatter.email, password: squatter.password }),
      }
      const password = canaryPassword()
      const recovery = await linkFollowed(there, 'recovery', squatter, db, { fields: { password } })
      return {
        flows: { signIn, recovery },
        check: async (answers) => {
          expect(answers['recovery']?.status).toBe(303)
          expect([await visitor.isSignedIn(), await squatter.visitor.isSignedIn()]).toEqual([false, false])
          expect(await recovery.visitor.isSignedIn()).toBe(true)
          expect(await belongTogether(db, squatter.email, password)).toBe(true)
          expect(await belongTogether(db, squatter.email, squatter.password)).toBe(false)
        },
      }
    },

    "a squatter's change of password × the owner's recovery": async () => {
      const squatter = await customerAt(db, here)
      const [next, password] = [canaryPassword(), canaryPassword()]
      const change: Flow<Answer> = {
        database: here.database,
        run: await opened(squatter.visitor, urls.passwordChange, {
          current_password: squatter.password,
          password: next,
        }),
      }
      const recovery = await linkFollowed(there, 'recovery', squatter, db, { fields: { password } })
      return {
        flows: { change, recovery },
        check: async (answers) => {
          // A change of password makes the links of before worthless: then the owner asks for another, and has it.
          const back =
            answers['recovery']?.status === 303
              ? recovery
              : await linkFollowed(there, 'recovery', await withNewCode(db, squatter), db, { fields: { password } })
          if (back !== recovery) expect((await back.run()).status).toBe(303)
          expect(await squatter.visitor.isSignedIn()).toBe(false)
          expect(await back.visitor.isSignedIn()).toBe(true)
          expect(await belongTogether(db, squatter.email, next)).toBe(false)
          expect(await belongTogether(db, squatter.email, password)).toBe(true)
        },
      }
    },

    "a squatter's closing × the owner's recovery": async () => {
      const squatter = await customerAt(db, here)
      const password = canaryPassword()
      const closing: Flow<Answer> = {
        database: here.database,
        run: await opened(squatter.visitor, urls.accountClosing, { understood: 'yes' }),
      }
      const recovery = await linkFollowed(there, 'recovery', squatter, db, { fields: { password } })
      return {
        flows: { closing, recovery },
        check: async (answers) => {
          expect(answers['recovery']?.status).toBe(303)
          expect(await squatter.visitor.isSignedIn()).toBe(false)
          expect(['active', 'closing']).toContain(await statusOf(db, squatter.id))
          if (answers['closing']?.headers.location !== urls.landing || (await statusOf(db, squatter.id)) === 'active')
            expect(await recovery.visitor.isSignedIn()).toBe(true)
        },
      }
    },

    "a squatter's change of address × the owner's recovery": async () => {
      const away = canaryEmail()
      const squatter = await customerMoving(db, here, away)
      const owned = squatter.email
      const password = canaryPassword()
      const change = await linkFollowed(here, 'email-change', squatter, db, { visitor: squatter.visitor })
      const recovery = await linkFollowed(there, 'recovery', squatter, db, { fields: { password } })
      return {
        flows: { change, recovery },
        check: async (answers) => {
          const recovered = answers['recovery']?.status === 303
          const moved = answers['change']?.headers.location === urls.customerProfile
          // Either the owner has the account, or it left with the squatter and the address is free: never both, never neither.
          expect([recovered, moved]).toEqual([!moved, !recovered])
          if (recovered) expect(await squatter.visitor.isSignedIn()).toBe(false)
          expect((await addressOf(db, squatter.id))?.email_canonical).toBe(recovered ? owned : away)
          expect(await belongTogether(db, owned, password)).toBe(recovered)
        },
      }
    },

    'sign-in × an address taken back': async () => {
      const thief = await customerMoving(db, here, canaryEmail())
      const owned = thief.email
      await db.query('update accounts set email_confirmed_at = now() where id = $1', [thief.id])
      const moved = await linkFollowed(here, 'email-change', thief, db, { visitor: thief.visitor })
      expect((await moved.run()).status).toBe(303)
      const visitor = new Visitor(here)
      const away = (await addressOf(db, thief.id))?.email_canonical as string
      const signIn: Flow<Answer> = {
        database: here.database,
        run: await opened(visitor, urls.customerSignIn, { identifier: away, password: thief.password }),
      }
      const back = await linkFollowed(there, 'email-revert', thief, db)
      return {
        flows: { signIn, back },
        check: async (answers) => {
          expect(answers['back']?.headers.location).toBe(urls.recovery)
          expect((await addressOf(db, thief.id))?.email_canonical).toBe(owned)
          expect([await visitor.isSignedIn(), await thief.visitor.isSignedIn()]).toEqual([false, false])
          expect(await belongTogether(db, owned, thief.password)).toBe(false)
        },
      }
    },

    'an act of staff × itself': async () => {
      const person = await customerAt(db, here)
      const act = { act: 'an act', accountId: person.id, form: randomUUID(), submission: newSubmission() }
      const acting = (stage: Stage) =>
        job(stage, () =>
          oncePerForm(stage.database, act, async (within) => {
            await within.rows(sql`insert into audit_events (event, account_id) values ('an-act', ${person.id})`)
            return true
          }),
        )
      return {
        flows: { one: acting(here), other: acting(there) },
        check: async () =>
          expect(await db.count(`audit_events where event = 'an-act' and account_id = '${person.id}'`)).toBe(1),
      }
    },

    'courier × courier': async () => {
      await db.query(`update letters set sent_at = now() where sent_at is null and given_up_at is null`)
      const person = await customerAt(db, here)
      const sent: string[] = []
      const sending = (stage: Stage) =>
        job(stage, () =>
          new Courier({
            database: stage.database,
            post: {
              send: async ({ recipient }) => void sent.push(recipient),
              wordsFor: () => '',
              isForGood: () => false,
              close: () => {},
            },
            write: () => ({ subject: '', text: '', html: '' }),
            log: stage.log,
          }).deliverDue(),
        )
      return {
        flows: { one: sending(here), other: sending(there) },
        check: async () => {
          expect(sent).toEqual([person.email])
          expect(await db.count(`letters where account_id = '${person.id}' and sent_at is not null`)).toBe(1)
        },
      }
    },

    'a code × itself: confirmation': async () => {
      const person = await customerAt(db, here)
      const one = await linkFollowed(here, 'confirmation', person, db)
      const other = await linkFollowed(there, 'confirmation', person, db)
      return {
        flows: { one, other },
        check: async (answers) => {
          expect(Object.values(answers).map(({ status }) => status)).toEqual([303, 303])
          expect(await db.count(`audit_events where event = 'email-confirmed' and account_id = '${person.id}'`)).toBe(1)
        },
      }
    },

    'a code × itself: recovery': async () => {
      const person = await customerAt(db, here)
      const passwords = { one: canaryPassword(), other: canaryPassword() }
      const one = await linkFollowed(here, 'recovery', person, db, { fields: { password: passwords.one } })
      const other = await linkFollowed(there, 'recovery', person, db, { fields: { password: passwords.other } })
      return {
        flows: { one, other },
        check: async (answers) => {
          expect(statusesOf(answers)).toEqual([303, 410])
          const won = answers['one']?.status === 303 ? 'one' : 'other'
          expect(await belongTogether(db, person.email, passwords[won])).toBe(true)
          expect(await belongTogether(db, person.email, passwords[won === 'one' ? 'other' : 'one'])).toBe(false)
          expect([await one.visitor.isSignedIn(), await other.visitor.isSignedIn()]).toEqual([
            won === 'one',
            won === 'other',
          ])
        },
      }
    },

    'a code × itself: change of address': async () => {
      const email = canaryEmail()
      const person = await customerMoving(db, here, email)
      const one = await linkFollowed(here, 'email-change', person, db, { visitor: person.visitor })
      const elsewhere = new Visitor(there)
      expect((await elsewhere.signIn(person.email, person.password)).status).toBe(303)
      const other = await linkFollowed(there, 'email-change', person, db, { visitor: elsewhere })
      return {
        flows: { one, other },
        check: async (answers) => {
          expect(Object.values(answers).map(({ headers }) => headers.location)).toEqual([
            urls.customerProfile,
            urls.customerProfile,
          ])
          expect(await db.count(`audit_events where event = 'email-changed' and account_id = '${person.id}'`)).toBe(1)
          expect(await db.count(`codes where purpose = 'email-revert' and account_id = '${person.id}'`)).toBe(1)
        },
      }
    },

    'a code × itself: an address taken back': async () => {
      const person = await customerMoving(db, here, canaryEmail())
      const moved = await linkFollowed(here, 'email-change', person, db, { visitor: person.visitor })
      expect((await moved.run()).status).toBe(303)
      const one = await linkFollowed(here, 'email-revert', person, db)
      const other = await linkFollowed(there, 'email-revert', person, db)
      return {
        flows: { one, other },
        check: async (answers) => {
          expect(Object.values(answers).map(({ headers }) => headers.location)).toEqual([urls.recovery, urls.recovery])
          expect(await db.count(`audit_events where event = 'email-taken-back' and account_id = '${person.id}'`)).toBe(
            1,
          )
          expect((await addressOf(db, person.id))?.email_canonical).toBe(person.email)
        },
      }
    },

    'a code × itself: invitation': async () => {
      const code = await invite(db)
      const accepting = async (stage: Stage) => {
        const visitor = new Visitor(stage)
        await visitor.get(`${urls.staffRegistration}?code=${code}`)
        return { database: stage.database, run: await opened(visitor, urls.staffRegistration, registrationForm()) }
      }
      return {
        flows: { one: await accepting(here), other: await accepting(there) },
        check: async (answers) => {
          expect(statusesOf(answers)).toEqual([303, 410])
          const hash = createHash('sha256').update(`invitation:${code}`).digest('hex')
          expect(
            await db.count(`invitations where encode(code_hash, 'hex') = '${hash}' and accepted_by is not null`),
          ).toBe(1)
        },
      }
    },

    'a code × itself: registration by link': async () => {
      const visitor = new Visitor(linked)
      const { answer, email, password } = await visitor.register()
      expect(answer.status).toBe(303)
      await answerPendingRegistrations(db.database)
      const [row] = await db.query<{ id: string }>('select id from pending_registrations where email_canonical = $1', [
        email,
      ])
      const link = `${codePaths.registration}?code=${codeFor(keys, 'registration', row?.id ?? '')}`
      const following = async (stage: Stage) => {
        const browser = new Visitor(stage)
        await browser.get(link)
        return { database: stage.database, run: await opened(browser, codePaths.registration, { password }), browser }
      }
      const [one, other] = [await following(here), await following(there)]
      return {
        flows: { one, other },
        check: async (answers) => {
          expect(statusesOf(answers).filter((status) => status === 303)).toEqual([303])
          expect(await db.count(`accounts where email_canonical = '${email}'`)).toBe(1)
        },
      }
    },
  }
}

/** A job that a node does by itself: it answers nobody. */
function job(stage: Stage, work: () => Promise<unknown>): Flow<Answer> {
  return { database: stage.database, run: async () => (await work(), ANSWER_OF_A_JOB) }
}

/** In ascending order: which of two got which is what the order decides. */
function statusesOf(answers: Record<string, Answer>): number[] {
  return Object.values(answers)
    .map(({ status }) => status)
    .toSorted((a, b) => a - b)
}

/** One got in, and the other was told why not. */
function oneOf(answers: Record<string, Answer>, words: string): void {
  expect(statusesOf(answers)).toEqual([303, 422])
  expect(Object.values(answers).find(({ status }) => status === 422)?.body).toContain(words)
}

function sessionIn(answer: Answer | undefined): string | undefined {
  return answer?.headers['set-cookie']?.find((line) => line.startsWith('meridian-session='))?.split(';')[0]
}

async function statusOf(db: TestDatabase, id: string): Promise<string | undefined> {
  return (await db.query<{ status: string }>('select status from accounts where id = $1', [id]))[0]?.status
}

async function addressOf(db: TestDatabase, id: string) {
  const [row] = await db.query<{ email_canonical: string | null; confirmed: boolean }>(
    'select email_canonical, email_confirmed_at is not null as confirmed from accounts where id = $1',
    [id],
  )
  return row
}

/** Whose links of before count no more. */
async function withNewCode(db: TestDatabase, person: { id: string }): Promise<{ id: string }> {
  await db.query(`delete from codes where account_id = $1 and purpose = 'recovery'`, [person.id])
  return person
}
