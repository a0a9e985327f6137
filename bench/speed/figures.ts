import type { Figures } from '../speed.ts'
import { quantile } from '../statistics.ts'

/** What nothing built from these parts can outrun. */
export const BOUNDS = {
  hash: 'bare argon2id',
  least: 'the hash and the statement alone',
  query: 'bare Fastify, one query',
  constant: 'the page as a constant',
} as const

/** The middle of several rounds and how far they lay apart. */
export interface Spread {
  least: number
  median: number
  most: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { least: quantile(values, 0), median: quantile(values, 0.5), most: quantile(values, 1) }
}

/** How `ours` compares with `theirs`, round by round: each pair ran one right after the other. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
}

export function inWords({ least, median, most }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

/** The head of a table and its rows, for whatever page shows it. */
export type Tabled = [head: string[], rows: string[][]]

/** What one costs PostgreSQL. */
export function costsOf({ costs }: Pick<Figures, 'costs'>): Tabled {
  const rows = Object.entries(costs).map(([what, { wal, fsyncs, commits }]) => [
    what,
    wal.toFixed(0),
    fsyncs.toFixed(2),
    commits.toFixed(2),
  ])
  return [['', 'WAL bytes', 'fsyncs', 'transactions'], rows]
}

/** Arrivals at a fixed rate, ours and the bound's. */
export function arrivalsOf({ open }: Pick<Figures, 'open'>): Tabled {
  const rows = Object.entries(open).flatMap(([errand, parties]) =>
    Object.entries(parties).map(([party, of]) => [
      errand,
      party,
      ...[of.perSecond, of.p50, of.p99, of.p999, of.p99 / of.p50].map((value) => value.toFixed(1)),
      String(of.refused),
    ]),
  )
  return [['', '', 'a second', 'p50 ms', 'p99 ms', 'p99.9 ms', 'p99 in medians', 'refused'], rows]
}

/** Started, and idle. */
export function idleOf({ idle }: Pick<Figures, 'idle'>): Tabled {
  const rows = Object.entries(idle).map(([party, { startedIn, residentMiB }]) => [
    party,
    inWords(startedIn, 0),
    residentMiB.toFixed(0),
  ])
  return [['', 'ms to the first answer', 'MiB resident'], rows]
}

export function ratiosOf({ ratios }: Pick<Figures, 'ratios'>): Tabled {
  return [['', 'median (least to most)'], Object.entries(ratios).map(([what, ratio]) => [what, inWords(ratio)])]
}
