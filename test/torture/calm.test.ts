import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { check } from '../../src/torture/checker.ts'
import { readFinalState } from '../../src/torture/final-state.ts'
import { HistoryFile, readHistory } from '../../src/torture/history.ts'
import { Storm } from '../../src/torture/storm.ts'
import { remember } from '../support/canary.ts'
import { freshDatabase } from '../support/database.ts'
import { openSite } from '../support/site.ts'

const DOMAIN = 'calm.example'
const ACTS = 150

const db = await freshDatabase()
const sites = [await openSite(db), await openSite(db)]

test('where nothing fails, everybody gets an answer, and every invariant that was looked at holds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-calm-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const history = new HistoryFile(join(folder, 'history.jsonl'))
  const origins = sites.map(({ url }) => url)
  const storm = new Storm({ sites: origins, domain: DOMAIN, people: 8, history, onSecret: remember })
  const running = storm.run()
  while (storm.progress.done < ACTS) await sleep(50)
  storm.end()
  await running
  history.close()

  const read = readHistory(history.path, null)
  const passwords = new Passwords({ memoryKib: 1024, passes: 1 })
  const verify = (hash: string, password: string) => passwords.verify(hash, password, null)
  const verdicts = await check(read, await readFinalState(db.database, DOMAIN), verify)
  expect(verdicts.flatMap(({ breaches }) => breaches)).toEqual([])
  expect(verdicts.filter(({ holds, looked }) => holds !== null && looked === 0)).toEqual([])
  expect(read.acts.filter(({ end }) => end === 'unknown')).toEqual([])
  const refusals = read.acts.filter(({ end }) => end === 'refused').map(({ said }) => said)
  expect(['email-taken', 'sign-in-first', 'wrong-credentials']).toEqual(expect.arrayContaining([...new Set(refusals)]))
})
