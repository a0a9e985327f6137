import type { CountryCode } from 'libphonenumber-js'
import { runBegin } from '../../archive/archive.ts'
import type { Queryable } from '../../database/database.ts'
import { column, sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { apply } from './apply.ts'
import { decide } from './decide.ts'
import { findings, type Finding } from './findings.ts'
import { withSession } from './session.ts'
import { openSource } from './source.ts'
import { fetchOriginals, stage, type ReadCounts } from './staging.ts'
import type { Reader } from './read-row.ts'

export interface ImportRequest {
  sourceUrl: string
  targetUrl: string
  /** What the legacy system is called here; rows of two sources are never taken for one another. */
  source: string
  defaultCountry: CountryCode
  extraColumns: boolean
  /** Without it nothing is written. */
  apply: boolean
  /** How many rows of each finding are named; three unless told otherwise. */
  examples?: number
  progress: Progress
}

export interface Progress {
  reading: (rows: number) => void
  deciding: () => void
  writing: (users: number, of: number) => void
}

export interface FoundSet {
  finding: Finding
  count: number
  title: string
  remedy: string
  /** Tables and ids of the first few, in their order: where to look, without saying who it is. */
  examples: string[]
}

/** Seconds. */
export interface Durations {
  reading: number
  writing: number
  /** What the estimate of a dry run rests on, in words; null where the writing was measured. */
  basis: string | null
}

export interface ImportReport {
  source: string
  /** Whether it was to be written, and not only to be told. */
  applied: boolean
  /** Null for a dry run, and where there was nothing that an earlier run has not dealt with. */
  run: string | null
  /** Whether a run that was broken off was taken up again. */
  resumed: boolean
  read: ReadCounts
  /** Users and profiles that an earlier import has dealt with. */
  before: number
  accounts: { customers: number; staff: number; suspended: number; leftAside: number }
  passwords: { scheme: string; count: number }[]
  found: FoundSet[]
  questions: number
  archived: number
  seconds: Durations
}

/**
 * How much longer writing takes than reading and checking the same rows did, on the same machine and in the same state of it:
 * of a million users, as `bench/import.ts` measures it.
 */
const WRITING_TO_READING = 1.3

const EXAMPLES = 3

/**
 * Reads the legacy database at one moment, decides about every row, and, where it is to be applied, writes what was decided.
 * Nothing is written before everything was read; the moment is held until all is written, for the rows of those whose name
 * somebody takes meanwhile. A run that was broken off is taken up where it was left.
 */
export async function importDjango(request: ImportRequest): Promise<ImportReport> {
  return withSession(request.targetUrl, async (target) => {
    const reader: Reader = { source: request.source, defaultCountry: request.defaultCountry, schemes: new Map() }
    const began = performance.now()
    const source = await openSource(request.sourceUrl, { extraColumns: request.extraColumns })
    try {
      const read = await stage(source, target, reader, request.progress.reading)
      request.progress.deciding()
      await decide(target, request.source)
      if (request.apply) {
        await fetchOriginals(source, target, sql`select relation, legacy_id from to_archive`)
        await target.rows(sql`analyze originals`)
      }
      const reading = (performance.now() - began) / 1000
      if (!request.apply) {
        const report = await reportOf(target, request, null, read)
        return { ...report, seconds: estimateFrom(reading, report) }
      }
      const { runId, resumed } = await openRun(target, request.source)
      if (runId === null)
        return { ...(await reportOf(target, request, null, read)), seconds: { reading, writing: 0, basis: null } }
      const writingBegan = performance.now()
      const total = await numberOf(target, 'decided')
      let written = 0
      await apply(target, {
        runId,
        source: request.source,
        schemes: reader.schemes,
        fetchOriginals: (rows) => fetchOriginals(source, target, rows),
        progress: (users) => request.progress.writing((written = Math.min(written + users, total)), total),
      })
      const writing = (performance.now() - writingBegan) / 1000
      const report = await reportOf(target, request, runId, read)
      return { ...report, resumed, seconds: { reading, writing, basis: null } }
    } finally {
      await source.end().catch(() => {})
    }
  })
}

/** Of what is new: what an earlier run has dealt with was read, and is not written. */
function estimateFrom(reading: number, { read, before }: Omit<ImportReport, 'seconds'>): Durations {
  const share = read.users === 0 ? 0 : 1 - before / read.users
  return {
    reading,
    writing: reading * share * WRITING_TO_READING,
    basis: `what reading and checking took just now, times ${WRITING_TO_READING}, as it was with a million users`,
  }
}

async function openRun(
  target: Queryable,
  source: string,
): Promise<{ runId: string; resumed: boolean } | { runId: null; resumed: false }> {
  const left = await target.row<{ id: string }>(sql`
    select id from runs
    where kind = 'import' and finished_at is null and undone_at is null and details ->> 'source' = ${source}
    order by started_at desc limit 1`)
  if (left) return { runId: left.id, resumed: true }
  const isNew = await target.rows(sql`
    select from decided union all
    select from staged_profiles limit 1`)
  // What an earlier run has dealt with is left as it is, and a run that changes nothing is none.
  if (isNew.length === 0) return { runId: null, resumed: false }
  const runId = newId()
  await target.rows(runBegin(runId, 'import', sql`null::uuid`, sql`jsonb_build_object('source', ${source}::text)`))
  return { runId, resumed: false }
}

async function reportOf(
  target: Queryable,
  { source, apply: applied, examples = EXAMPLES }: ImportRequest,
  run: string | null,
  read: ReadCounts,
): Promise<Omit<ImportReport, 'seconds'>> {
  const accounts = await target.row<ImportReport['accounts'] & { before: number }>(sql`
    select (count(*) filter (where kind = 'customer' and not left_aside))::int as customers,
      (count(*) filter (where kind = 'staff' and not left_aside))::int as staff,
      (count(*) filter (where status = 'suspended' and not left_aside))::int as suspended,
      (count(*) filter (where left_aside))::int as "leftAside"
    from decided`)
  const found = await target.rows<{ finding: Finding; count: number; examples: string[] }>(sql`
    select finding, count(*)::int as count,
      (array_agg(relation || ' ' || legacy_id order by relation, legacy_id))[1:${examples}::int] as examples
    from (select distinct finding, relation, legacy_id from found) f group by finding`)
  const passwords = await target.rows<{ scheme: string; count: number }>(sql`
    select case when password like 'pbkdf2%' then split_part(password, '$', 1) || ', ' || split_part(password, '$', 2)
      else split_part(password, '$', 1) end as scheme,
      count(*)::int as count
    from decided where password is not null and not left_aside group by 1 order by 2 desc, 1`)
  const order = Object.keys(findings)
  return {
    source,
    applied,
    run,
    resumed: false,
    read,
    before: read.users - (await numberOf(target, 'decided')),
    accounts: accounts as ImportReport['accounts'],
    passwords,
    found: found
      .map((set) => ({ ...set, ...findings[set.finding] }))
      .toSorted((a, b) => order.indexOf(a.finding) - order.indexOf(b.finding)),
    questions: await numberOf(target, 'questions'),
    archived: await numberOf(target, 'to_archive'),
  }
}

async function numberOf(target: Queryable, table: 'decided' | 'questions' | 'to_archive'): Promise<number> {
  return (await target.row<{ count: number }>(sql`select count(*)::int as count from ${column(table)}`))?.count ?? 0
}
