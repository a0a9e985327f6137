import { Command } from 'commander'
import { examine } from '../operations/doctor/doctor.ts'
import { legacyInvariants } from '../operations/doctor/django/invariants.ts'
import { onLegacy } from '../operations/doctor/django/open.ts'
import { exitCodeFor, patienceOption, verdictInWords } from './doctor.ts'
import { progressOn } from './progress.ts'

export function doctorDjangoCommand(): Command {
  return new Command('django')
    .description('Ask the legacy Django database itself. Changes nothing, and disturbs nobody.')
    .argument('<url>', 'its PostgreSQL database: postgres://…')
    .option('--json', 'print the verdict as JSON')
    .addOption(patienceOption())
    .action((url: string, { json, patience }: { json?: boolean; patience: number }) =>
      onLegacy(url, 'meridian doctor', async (legacy) => {
        const onAsked = progressOn(process.stderr, !json)
        const verdict = await examine(legacy, legacyInvariants(), { patience, onAsked })
        process.stdout.write(json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictInWords(verdict))
        process.exitCode = exitCodeFor(verdict)
      }),
    )
}
