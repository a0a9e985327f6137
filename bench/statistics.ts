export { quantile } from '../src/lib/quantile.ts'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

/**
 * The two-sided p-value of the Mann–Whitney U test: how likely samples at least so different are where both come from one
 * distribution. Normal approximation, with the correction for ties and for continuity.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, ofA: true })), ...b.map((value) => ({ value, ofA: false }))]
  all.sort((one, other) => one.value - other.value)
  let rankSum = 0
  let ties = 0
  for (let from = 0, to = 0; from < all.length; from = to) {
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1
    const [size, rank] = [to - from, (from + 1 + to) / 2]
    rankSum += rank * all.slice(from, to).filter(({ ofA }) => ofA).length
    ties += size ** 3 - size
  }
  const [m, n, total] = [a.length, b.length, all.length]
  const u = rankSum - (m * (m + 1)) / 2
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)))
  if (variance === 0) return 1
  return Math.min(1, 2 * upperTail(Math.max(0, Math.abs(u - (m * n) / 2) - 0.5) / Math.sqrt(variance)))
}

/** How much of the standard normal distribution lies above z ≥ 0 (Abramowitz and Stegun, 26.2.17: exact to 7.5e-8). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const coefficients = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = coefficients.reduce((total, coefficient, index) => total + coefficient * t ** (index + 1), 0)
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
