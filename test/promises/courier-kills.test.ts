import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { urls } from '../../src/urls.ts'
import { SECOND } from '../../src/lib/time.ts'
import { canaryEmail } from '../support/canary.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { Mailbox, type Received } from '../support/mailbox.ts'
import { startNode } from '../support/site.ts'
import { registrationForm, Visitor } from '../support/visitor.ts'

/** The long form, COURIER_KILLS=50 and COURIER_REGISTRATIONS=2000, takes some minutes. */
const KILLS = Number(process.env['COURIER_KILLS'] ?? 10)
const REGISTRATIONS = Number(process.env['COURIER_REGISTRATIONS'] ?? 200)

/** One registration in so many is rolled back after its letter was written. */
const ONE_UNDONE_IN = 20

const CLAIM_SECONDS = 5

/** A letter that was taken and not yet recorded when its sender died was taken just before. */
const JUST_BEFORE = 2 * SECOND

const db = await freshDatabase()
const mailbox = await Mailbox.open()
mailbox.manner = 'takes its time'
const settings = { ...mailbox.settings, LETTER_CLAIM_SECONDS: String(CLAIM_SECONDS), LOG_LEVEL: 'warn' }
const steady = await startNode(db, settings)

test('P7: with a sender killed by -9 at random moments, every account is welcomed, and nobody else', async () => {
  await undoRegistrationsOf('undone.%')
  let doomed = await startNode(db, settings)
  onTestFinished(() => void doomed.process.kill('SIGKILL'))
  let open = true
  const kills: number[] = []

  async function killAndStartAgain(): Promise<void> {
    while (kills.length < KILLS) {
      await sleep(randomInt(900, 2200))
      doomed.process.kill('SIGKILL')
      kills.push(Date.now())
      doomed = await startNode(db, settings)
    }
    open = false
  }

  const registered = new Set<string>()
  const undone = new Set<string>()

  /** Spread over the kills, and so many in all; the person is served by the node that lives. */
  async function registerMany(): Promise<void> {
    for (let count = 0; count < REGISTRATIONS; count += 1) {
      const email = canaryEmail()
      const form = registrationForm({ email: count % ONE_UNDONE_IN === 0 ? `undone.${email}` : email })
      const { status } = await new Visitor(steady).submit(urls.customerRegistration, form)
      if (status === 303) registered.add(email)
      else undone.add(form['email'] as string)
      const ahead = count / REGISTRATIONS - kills.length / KILLS
      if (open && ahead > 0) await sleep(Math.min(500, ahead * KILLS * 500))
    }
  }

  await Promise.all([killAndStartAgain(), registerMany()])
  await expect.poll(() => db.count('letters where sent_at is null'), { timeout: 60_000, interval: 500 }).toBe(0)

  expect(registered.size).toBe(REGISTRATIONS - Math.ceil(REGISTRATIONS / ONE_UNDONE_IN))
  expect(undone.size).toBe(Math.ceil(REGISTRATIONS / ONE_UNDONE_IN))
  expect(kills).toHaveLength(KILLS)
  const missing = [...registered].filter((email) => mailbox.to(email).length === 0)
  expect(missing, 'accounts without a welcome').toEqual([])
  expect(
    mailbox.received.filter(({ recipient }) => undone.has(recipient)),
    'letters for what was undone',
  ).toEqual([])
  expect(await lettersUnknownToTheDatabase()).toEqual([])

  const duplicates = [...registered].map((email) => mailbox.to(email)).filter((letters) => letters.length > 1)
  for (const letters of duplicates) {
    expect(new Set(letters.map(({ messageId }) => messageId)).size, 'one Message-ID').toBe(1)
    expect(isAroundAKill(letters, kills), `${letters[0]?.at} is just before one of ${kills.join(' ')}`).toBe(true)
  }
  const retaken = await db.count('letters where attempts > 1')
  process.stdout.write(
    `${registered.size} accounts, ${undone.size} undone, ${kills.length} kills: ${mailbox.received.length} letters, ` +
      `${duplicates.length} of them twice, ${retaken} taken up again after a kill\n`,
  )
}, 900_000)

/** Each copy but the last was taken just before a kill, and the next one after it. */
function isAroundAKill(letters: readonly Received[], kills: readonly number[]): boolean {
  return letters.slice(0, -1).every(({ at }, index) => {
    const next = letters[index + 1] as Received
    return kills.some((kill) => at <= kill + 50 && kill - at < JUST_BEFORE && next.at > kill)
  })
}

async function lettersUnknownToTheDatabase(): Promise<string[]> {
  const ids = new Set((await db.query<{ id: string }>('select id from letters')).map(({ id }) => id))
  return mailbox.received.map(({ messageId }) => messageId).filter((id) => !ids.has(/<(.+)@/.exec(id)?.[1] ?? ''))
}

/** The letter is written, and after it the transaction fails: in the same moment as the disk would be full. */
async function undoRegistrationsOf(pattern: string): Promise<void> {
  const owner = await connectionTo(db.ownerUrl)
  await owner.query(`
    create function fail() returns trigger language plpgsql as $$
    begin
      if new.recipient like '${pattern}' then raise exception 'the disk is full' using errcode = '53100'; end if;
      return new;
    end $$;
    create constraint trigger fail after insert on letters deferrable initially deferred for each row execute function fail()`)
}
