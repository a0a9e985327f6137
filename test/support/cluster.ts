import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { migrate } from '../../src/database/migrations.ts'
import { whenDone } from './database.ts'

export interface OwnCluster {
  cluster: EmbeddedCluster
  appUrl: string
  ownerUrl: string
  superuserUrl: string
}

/** A PostgreSQL server of this test's own, with fsync: one that may be stopped, crashed and measured. */
export async function ownCluster(): Promise<OwnCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-own-'))
  const cluster = await EmbeddedCluster.open({ dataDir: folder })
  whenDone(async () => {
    await cluster.stop()
    rmSync(cluster.place, { recursive: true })
    rmSync(folder, { recursive: true, force: true })
  })
  await cluster.prepare('meridian')
  const urls = {
    appUrl: cluster.url('meridian_app', 'meridian'),
    ownerUrl: cluster.url('meridian_owner', 'meridian'),
    superuserUrl: cluster.url('postgres', 'meridian'),
  }
  await migrate(urls)
  return { cluster, ...urls }
}
