import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import type { Sql, Statement } from '../../src/database/sql.ts'
import { check, type Invariant } from '../../src/torture/checker.ts'
import { readFinalState } from '../../src/torture/final-state.ts'
import { HistoryFile, readHistory, type Act, type History } from '../../src/torture/history.ts'
import { Storm } from '../../src/torture/storm.ts'
import { remember } from '../support/canary.ts'
import { connectionTo, freshDatabase } from '../support/database.ts'
import { ownFolder } from '../support/folder.ts'
import { openSite } from '../support/site.ts'

const DOMAIN = 'calm.example'
const ACTS = 150

/** People who register last and do nothing else, so that what is planted is all that happens to their accounts. */
const VICTIMS = 6
const VICTIM = `(select id from accounts where email_canonical = $1)`

const db = await freshDatabase()
const sites = [await openSite(db), await openSite(db)]
const folder = ownFolder()
const passwords = new Passwords({ memoryKib: 1024, passes: 1 })
const verify = (hash: string, password: string) => passwords.verify(hash, password, null)
let read: History

test('where nothing fails, everybody gets an answer, and every invariant that was looked at holds', async () => {
  const history = new HistoryFile(join(folder, 'history.jsonl'))
  const origins = sites.map(({ url }) => url)
  const storm = new Storm({ sites: origins, domain: DOMAIN, people: 8, history, onSecret: remember })
  const running = storm.run()
  while (storm.progress.done < ACTS) await sleep(50)
  storm.end()
  await running
  await storm.flood(VICTIMS)
  history.close()

  read = readHistory(history.path, null)
  const verdicts = await check(read, await readFinalState(db.database, DOMAIN), verify)
  expect(verdicts.flatMap(({ breaches }) => breaches)).toEqual([])
  expect(verdicts.filter(({ holds, looked }) => holds !== null && looked === 0)).toEqual([])
  expect(read.acts.filter(({ end }) => end === 'unknown')).toEqual([])
  const refusals = read.acts.filter(({ end }) => end === 'refused').map(({ said }) => said)
  expect(['email-taken', 'sign-in-first', 'wrong-credentials']).toEqual(expect.arrayContaining([...new Set(refusals)]))
})

describe('planted in the database afterwards, it is seen:', () => {
  test.each<[string, Invariant[], string[]]>([
    ['an account that was acknowledged is gone', ['nothing-lost'], [`delete from accounts where id = ${VICTIM}`]],
    [
      'an account is there twice, the second spelt in capitals',
      ['one-each', 'no-half-account'],
      [
        `alter table accounts drop constraint accounts_email_canonical_key cascade`,
        `insert into accounts (id, kind, first_name, last_name, email, email_delivery, email_canonical, email_canonical_version)
         select gen_random_uuid(), kind, first_name, last_name, upper(email), email_delivery, email_canonical, email_canonical_version
         from accounts where id = ${VICTIM}`,
      ],
    ],
    ['an account has no profile', ['no-half-account'], [`delete from customer_profiles where account_id = ${VICTIM}`]],
    ['an account has no password', ['no-half-account'], [`delete from passwords where account_id = ${VICTIM}`]],
    [
      'an account was made and its letter was not',
      ['no-half-account'],
      [`delete from letters where account_id = ${VICTIM}`],
    ],
    [
      'a registration is not recorded',
      ['no-half-account'],
      [`delete from audit_events where event = 'customer-registered' and account_id = ${VICTIM}`],
    ],
    [
      'an account goes and leaves its profile',
      ['nothing-lost', 'no-half-account'],
      [`set session_replication_role = replica`, `delete from accounts where email_canonical = $1`],
    ],
    [
      'an account has the name of one registration and the password of another',
      ['nothing-made-up', 'changes-hold'],
      [
        `update passwords set hash = (select hash from passwords where account_id <> ${VICTIM} limit 1)
         where account_id = ${VICTIM}`,
      ],
    ],
  ])('%s', async (_, broken, damage) => {
    const client = await connectionTo(db.superuserUrl)
    await client.query('begin')
    await client.query('set constraints all deferred')
    for (const statement of damage)
      await client.query(statement, statement.includes('$1') ? [victim().address] : undefined)
    const rows = async <Row>({ text, values }: Sql | Statement) => (await client.query(text, values)).rows as Row[]
    const final = await readFinalState({ rows, row: async (one) => (await rows<never>(one))[0] ?? null }, DOMAIN)
    await client.query('rollback')
    const verdicts = await check(read, final, verify)
    expect(verdicts.filter(({ holds }) => holds === false).map(({ invariant }) => invariant)).toEqual(broken)
  })

  function victim(): Act {
    const once = read.acts.filter(
      ({ kind, end, address }) =>
        kind === 'register' && end === 'done' && read.acts.filter((act) => act.address === address).length === 1,
    )
    return once.at(-1) as Act
  }
})
