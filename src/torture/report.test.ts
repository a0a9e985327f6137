import { expect, test } from 'vitest'
import type { Act, History } from './history.ts'
import { report } from './report.tsx'
import { summarise } from './summary.ts'

const acts: Act[] = Array.from({ length: 40 }, (_, index) => ({
  id: index + 1,
  kind: 'sign-in',
  address: 'ann@storm.example',
  began: 10_000 + index * 100,
  ended: 10_050 + index * 100,
  end: index === 7 ? 'unknown' : index % 10 === 9 ? 'refused' : 'done',
  said: '',
  answers: [
    {
      sent: 10_000 + index * 100,
      done: 10_000 + index * 100 + index + 1,
      status: index === 7 ? null : 303,
      flaw: null,
    },
  ],
}))

const history: History = {
  acts,
  blows: [
    { fault: 'postmaster killed', target: 'server a', began: 11_000, over: 11_400, writable: 11_300 },
    { fault: 'node killed', target: 'node one', began: 12_000, over: 12_500, writable: null },
  ],
  letters: null,
}

test('a storm in figures', () => {
  const summary = summarise(history, [])
  expect(summary.acts).toEqual({ done: 35, refused: 4, unknown: 1 })
  expect(summary.answers).toEqual({ count: 40, lost: 1, byStatus: { 303: 39 } })
  expect(summary.latency).toEqual({ median: 21, p95: 39, p99: 40 })
  expect(summary.recoveries).toEqual([{ fault: 'postmaster killed', at: 1000, took: 50 }])
  expect(summary.faults).toEqual([
    { name: 'node killed', count: 1, recovery: null },
    { name: 'postmaster killed', count: 1, recovery: { median: 50, worst: 50 } },
  ])
  expect(summary.slices.reduce((sum, { done }) => sum + done, 0)).toBe(35)
  expect(summary.lasted).toBe(3950)
})

test('nothing at all is summarised too', () => {
  const { acts, latency } = summarise({ acts: [], blows: [], letters: null }, [])
  expect(acts).toEqual({ done: 0, refused: 0, unknown: 0 })
  expect(latency).toEqual({ median: 0, p95: 0, p99: 0 })
})

test('the report is one file, draws what happened, says what broke, and repeats nothing as markup', () => {
  const breach = { invariant: 'nothing-lost', looked: 3, breaches: ['<b>ann</b> is gone'], holds: false } as const
  const unseen = { invariant: 'letters', looked: 0, breaches: [], holds: null } as const
  const html = report(
    summarise(history, [
      { ...breach, breaches: [...breach.breaches] },
      { ...unseen, breaches: [] },
    ]),
    'A test.',
  )
  expect(html).toContain('1 of 2 did not hold')
  expect(html).toContain('&lt;b>ann&lt;/b> is gone')
  expect(html).toContain('not looked at')
  expect(html.match(/<rect/g)).toHaveLength(2)
  expect(html).not.toMatch(/<script|<link|NaN|undefined|src=|url\(/)
})
