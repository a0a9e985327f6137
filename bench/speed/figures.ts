import type { Figures } from '../speed.ts'
import { quantile } from '../statistics.ts'

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
