import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../src/lib/project-root.ts'
import { nameOf, sitesOf } from './growth/sites.ts'
import { oursAt } from './speed/errands.ts'
import { closedLoad } from './speed/load.ts'
import { startOurs } from './speed/servers.ts'

/**
 * What registering and signing in write to PostgreSQL's log, one at a time, by table and by index, as pg_walinspect reads
 * it: on a site of SIZE accounts, some time after a checkpoint and right after one, when pages go to the log whole. Prints
 * tables in Markdown, and writes writes.json to OUT.
 *
 *     npm run bench -- writes
 */
const SIZE = Number(process.env['SIZE'] ?? 20_000)
const COUNT = Number(process.env['COUNT'] ?? 200)
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')

/** Long enough for the keeper of the directory to take up what changed, in milliseconds. */
const DIRECTORY_FOLLOWS_WITHIN = 6000

/** Whose transaction wrote it: the statement of the errand, the limiter, the keeper of the directory, or PostgreSQL. */
type Writer = 'statement' | 'limiter' | 'directory' | 'PostgreSQL'

interface Written {
  writer: Writer
  /** A table, an index, or what PostgreSQL calls a record of no relation. */
  what: string
  of: string
  isIndex: boolean
  /** Of one errand: how many records, how many bytes without whole pages, and how many of those. */
  records: number
  bytes: number
  pages: number
}

const postgres = await sitesOf([SIZE], undefined, () => {})
try {
  await measure()
} finally {
  await postgres.stop()
}

async function measure(): Promise<void> {
  const name = nameOf(SIZE)
  await postgres.ask(name, 'create extension pg_walinspect')
  await postgres.ask(name, 'vacuum (analyze)')
  await postgres.ask(name, `alter system set autovacuum = off`)
  await postgres.ask(name, 'select pg_reload_conf()')
  const ours = await startOurs(await postgres.prepared(name))
  const errands = await oursAt(ours.url)
  const all: Record<string, Written[]> = {}
  for (const errand of ['registrations', 'sign-ins'] as const) {
    for (const when of ['between checkpoints', 'after a checkpoint'] as const) {
      await closedLoad(ours.url, await errands[errand](COUNT), 8)
      const asks = await errands[errand](COUNT)
      if (when === 'after a checkpoint') await postgres.ask(name, 'checkpoint')
      all[`${errand} ${when}`] = await writtenWhile(name, () => closedLoad(ours.url, asks, 1))
    }
  }
  await ours.stop()
  mkdirSync(OUT, { recursive: true })
  writeFileSync(join(OUT, 'writes.json'), `${JSON.stringify(all, null, 2)}\n`)
  for (const [errand, written] of Object.entries(all)) say(inMarkdown(errand, written))
}

async function writtenWhile(name: string, work: () => Promise<unknown>): Promise<Written[]> {
  await sleep(DIRECTORY_FOLLOWS_WITHIN)
  const from = await place(name)
  await work()
  await sleep(DIRECTORY_FOLLOWS_WITHIN)
  const rows = await postgres.ask<Written>(
    name,
    `with records as (
       select * from pg_get_wal_records_info($1, $2)
     ), relations as (
       select distinct on (start_lsn) start_lsn, c.relname as what, c.relkind = 'i' as is_index, coalesce(t.relname, c.relname) as of
       from pg_get_wal_block_info($1, $2, false) b
         join pg_class c on pg_relation_filenode(c.oid) = b.relfilenode
         left join pg_index i on i.indexrelid = c.oid left join pg_class t on t.oid = i.indrelid
       order by start_lsn, block_id
     ), writers as (
       select xid, case
         when bool_or(what in ('accounts', 'sessions') and record_type like 'INSERT%') then 'statement'
         when bool_or(what = 'limits') then 'limiter'
         when bool_or(what like '%director%') then 'directory'
         else 'PostgreSQL' end as writer
       from records left join relations using (start_lsn) where xid <> '0' group by xid
     )
     select coalesce(w.writer, case when l.what is null then 'PostgreSQL' when l.of like '%director%' then 'directory' when l.of = 'limits' then 'limiter' when l.of like 'pg\\_%' then 'PostgreSQL' else 'statement' end) as writer,
       coalesce(l.what, lower(r.record_type)) as what, coalesce(l.of, '') as of, coalesce(l.is_index, false) as "isIndex",
       count(*)::float / $3 as records, sum(record_length - fpi_length)::float / $3 as bytes, sum(fpi_length)::float / $3 as pages
     from records r left join relations l using (start_lsn) left join writers w using (xid)
     group by 1, 2, 3, 4 order by 1, 3, 4, 6 desc`,
    [from, await place(name), COUNT],
  )
  return rows
}

async function place(name: string): Promise<string> {
  const [row] = await postgres.ask<{ lsn: string }>(name, 'select pg_current_wal_flush_lsn()::text as lsn')
  if (!row) throw new Error('PostgreSQL told nothing of its log')
  return row.lsn
}

function inMarkdown(errand: string, written: readonly Written[]): string {
  const lines = [`\n${errand}, bytes of one`, '', '| | row | its indexes | whole pages |', '|---|---:|---:|---:|']
  const whole = (bytes: number) => String(Math.round(bytes))
  for (const writer of ['statement', 'limiter', 'directory', 'PostgreSQL'] as const) {
    const its = written.filter((one) => one.writer === writer)
    if (its.length === 0) continue
    const sum = (of: (one: Written) => number, among = its) => among.reduce((total, one) => total + of(one), 0)
    lines.push(
      `| **${writer}** | | **${whole(sum(({ bytes }) => bytes))}** | **${whole(sum(({ pages }) => pages))}** |`,
    )
    for (const table of new Set(its.map(({ of }) => of))) {
      const parts = its.filter(({ of }) => of === table)
      const indexes = parts.filter(({ isIndex }) => isIndex).map(({ what, bytes }) => `${what} ${whole(bytes)}`)
      const row = sum(
        ({ bytes }) => bytes,
        parts.filter(({ isIndex }) => !isIndex),
      )
      const pages = sum(({ pages: of }) => of, parts)
      if (sum(({ bytes }) => bytes, parts) + pages < 1) continue
      const title = table === '' ? parts.map(({ what }) => what).join(', ') : table
      lines.push(`| ${title} | ${whole(row)} | ${indexes.join(', ')} | ${whole(pages)} |`)
    }
  }
  const total = (of: (one: Written) => number) => whole(written.reduce((sum, one) => sum + of(one), 0))
  lines.push(`| **all** | | **${total(({ bytes }) => bytes)}** | **${total(({ pages }) => pages)}** |`)
  return lines.join('\n')
}

function say(words: string): void {
  process.stdout.write(`${words}\n`)
}
