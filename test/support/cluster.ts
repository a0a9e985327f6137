import { rmSync } from 'node:fs'
import { EmbeddedCluster } from '../../src/database/embedded/cluster.ts'
import { migrate } from '../../src/database/migrations.ts'
import { whenDone } from './database.ts'
import { ownFolder } from './folder.ts'

export interface OwnCluster {
  cluster: EmbeddedCluster
  appUrl: string
  ownerUrl: string
  superuserUrl: string
}

/** A PostgreSQL server of this test's own, with fsync: one that may be stopped, crashed and measured. */
export async function ownCluster(): Promise<OwnCluster> {
  const cluster = await EmbeddedCluster.open({ dataDir: ownFolder() })
  whenDone(async () => {
    await cluster.stop()
    rmSync(cluster.place, { recursive: true })
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
