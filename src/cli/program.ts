import { Command } from 'commander'
import type { Config } from '../config.ts'
import { auditCommand } from './audit.ts'
import { doctorCommand } from './doctor.ts'
import { doctorDjangoCommand } from './doctor-django.ts'
import { eraseCommand } from './erase.ts'
import { housekeepingCommand } from './housekeeping.ts'
import { importCommand } from './import.ts'
import { mailCommand } from './mail.ts'
import { mergeCommand } from './merge.ts'
import { migrateCommand } from './migrate.ts'
import { repairCommand } from './repair.ts'
import { repairDjangoCommand } from './repair-django.ts'
import { settingsCommand } from './settings.ts'
import { staffCommand } from './staff.ts'
import { tortureCommand } from './torture.ts'

export interface ProgramSettings {
  /** Read only once a command needs it: help needs no settings. */
  config: () => Config
  serve: () => Promise<void>
}

/** The whole command line. */
export function program({ config, serve }: ProgramSettings): Command {
  // An option is that of the command before it: repair has --apply, and so has repair django.
  const meridian = new Command('meridian')
    .description('Customer and staff accounts for a business.')
    .enablePositionalOptions()
    .showHelpAfterError()
  meridian.command('serve', { isDefault: true }).description('Serve the site (what npm start does).').action(serve)
  const commands = [
    migrateCommand(config),
    mailCommand(config),
    housekeepingCommand(config),
    eraseCommand(config),
    doctorCommand(config).addCommand(doctorDjangoCommand()),
    importCommand(config),
    mergeCommand(config),
    repairCommand(config).addCommand(repairDjangoCommand()),
    staffCommand(config),
    auditCommand(config),
    settingsCommand(),
    tortureCommand(),
  ]
  for (const command of commands) meridian.addCommand(command)
  return meridian
}
