import { Client, escapeLiteral } from 'pg'
import { Database, type Queryable } from '../../src/database/database.ts'
import type { Sql, Statement } from '../../src/database/sql.ts'

/** What PostgreSQL did for one statement. */
export interface Planned {
  statement: string
  /** Pages of 8 KiB looked at, of tables and indexes, what foreign keys look at included. */
  buffers: number
  /** Bytes of WAL without the commit's own, and without the whole pages that the first change after a checkpoint writes. */
  wal: number
  milliseconds: number
  /** Tables that were read from one end to the other, and how many rows that gave. */
  seqScans: string[]
  /** Indexes that were used, and tables that were written. */
  through: string[]
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  Operation?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  'WAL Bytes'?: number
  Plans?: PlanNode[]
}

interface Explained {
  Plan: PlanNode
  'Execution Time': number
}

/**
 * A database that explains each statement right before it carries it out, constraints that wait for the commit included, and keeps what it
 * learnt. Statements with a name are explained by their generic plan, which is the one that a node comes to after a few times.
 */
export class ExplainingDatabase extends Database {
  #planned: Planned[] = []
  readonly #url: string

  constructor(url: string) {
    super({ url, connections: 2, onIdleError: () => {} })
    this.#url = url
  }

  /** The statements of `work`, each as it was explained. */
  async during(work: () => Promise<unknown>): Promise<Planned[]> {
    this.#planned = []
    await work()
    return this.#planned
  }

  override async rows<Row>(statement: Sql | Statement): Promise<Row[]> {
    const client = new Client({ connectionString: this.#url, options: '-c jit=off' })
    await client.connect()
    const send: Send = async (text, values) => (await client.query(text, values)).rows
    try {
      const execute = await executing(statement, send)
      // What the server counts is told when a transaction has ended. The first ones have much to look up.
      await undone(send, () => execute(''))
      await undone(send, () => execute(''))
      await countedOf(send)
      const earlier = await countedOf(send)
      const before = await countedOf(send)
      await undone(send, () => execute(''))
      const after = await countedOf(send)
      const own = less(less(after, before), less(before, earlier))
      await undone(send, async () => this.#keep(statement, await execute(EXPLAIN), own))
    } finally {
      await client.end()
    }
    return super.rows<Row>(statement)
  }

  override async row<Row>(statement: Sql | Statement): Promise<Row | null> {
    return (await this.rows<Row>(statement))[0] ?? null
  }

  override found<Row>(statement: Statement): Promise<Row | null> {
    return this.row<Row>(statement)
  }

  /** Inside of a transaction nothing is counted but what the plan tells. */
  override transaction<Result>(work: (within: Queryable) => Promise<Result>): Promise<Result> {
    return super.transaction((within) => {
      const send: Send = (text, values = []) => within.rows({ name: '', text, values })
      const rows = async <Row>(statement: Sql | Statement): Promise<Row[]> => {
        await send('savepoint explained')
        this.#keep(statement, await send(`${EXPLAIN} ${statement.text}`, statement.values))
        await send('rollback to explained')
        return within.rows<Row>(statement)
      }
      return work({ rows, row: async <Row>(statement: Sql | Statement) => (await rows<Row>(statement))[0] ?? null })
    })
  }

  #keep(statement: Sql | Statement, rows: unknown[], counted?: Counted): void {
    const [row] = rows as { 'QUERY PLAN': Explained[] }[]
    const explained = row?.['QUERY PLAN'][0]
    if (!explained) throw new Error('nothing was explained')
    const name = 'name' in statement ? statement.name.replace(/-[0-9a-f]{8}$/, '') : wordsOf(statement)
    this.#planned.push({ statement: name, ...inShort(explained), ...counted })
  }
}

type Send = (text: string, values?: unknown[]) => Promise<unknown[]>

type Counted = Pick<Planned, 'buffers' | 'wal'>

const EXPLAIN = 'explain (analyze, buffers, wal, timing off, format json)'
const PAGE = 8192

/** In a transaction of its own, checked as at its commit, and then taken back. */
async function undone(send: Send, work: () => Promise<unknown>): Promise<void> {
  await send('begin')
  await send('set constraints all immediate')
  await work()
  await send('rollback')
}

/** What the server has counted of this connection so far. Asking counts too, and the first time more than later. */
async function countedOf(send: Send): Promise<Counted> {
  await send('select pg_stat_force_next_flush()')
  const [counted] = (await send(`
    select (select sum(hits) + sum(reads) from pg_stat_get_backend_io(pg_backend_pid()) where object = 'relation')::float as buffers,
      (select wal_bytes - wal_fpi * ${PAGE} from pg_stat_get_backend_wal(pg_backend_pid()))::float as wal`)) as Counted[]
  if (!counted) throw new Error('PostgreSQL told nothing of itself')
  return counted
}

function less(one: Counted, other: Counted): Counted {
  return { buffers: one.buffers - other.buffers, wal: one.wal - other.wal }
}

/** A statement with a name is prepared, and executed by its generic plan, whatever it is given. */
async function executing(statement: Sql | Statement, send: Send): Promise<(explain: string) => Promise<unknown[]>> {
  const { text, values } = statement
  if (!('name' in statement)) return (explain) => send(`${explain} ${text}`, values)
  await send('set plan_cache_mode = force_generic_plan')
  await send(`prepare hot as ${text}`)
  const given = values.map((value) => (value === null ? 'null' : escapeLiteral(asText(value))))
  return (explain) => send(`${explain} execute hot${given.length > 0 ? `(${given.join(', ')})` : ''}`)
}

/** As PostgreSQL reads it, whatever type it stands for. */
function asText(value: unknown): string {
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`
  if (value instanceof Date) return value.toISOString()
  if (!Array.isArray(value)) return String(value)
  return `{${value.map((each) => (each === null ? 'null' : JSON.stringify(asText(each)))).join(',')}}`
}

function inShort({ Plan: plan, 'Execution Time': milliseconds }: Explained): Omit<Planned, 'statement'> {
  const nodes = everyNode(plan).filter((node) => node['Actual Loops'] > 0)
  const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan')
  return {
    buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    wal: plan['WAL Bytes'] ?? 0,
    milliseconds,
    seqScans: scans.map(
      (node) => `${node['Relation Name']} (${node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)} rows)`,
    ),
    through: [...new Set(nodes.flatMap((node) => node['Index Name'] ?? writtenBy(node)))],
  }
}

function writtenBy(node: PlanNode): string[] {
  return node['Node Type'] === 'ModifyTable' ? [`${node.Operation?.toLowerCase()} ${node['Relation Name']}`] : []
}

function everyNode(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(everyNode)]
}

/** What a statement without a name reads. */
function wordsOf({ text }: Sql): string {
  return `reads ${[...new Set([...text.matchAll(/\b(?:from|join)\s+([a-z_]{5,})/g)].map(([, table]) => table))].join(', ')}`
}
