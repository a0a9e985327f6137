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
