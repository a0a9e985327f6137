import type { Config } from '../config.ts'
import { Connection } from '../database/connection.ts'
import { Database } from '../database/database.ts'
import { findStore, type Store } from '../database/store.ts'

/** What a command does where the records of these settings are; left again whatever happens. */
export async function withStore<Result>(config: Config, work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await findStore(config)
  try {
    return await work(store)
  } finally {
    await store.leave()
  }
}

/** What a command does on the database of these settings, its schema as it is; closed again whatever happens. */
export function withDatabase(
  config: Config,
  work: (database: Database, config: Config) => Promise<void>,
): Promise<void> {
  return withStore(config, async (store) => {
    const database = new Database({ url: store.appUrl, connections: 1, onIdleError: () => {} })
    try {
      await work(database, config)
    } finally {
      await database.close()
    }
  })
}

/** What a command does on a connection of its own, for statements that may take long. `name` is how the server shows it. */
export async function withConnection<Result>(
  url: string,
  name: string,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await Connection.open(url, name)
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
