// The long storm: npm run torture. Without arguments it kills a node a hundred times and PostgreSQL fifty, and fails over
// twenty times, while twenty thousand acts are acknowledged: some twenty minutes. `npm run torture -- 0.1` is a
// tenth of it. What was seen is kept in test-results/torture, and its report is drawn there.
import { startVitest } from 'vitest/node'

const share = Number(process.argv[2] ?? 1)
const whole = {
  NODE_KILLS: 100,
  WIRE_CUTS: 40,
  NODE_TROUBLES: 12,
  POSTGRES_KILLS: 50,
  FAILOVERS: 20,
  DATABASE_TROUBLES: 12,
  ACTS: 20_000,
}

if (!(share > 0)) {
  process.stderr.write('Say how much of the whole: npm run torture -- 0.1\n')
  process.exit(1)
}
for (const [name, count] of Object.entries(whole)) process.env[`TORTURE_${name}`] = String(Math.ceil(count * share))
process.env['TORTURE_PEOPLE'] = '24'

const vitest = await startVitest('test', [], {
  include: ['test/torture/storm.test.ts'],
  reporters: ['default'],
  watch: false,
})
await vitest.close()
