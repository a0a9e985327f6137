import type { Config } from '../config.ts'
import { Database } from '../database/database.ts'
import { findStore } from '../database/store.ts'

/** What a command does on the database of these settings, its schema as it is; closed again whatever happens. */
export async function withDatabase(
  config: Config,
  work: (database: Database, config: Config) => Promise<void>,
): Promise<void> {
  const store = await findStore(config)
  const database = new Database({ url: store.appUrl, connections: 1, onIdleError: () => {} })
  try {
    await work(database, config)
  } finally {
    await database.close()
    await store.leave()
  }
}
