import { quantile } from '../lib/quantile.ts'
import { recoveries, type Verdict } from './checker.ts'
import type { Act, Answer, Blow, End, History } from './history.ts'

/** A storm in figures: what `--json` prints and what the report draws. Moments are milliseconds since its beginning. */
export interface Summary {
  began: string
  lasted: number
  acts: Record<End, number>
  answers: { count: number; lost: number; byStatus: Record<string, number> }
  /** Milliseconds from a request to its whole answer, of all that came; 0 where none did. */
  latency: { median: number; p95: number; p99: number }
  faults: { name: string; count: number; recovery: { median: number; worst: number } | null }[]
  recoveries: { fault: string; at: number; took: number | null }[]
  blows: { name: string; target: string; from: number; to: number }[]
  slices: Slice[]
  /** How long a slice is. */
  sliceLength: number
  verdicts: Verdict[]
}

/** What happened within one slice of the time. */
export interface Slice {
  at: number
  done: number
  refused: number
  unknown: number
  median: number | null
  p99: number | null
}

const SLICES = 240
const SHORTEST_SLICE = 1000

export function summarise(history: History, verdicts: Verdict[]): Summary {
  const { acts, blows } = history
  const began = acts.reduce((first, act) => Math.min(first, act.began), Infinity)
  const ended = acts.reduce((last, act) => Math.max(last, act.ended), 0)
  const start = Number.isFinite(began) ? began : 0
  const lasted = Math.max(0, ended - start)
  const answers = acts.flatMap((act) => act.answers)
  const came = answers.filter(({ status }) => status !== null)
  const sliceLength = Math.max(SHORTEST_SLICE, Math.ceil(lasted / SLICES))
  const measured = recoveries(history).map(({ blow, took }) => ({ fault: blow.fault, at: blow.began - start, took }))
  return {
    began: new Date(start).toISOString(),
    lasted,
    acts: { done: countOf(acts, 'done'), refused: countOf(acts, 'refused'), unknown: countOf(acts, 'unknown') },
    answers: { count: answers.length, lost: answers.length - came.length, byStatus: byStatus(came) },
    latency: latencyOf(came.map(durationOf)),
    faults: faultsOf(blows, measured),
    recoveries: measured,
    blows: blows.map(({ fault, target, began: from, over }) => ({
      name: fault,
      target,
      from: from - start,
      to: (over ?? ended) - start,
    })),
    slices: slicesOf(acts, start, lasted, sliceLength),
    sliceLength,
    verdicts,
  }
}

function countOf(acts: readonly Act[], end: End): number {
  return acts.filter((act) => act.end === end).length
}

function byStatus(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { status } of answers) counts[`${status}`] = (counts[`${status}`] ?? 0) + 1
  return counts
}

function durationOf({ sent, done }: Answer): number {
  return done - sent
}

function latencyOf(durations: readonly number[]): Summary['latency'] {
  const of = (share: number) => (durations.length === 0 ? 0 : quantile(durations, share))
  return { median: of(0.5), p95: of(0.95), p99: of(0.99) }
}

function faultsOf(blows: readonly Blow[], measured: Summary['recoveries']): Summary['faults'] {
  return [...new Set(blows.map(({ fault }) => fault))].toSorted().map((name) => {
    const times = measured.filter(({ fault, took }) => fault === name && took !== null).map(({ took }) => took ?? 0)
    const count = blows.filter(({ fault }) => fault === name).length
    const recovery = times.length === 0 ? null : { median: quantile(times, 0.5), worst: Math.max(...times) }
    return { name, count, recovery }
  })
}

function slicesOf(acts: readonly Act[], start: number, lasted: number, length: number): Slice[] {
  const count = Math.max(1, Math.ceil((lasted + 1) / length))
  const ends: Act[][] = Array.from({ length: count }, () => [])
  const durations: number[][] = Array.from({ length: count }, () => [])
  const sliceOf = (moment: number) => Math.min(count - 1, Math.max(0, Math.floor((moment - start) / length)))
  for (const act of acts) {
    ends[sliceOf(act.ended)]?.push(act)
    for (const answer of act.answers) {
      if (answer.status !== null) durations[sliceOf(answer.done)]?.push(durationOf(answer))
    }
  }
  return ends.map((ended, index) => {
    const times = durations[index] ?? []
    return {
      at: index * length,
      done: countOf(ended, 'done'),
      refused: countOf(ended, 'refused'),
      unknown: countOf(ended, 'unknown'),
      median: times.length === 0 ? null : quantile(times, 0.5),
      p99: times.length === 0 ? null : quantile(times, 0.99),
    }
  })
}
