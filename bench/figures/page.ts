import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Growth } from '../growth.ts'
import type { ScaleOut } from '../scale-out.ts'
import type { Figures } from '../speed.ts'
import { arrivalsOf, BOUNDS, costsOf, idleOf, inWords, ratiosOf, type Spread } from '../speed/figures.ts'
import { quantile } from '../statistics.ts'
import { amount, barPanels, marksOnALine, ratioPanels, stackedBars, type Ink, type Mark } from './charts.ts'

/** What was run, as far as it was. */
export interface Runs {
  speed?: Figures
  growth?: Growth
  scaleOut?: ScaleOut
}

/** What each run calls the file of its numbers. */
export const FILES: Record<keyof Runs, string> = {
  speed: 'figures.json',
  growth: 'growth.json',
  scaleOut: 'scale-out.json',
}

/** The numbers that a folder has. */
export function keptRuns(folder: string): Runs {
  return Object.fromEntries(
    Object.entries(FILES)
      .map(([run, file]) => [run, join(folder, file)] as const)
      .filter(([, path]) => existsSync(path))
      .map(([run, path]) => [run, JSON.parse(readFileSync(path, 'utf8'))]),
  )
}

/** A page of docs, and its pictures by name. */
export interface FiguresPage {
  page: string
  pictures: Record<string, string>
}

interface Section {
  text: string
  pictures: Record<string, string>
}

/** The page and its pictures, of what was run. */
export function figuresPage({ speed, growth, scaleOut }: Runs): FiguresPage {
  const sections = [
    ...(speed ? [speedSection(speed)] : []),
    ...(growth ? [growthSection(growth)] : []),
    ...(scaleOut ? [scaleOutSection(scaleOut)] : []),
    ...(growth && scaleOut ? [capacitySection(growth, scaleOut, speed)] : []),
  ]
  const intro = `# Figures

How quick it is, what bounds it, what one operation costs, and what changes as a site fills. Everything on this page was drawn by
\`npm run bench -- figures\` of numbers that these commands wrote, and that lie beside the pictures in [figures](figures/); nothing was typed:

\`\`\`
npm run bench
npm run bench -- growth
npm run bench -- scale-out
npm run bench -- figures
\`\`\`

What is compared ran in turns on the same machine, one right after the other. Of several rounds the median is given, and in brackets the
least and the most. [Capacity](capacity.md) reckons with these figures for sites of other sizes.
`
  return {
    page: [intro, asked(speed, growth), ...sections.map(({ text }) => text)].join('\n'),
    pictures: Object.assign({}, ...sections.map(({ pictures }) => pictures)) as Record<string, string>,
  }
}

/** One figure that had to be reached. */
interface Asked {
  what: string
  of: Spread | number | undefined
  atLeast?: number
  atMost?: number
  /** What the bound reaches on the same cores, beside the same load. */
  bound?: Spread | number | undefined
}

