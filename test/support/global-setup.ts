import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { migrate } from '../../src/database/migrations.ts'
import { projectRoot } from '../../src/lib/project-root.ts'
import { buildAll } from '../../scripts/build.mjs'
import { clear, openRunFolder } from './run-folder.ts'
import { TEMPLATE } from './template.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection strings of the template; a test's own database differs in name alone. */
    template: { superuserUrl: string; ownerUrl: string; appUrl: string }
    /** Where the logs of every server under test go, to be searched for secrets afterwards. */
    logs: string
    /** What all folders of this run are in. */
    folder: string
  }
}

/** One real PostgreSQL for the whole run, without fsync; MERIDIAN_POSTGRES_BIN names the binaries of another version. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await buildAll()
  const logs = join(projectRoot, 'test-results', 'logs')
  rmSync(logs, { recursive: true, force: true })
  mkdirSync(logs, { recursive: true })
  const folder = await openRunFolder()
  const dataDir = join(folder, 'template')
  mkdirSync(dataDir, { mode: 0o700 })
  const cluster = await EmbeddedCluster.open({
    dataDir,
    options: ['fsync=off', 'max_connections=300', 'track_io_timing=off'],
  })
  await cluster.prepare(TEMPLATE)
  const template = {
    superuserUrl: cluster.url('postgres', TEMPLATE),
    ownerUrl: cluster.url('meridian_owner', TEMPLATE),
    appUrl: cluster.url('meridian_app', TEMPLATE),
  }
  await migrate(template)
  project.provide('template', template)
  project.provide('logs', logs)
  project.provide('folder', folder)

  return async () => {
    await cluster.stop()
    cpSync(join(dataDir, 'postgres.log'), join(logs, 'postgres.log'))
    await clear(folder)
  }
}
