import type { Writable } from 'node:stream'
import { Fault } from './answers/fault.ts'
import { buildApp, openDelivery } from './app.ts'
import type { Config } from './config.ts'
import { Database } from './database/database.ts'
import { migrate } from './database/migrations.ts'
import { findStore } from './database/store.ts'
import { offerFirstAdmin } from './flows/staff-registration/invitation.ts'
import { Keys } from './lib/keys.ts'
import { openLog, type Log } from './lib/log.ts'
import { startDirectory } from './operations/directory/directory.ts'
import { startDoctor } from './operations/doctor/verdicts.ts'
import { startErasure } from './operations/erasure/erasure.ts'
import { SECOND } from './lib/time.ts'
import { startHousekeeping } from './operations/housekeeping/housekeeping.ts'
import { urls } from './urls.ts'

const CLOSE_WITHIN = 10 * SECOND

/** Runs one node until it is told to end. */
export async function serve(config: Config, terminal: Writable): Promise<void> {
  const log = await openLog(config.LOG_LEVEL, process.stdout.isTTY)
  outlive(log)
  const store = await findStore(config)
  const database = new Database({
    url: store.appUrl,
    connections: config.DATABASE_CONNECTIONS,
    onIdleError: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  // While the database answers, the pages are put together.
  const [, app] = await Promise.all([migrate(store), buildApp(config, database, log)])
  // Before anybody is served: a database that goes now ends a node that is starting, and never one that is up.
  const firstAdmin = await offerFirstAdmin(database, new Keys(config.SECRETS))
  const delivery = await openDelivery(config, database, log)
  const erasure = startErasure({ database, log })
  const directory = startDirectory({ database, log })
  const housekeeping = startHousekeeping({ database, log })
  const doctor = startDoctor({ database, log, mailServer: config.SMTP_URL !== undefined })
  await app.listen({ host: config.HOST, port: config.PORT }).catch((error: unknown) => {
    throw new Fault('setting-refused', { cause: error, details: `HOST and PORT: ${(error as Error).message}.` })
  })
  greet(config, store.words, firstAdmin, terminal)

  onSignal(log, async () => {
    await app.close()
    await delivery.stop()
    await erasure.stop()
    await directory.stop()
    await housekeeping.stop()
    await doctor.stop()
    await database.close()
    await store.leave()
  })
}

/** For the person at the terminal, never for the log: the first admin's link is a secret for as long as it is good. */
function greet(config: Config, storeWords: string, firstAdmin: string | null, terminal: Writable): void {
  const lines = [
    `${config.BRAND_NAME} is ready at ${config.PUBLIC_URL}`,
    `  customers register at ${config.PUBLIC_URL}${urls.customerRegistration}`,
    `  ${storeWords}`,
    ...(firstAdmin === null
      ? []
      : [
          '',
          'There is no admin yet. This link registers the first one; it works once, for an hour:',
          `  ${config.PUBLIC_URL}${urls.staffRegistration}?code=${firstAdmin}`,
        ]),
  ]
  terminal.write(`\n${lines.join('\n')}\n\n`)
}

/** The last resort (ASVS 16.5.4): what nobody caught is recorded, and everybody else goes on being served. */
function outlive(log: Log): void {
  process.on('unhandledRejection', (reason) => log.fatal({ err: reason }, 'an unhandled rejection'))
  process.on('uncaughtException', (error) => log.fatal({ err: error }, 'an uncaught exception'))
}

function onSignal(log: Log, close: () => Promise<void>): void {
  let closing = false
  const end = async (signal: NodeJS.Signals) => {
    if (closing) return
    closing = true
    log.info({ signal }, 'closing')
    setTimeout(() => process.exit(1), CLOSE_WITHIN).unref()
    try {
      await close()
      process.exit(0)
    } catch (error) {
      log.error({ err: error }, 'closing failed')
      process.exit(1)
    }
  }
  process.on('SIGINT', (signal) => void end(signal))
  process.on('SIGTERM', (signal) => void end(signal))
}
