import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { isPostmasterOf, readPidFile } from '../../src/database/embedded/postmaster-file.ts'
import { clear, openRunFolder } from './run-folder.ts'

test('a run ends the PostgreSQL of one that was killed, and removes its files; of one that goes on it leaves everything', async () => {
  const { pid: ended } = spawnSync(process.execPath, ['--version'])
  const left = mkdtempSync(join(tmpdir(), `meridian-run-${ended}-`))
  chmodSync(left, 0o755)
  const dataDir = join(left, 'own')
  mkdirSync(dataDir, { mode: 0o700 })
  const { place } = await EmbeddedCluster.open({ dataDir })
  const postmaster = Number(readPidFile(place)?.[0])
  expect(isPostmasterOf(place, postmaster)).toBe(true)

  const next = await openRunFolder()
  expect(isPostmasterOf(place, postmaster)).toBe(false)
  expect(existsSync(place)).toBe(false)
  expect(existsSync(left)).toBe(false)

  const template = realpathSync(join(inject('folder'), 'template', 'postgres'))
  expect(isPostmasterOf(template, Number(readPidFile(template)?.[0]))).toBe(true)
  await clear(next)
  expect(existsSync(next)).toBe(false)
})
