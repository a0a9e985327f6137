import { join } from 'node:path'
import { EmbeddedCluster } from './embedded/cluster.ts'
import { migrate, type MigrationRoles } from './migrations.ts'

export interface StoreSettings {
  DATABASE_URL?: string | undefined
  DATABASE_OWNER_URL?: string | undefined
  DATA_DIR: string
}

/** Where the records are: a server somewhere, or the embedded one. */
export interface Store extends MigrationRoles {
  /** A line about it for the person at the terminal. */
  words: string
  leave: () => Promise<void>
}

const EMBEDDED_NAME = 'meridian'

/** The database of these settings, running, with its schema up to date. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const store = await findStore(settings)
  await migrate(store)
  return store
}

/** The database of these settings, running, its schema as it is. */
export async function findStore({ DATABASE_URL, DATABASE_OWNER_URL, DATA_DIR }: StoreSettings): Promise<Store> {
  if (DATABASE_URL) {
    return {
      ownerUrl: DATABASE_OWNER_URL ?? DATABASE_URL,
      appUrl: DATABASE_URL,
      words: 'its records are in the database of DATABASE_URL',
      leave: async () => {},
    }
  }
  const cluster = await EmbeddedCluster.open({ dataDir: DATA_DIR })
  await cluster.prepare(EMBEDDED_NAME)
  await cluster.hold()
  return {
    ownerUrl: cluster.url('meridian_owner', EMBEDDED_NAME),
    appUrl: cluster.url('meridian_app', EMBEDDED_NAME),
    words: `its records are in ${cluster.place === join(DATA_DIR, 'postgres') ? DATA_DIR : cluster.place}`,
    leave: () => cluster.leave(),
  }
}