/** A table of what was to be reached and what was measured, whether it was or not, and what a server that does next to nothing reaches. */
function asked(speed?: Figures, growth?: Growth): string {
  const ratio = (what: string) => speed?.ratios[what]
  const largest = growth ? Math.max(...Object.keys(growth.sizes).map(Number)) : 0
  const smallest = growth ? Math.min(...Object.keys(growth.sizes).map(Number)) : 0
  const grown = (errand: string) => growth?.errands[errand]?.[32]?.times[largest]
  const beside = speed?.beside['ours']
  const rows: Asked[] = [
    {
      what: 'registrations, 32 at once, of the bare hash',
      of: ratio('registrations, 32 at once, ours : bare argon2id'),
      atLeast: 0.85,
      bound: ratio(`registrations, 32 at once, ${BOUNDS.least} : ${BOUNDS.hash}`),
    },
    {
      what: 'sign-ins, 32 at once, of the bare hash',
      of: ratio('sign-ins, 32 at once, ours : bare argon2id'),
      atLeast: 0.85,
      bound: ratio(`sign-ins, 32 at once, ${BOUNDS.least} : ${BOUNDS.hash}`),
    },
    {
      what: 'registrations, 32 at once, of Better Auth’s',
      of: ratio('registrations, 32 at once, ours : Better Auth'),
      atLeast: 1,
    },
    {
      what: 'sign-ins, 32 at once, of Better Auth’s',
      of: ratio('sign-ins, 32 at once, ours : Better Auth'),
      atLeast: 1,
    },
    {
      what: 'session checks, 32 at once, of Better Auth’s',
      of: ratio('session checks, 32 at once, ours : Better Auth'),
      atLeast: 5,
    },
    {
      what: 'session checks, 32 at once, of bare Fastify with one query',
      of: ratio('session checks, 32 at once, ours : bare Fastify, one query'),
      atLeast: 0.7,
    },
    {
      what: 'the registration page, 32 at once, of the same bytes as a constant',
      of: ratio('registration page, 32 at once, ours : the page as a constant'),
      atLeast: 0.5,
    },
    { what: 'a registration’s fsyncs', of: speed?.costs['registrations, ours']?.fsyncs, atMost: 1.2 },
    ...(['registrations', 'sign-ins'] as const).map((errand) => ({
      what: `${errand} with ${amount(largest)} accounts, times as long as with ${amount(smallest)}`,
      of: grown(errand),
      atMost: 1.1,
    })),
    {
      what: 'a session check beside 32 registrations, times as long as alone',
      of: beside && beside.beside / beside.alone,
      atMost: 2,
    },
    ...Object.entries(speed?.open ?? {}).map(([errand, { ours, ...others }]) => ({
      what: `${errand} at 70 % of capacity, p99 in medians`,
      of: ours && ours.p99 / ours.p50,
      atMost: 3,
      bound: Object.values(others).map(({ p50, p99 }) => p99 / p50)[0],
    })),
    { what: 'start-up, of Better Auth’s time', of: ratio('start-up, ours : Better Auth'), atMost: 1 },
    {
      what: 'memory of an idle node, of Better Auth’s',
      of:
        speed?.idle['ours'] && speed.idle['ours'].residentMiB / (speed.idle['Better Auth']?.residentMiB ?? Number.NaN),
      atMost: 1,
    },
  ]
  const measured = rows.flatMap(({ what, of, atLeast, atMost, bound }) => {
    if (of === undefined) return []
    const value = middleOf(of)
    const reached = (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
    const wanted = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
    return [[what, wanted, inFigures(of), reached ? 'yes' : '**no**', bound === undefined ? '' : inFigures(bound)]]
  })
  return `## What was to be reached

The last column is what the least reaches on the same cores, with the same load and the same PostgreSQL beside it: a server that reads no form,
asks no limit, judges no password and renders no page, but hashes, or asks for one row, and sends ours’ own statement. Where that does not
reach a line, nothing does.

${table(['', 'to be reached', 'measured', 'reached', 'the least there is'], measured)}`
}

function middleOf(of: Spread | number): number {
  return typeof of === 'number' ? of : of.median
}

function inFigures(of: Spread | number): string {
  return typeof of === 'number' ? amount(of) : inWords(of)
}

const inks: Record<string, Ink> = { ours: 'ours', 'Better Auth': 'peer' }

function speedSection(figures: Figures): Section {
  const at = (number: number) =>
    Object.entries(figures.closed).map(([errand, byNumber]) => ({
      name: errand,
      bars: Object.entries(byNumber[number] ?? {}).map(([party, { rates }]) => ({
        label: party,
        ink: inks[party] ?? 'bound',
        rate: { least: quantile(rates, 0), median: quantile(rates, 0.5), most: quantile(rates, 1) },
      })),
    }))
  const { machine, made, node, postgres, rounds } = figures
  const open = Object.entries(figures.open).flatMap(([errand, parties]) =>
    Object.entries(parties).map(([party, { p50, p99, p999 }]) => {
      const ink = inks[party] ?? 'bound'
      return {
        name: party === 'ours' ? errand : 'the least there is',
        marks: [
          { label: 'p50', ink, value: p50 },
          { label: 'p99', ink, value: p99 },
          { label: 'p99.9', ink: 'pale', value: p999 },
        ] satisfies Mark[],
      }
    }),
  )
  const beside = Object.entries(figures.beside).map(([name, of]) => ({
    name,
    marks: [
      { label: 'alone', ink: 'pale', value: of.alone },
      { label: 'beside', ink: inks[name] ?? 'bound', value: of.beside },
    ] satisfies Mark[],
  }))
  const spent = Object.entries(figures.closed).flatMap(([errand, byNumber]) => {
    const processor = byNumber[32]?.['ours']?.processor
    if (!processor) return []
    const parts = [
      { ink: 'ours' as const, value: processor.server },
      { ink: 'database' as const, value: processor.database },
    ]
    return [{ name: errand, parts }]
  })
  const [hashing, others] = [
    spent.filter(({ name }) => name === 'registrations' || name === 'sign-ins'),
    spent.filter(({ name }) => name !== 'registrations' && name !== 'sign-ins'),
  ]
  const legend = { ours: 'the node, its hashes too', database: 'PostgreSQL' }
  const text = `## Speed

${made.slice(0, 10)}, ${machine}, Node ${node}, PostgreSQL ${postgres}, ${rounds} rounds; the server, PostgreSQL and the load share these cores, so that the load’s
own work is counted against us.

${image('rates', 'What is done a second, 32 at once: ours, what bounds it, and Better Auth')}

${image('open', 'How long an answer takes where people arrive at 70 % of capacity, from when each should have been sent')}

${table(...arrivalsOf(figures))}
${image('beside', 'A session check alone, and beside 32 registrations at once')}

${image('processor-hashing', 'Processor time of one registration and one sign-in')}

${image('processor', 'Processor time of one operation without a hash')}

### What one costs PostgreSQL, one at a time

All that PostgreSQL writes while fifty follow one another and for ten seconds after, images of whole pages left out: also what comes of
them later, as the directory of customers and the statistics of tables. What a registration itself writes, row by row and index by index,
is told in [what is written](what-is-written.md).

${table(...costsOf(figures))}
### By how many at once

${table(
  ['', 'at once', '', 'a second', 'p50 ms', 'p99 ms', 'p99.9 ms'],
  Object.entries(figures.closed).flatMap(([errand, byNumber]) =>
    Object.entries(byNumber).flatMap(([atOnce, parties]) =>
      Object.entries(parties).map(([party, of]) => [
        errand,
        atOnce,
        party,
        amount(quantile(of.rates, 0.5)),
        ...[of.p50, of.p99, of.p999].map((value) => (Number.isFinite(value) ? amount(value) : '–')),
      ]),
    ),
  ),
)}
### Started, and idle

${table(...idleOf(figures))}
### Ratios

${table(...ratiosOf(figures))}`
  return {
    text,
    pictures: {
      rates: barPanels(
        '32 at once',
        `operations a second; median of ${rounds} rounds, the line from the least to the most`,
        at(32),
      ),
      open: marksOnALine(
        'Arrivals at 70 % of capacity',
        'milliseconds from when each should have been sent to its answer',
        open,
        'ms',
      ),
      beside: marksOnALine('A session check beside 32 registrations at once', 'milliseconds, p50', beside, 'ms'),
      'processor-hashing': stackedBars(
        'Processor time of one with a hash',
        'milliseconds, 32 at once',
        hashing,
        legend,
        'ms',
      ),
      processor: stackedBars('Processor time of one without', 'milliseconds, 32 at once', others, legend, 'ms'),
    },
  }
}

function growthSection(growth: Growth): Section {
  const counts = Object.keys(growth.sizes).map(Number)
  const [smallest, largest] = [Math.min(...counts), Math.max(...counts)]
  const loads = Object.entries(growth.errands).flatMap(([errand, byNumber]) =>
    Object.entries(byNumber).map(([atOnce, compared]) => ({ errand, atOnce, compared })),
  )
  const series = loads
    .filter(({ errand, atOnce }) => atOnce === '32' || errand === 'searches')
    .map(({ errand, atOnce, compared }) => ({
      name: `${errand}, ${atOnce === '1' ? 'one' : atOnce} at ${atOnce === '1' ? 'a time' : 'once'}`,
      points: counts.flatMap((at) => {
        const ratio = compared.times[at]
        return ratio ? [{ at, ratio }] : []
      }),
    }))
  const tables = growth.sizes[largest]?.tables ?? []
  const each = (bytes: number) => bytes / largest
  const indexes = (of: (typeof tables)[number]) => of.indexes.reduce((sum, { bytes }) => sum + bytes, 0)
  const heavy = tables.filter((of) => each(of.heap + indexes(of)) >= 5)
  const text = `## Growth

${growth.made.slice(0, 10)}, ${growth.machine}, PostgreSQL ${growth.postgres}, ${growth.rounds} rounds: one PostgreSQL with a database for each size, a node at each, and the
same errands at all of them in turns. Everybody who signs in, and every session, is somebody else’s than the one before, from anywhere in
four years.

${image('growth', `How many times as long it takes as with ${amount(smallest)} accounts`)}

${table(
  [
    '',
    'at once',
    'accounts',
    'a second',
    'p50 ms',
    'p99 ms',
    'PostgreSQL’s CPU, ms',
    `times as long as with ${amount(smallest)}`,
  ],
  loads.flatMap(({ errand, atOnce, compared }) =>
    counts.flatMap((count) => {
      const site = compared.sites[count]
      const times = compared.times[count]
      return site && times
        ? [
            [
              errand,
              atOnce,
              amount(count),
              inWords(site.perSecond, 0),
              amount(site.p50),
              amount(site.p99),
              amount(site.databaseMs),
              inWords(times),
            ],
          ]
        : []
    }),
  ),
)}
### What an account takes on the disk

${image('bytes', `Bytes an account with ${amount(largest)} of them, by table`)}

${table(
  ['', ...counts.map((count) => `${amount(count)} accounts`)],
  [
    ['the database, GB', ...counts.map((count) => ((growth.sizes[count]?.bytes ?? 0) / 1e9).toFixed(2))],
    ['bytes an account', ...counts.map((count) => ((growth.sizes[count]?.bytes ?? 0) / count).toFixed(0))],
  ],
)}
${table(
  [
    `with ${amount(largest)} accounts`,
    'rows',
    'table, bytes an account',
    'indexes, bytes an account',
    'the largest index',
  ],
  heavy.map((of) => [
    of.table,
    amount(of.rows),
    each(of.heap).toFixed(0),
    each(indexes(of)).toFixed(0),
    of.indexes[0] ? `${of.indexes[0].index}, ${each(of.indexes[0].bytes).toFixed(0)}` : '–',
  ]),
)}
### What PostgreSQL does for one

Pages of 8 KiB that a statement looks at, foreign keys included, and bytes of WAL. A table that is read from end to end is named, whatever its
size. Statements that change nothing on their way, as the search sends several, are put together.

${table(
  [
    '',
    'statement',
    ...counts.map((count) => `pages, ${amount(count)}`),
    'WAL bytes',
    `read from end to end, ${amount(largest)}`,
  ],
  Object.entries(growth.plans[largest] ?? {}).flatMap(([flow, planned]) => {
    const isSearch = flow.startsWith('search')
    const pages = (count: number, at: number) => {
      const all = growth.plans[count]?.[flow] ?? []
      return String(isSearch ? all.reduce((sum, { buffers }) => sum + buffers, 0) : (all[at]?.buffers ?? '–'))
    }
    const scans = (of: typeof planned) => of.flatMap(({ seqScans }) => seqScans).join(', ') || 'nothing'
    if (isSearch)
      return [[flow, `${planned.length} statements`, ...counts.map((count) => pages(count, 0)), '–', scans(planned)]]
    return planned.map((of, at) => [
      flow,
      of.statement,
      ...counts.map((count) => pages(count, at)),
      of.wal < 0 ? '–' : of.wal.toFixed(0),
      scans([of]),
    ])
  }),
)}`
  return {
    text,
    pictures: {
      growth: ratioPanels(
        'As a site fills',
        `times as long as with ${amount(smallest)} accounts, by number of accounts; the dashed line is 1.1`,
        series,
        1.1,
      ),
      bytes: stackedBars(
        'Bytes an account',
        `with ${amount(largest)} accounts`,
        heavy.map((of) => ({
          name: of.table,
          parts: [
            { ink: 'ours', value: each(of.heap) },
            { ink: 'database', value: each(indexes(of)) },
          ],
        })),
        { ours: 'the table', database: 'its indexes' },
        'bytes',
      ),
    },
  }
}

function scaleOutSection(figures: ScaleOut): Section {
  const { made, machine, postgres, rounds, nodes, alone } = figures
  const text = `## More nodes, and PostgreSQL alone

${made.slice(0, 10)}, ${machine}, PostgreSQL ${postgres}, ${rounds} rounds, 32 at once over all nodes. Nodes, PostgreSQL and load share the cores of one machine: where one node
already fills them, two can do no more. What is to be seen here is that they do no less, and what each party spends.

${table(
  ['', 'nodes', 'a second', 'of one node', 'CPU ms: nodes', 'PostgreSQL', 'load', 'MiB of a node'],
  Object.entries(nodes).flatMap(([errand, byNodes]) =>
    Object.entries(byNodes).map(([number, of]) => [
      errand,
      number,
      inWords(of.perSecond, 0),
      inWords(of.ofOneNode),
      of.processor.server.toFixed(2),
      of.processor.database.toFixed(2),
      of.processor.load.toFixed(2),
      of.residentMiB.toFixed(0),
    ]),
  ),
)}
${
  alone === null
    ? 'There was no `pgbench` on this machine, so that what PostgreSQL takes by itself was not measured.\n'
    : `What PostgreSQL takes by itself: the very statements, replayed by \`pgbench\` on the same cores, with a hash that was made before. A
registration is two statements, the limit’s and its own.

${table(
  ['', 'at once', 'a second', 'PostgreSQL’s CPU, ms'],
  Object.entries(alone).flatMap(([errand, byNumber]) =>
    Object.entries(byNumber).map(([atOnce, of]) => [
      errand,
      atOnce,
      inWords(of.perSecond, 0),
      of.databaseMs.toFixed(3),
    ]),
  ),
)}`
}`
  return { text, pictures: {} }
}

/** Of a core, what is planned to be used: the rest is for peaks and for what goes on beside it. */
const UTILISATION = 0.7

const PER_MINUTE = [10, 1_000, 100_000]
const SECONDS_A_DAY = 86_400
const ACCOUNTS = [1_000_000, 10_000_000, 100_000_000]

/** The indexes that a registration and a sign-in look into at random places; the others grow at their end. */
const RANDOM_INDEXES = new Set([
  'accounts_email_canonical_key',
  'accounts_username_canonical_key',
  'accounts_pkey',
  'accounts_id_kind_key',
  'passwords_pkey',
  'known_browsers_pkey',
  'sessions_pkey',
  'sessions_account_id_idx',
])

/** What docs/capacity.md reckons with, worked out. */
function capacitySection(growth: Growth, scaleOut: ScaleOut, speed?: Figures): Section {
  const spent = (errand: string) =>
    scaleOut.nodes[errand]?.[1]?.processor ?? { server: Number.NaN, database: Number.NaN }
  const registration = spent('registrations')
  const largest = Math.max(...Object.keys(growth.sizes).map(Number))
  const statements = growth.plans[largest]?.['registration'] ?? []
  const cost = speed?.costs['registrations, ours']
  // Without a run of speed, what the statements themselves wrote, and the one flush that a commit waits for.
  const wal = cost?.wal ?? statements.reduce((sum, each) => sum + each.wal, 0)
  const fsyncs = cost?.fsyncs ?? 1
  const bytes = (growth.sizes[largest]?.bytes ?? Number.NaN) / largest
  const indexes = (growth.sizes[largest]?.tables ?? []).flatMap((of) => of.indexes)
  const random =
    indexes.filter(({ index }) => RANDOM_INDEXES.has(index)).reduce((sum, of) => sum + of.bytes, 0) / largest
  const cores = (perSecond: number, milliseconds: number) => amount((perSecond * milliseconds) / 1000 / UTILISATION)
  const text = `## Worked out for other sizes

As [capacity](capacity.md) reckons: cores = a second × CPU ms ÷ 1000 ÷ ${UTILISATION}.

${table(
  [
    'registrations a minute',
    'a second',
    'cores of nodes',
    'cores of PostgreSQL',
    'fsyncs a second, one by one',
    'WAL a day, GB',
    'new on the disk a day, GB',
  ],
  PER_MINUTE.map((perMinute) => {
    const perSecond = perMinute / 60
    return [
      String(perMinute),
      amount(perSecond),
      cores(perSecond, registration.server),
      cores(perSecond, registration.database),
      amount(perSecond * fsyncs),
      amount((perSecond * wal * SECONDS_A_DAY) / 1e9),
      amount((perSecond * bytes * SECONDS_A_DAY) / 1e9),
    ]
  }),
)}
${table(
  ['each a second', 'cores of nodes', 'cores of PostgreSQL'],
  Object.keys(scaleOut.nodes).map((errand) => [
    errand,
    amount(spent(errand).server / 1000 / UTILISATION),
    amount(spent(errand).database / 1000 / UTILISATION),
  ]),
)}
${table(
  ['accounts', 'disk, GB', 'indexes that are looked into at random, GB', 'their inner pages, GB'],
  ACCOUNTS.map((count) => [
    amount(count),
    amount((bytes * count) / 1e9),
    amount((random * count) / 1e9),
    amount((random * count) / 1e9 / 150),
  ]),
)}`
  return { text, pictures: {} }
}

function image(name: string, words: string): string {
  return `![${words}](figures/${name}.svg)`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}
