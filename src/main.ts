import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { answer } from './answers/catalogue.ts'
import { codeOf, Fault } from './answers/fault.ts'
import { doctorCommand } from './cli/doctor.ts'
import { doctorDjangoCommand } from './cli/doctor-django.ts'
import { housekeepingCommand } from './cli/housekeeping.ts'
import { eraseCommand } from './cli/erase.ts'
import { importCommand } from './cli/import.ts'
import { mailCommand } from './cli/mail.ts'
import { mergeCommand } from './cli/merge.ts'
import { migrateCommand } from './cli/migrate.ts'
import { repairCommand } from './cli/repair.ts'
import { auditCommand } from './cli/audit.ts'
import { staffCommand } from './cli/staff.ts'
import { settingsCommand } from './cli/settings.ts'
import { tortureCommand } from './cli/torture.ts'
import { readConfig } from './config.ts'
import { serve } from './serve.ts'

/** Exit codes: 0 done, 1 a mistake in how it was called or set up, 2 something is out of reach and may be tried again. */
const MISTAKE = 1
const OUT_OF_REACH = 2

if (existsSync('.env')) process.loadEnvFile('.env')

const program = new Command('meridian').description('Customer and staff accounts for a business.').showHelpAfterError()
program
  .command('serve', { isDefault: true })
  .description('Serve the site (what npm start does).')
  .action(() => serve(readConfig(process.env), process.stderr))
program.addCommand(migrateCommand(() => readConfig(process.env)))
program.addCommand(mailCommand(() => readConfig(process.env)))
program.addCommand(housekeepingCommand(() => readConfig(process.env)))
program.addCommand(eraseCommand(() => readConfig(process.env)))
program.addCommand(doctorCommand(() => readConfig(process.env)).addCommand(doctorDjangoCommand()))
program.addCommand(importCommand(() => readConfig(process.env)))
program.addCommand(mergeCommand(() => readConfig(process.env)))
program.addCommand(repairCommand(() => readConfig(process.env)))
program.addCommand(staffCommand(() => readConfig(process.env)))
program.addCommand(auditCommand(() => readConfig(process.env)))
program.addCommand(settingsCommand())
program.addCommand(tortureCommand())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`\n${wordsFor(error)}\n`)
  process.exit(answer(codeOf(error)).status === 503 ? OUT_OF_REACH : MISTAKE)
}

function wordsFor(error: unknown): string {
  if (!(error instanceof Fault)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const { words, whatNow } = answer(error.code)
  return [words, error.details, whatNow, `(${error.code})`].filter(Boolean).join('\n')
}
