import { array, assert, boolean, constantFrom, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { Crowd } from './crowd.ts'

const PARTIES = ['shop', 'home', 'flood', null]

test('whoever comes and goes, the counts and the turns are those that going through everybody gives', () => {
  const acts = array(tuple(constantFrom(...PARTIES), boolean()), { maxLength: 60 })
  assert(
    property(acts, (all) => {
      const crowd = new Crowd()
      const lengths = new Map<string | null, number>()
      const of = (party: string | null) => lengths.get(party) ?? 0
      for (const [party, comes] of all) {
        if (!comes && of(party) === 0) continue
        if (comes) crowd.add(party)
        else crowd.remove(party)
        lengths.set(party, of(party) + (comes ? 1 : -1))
        expect(crowd.total).toBe(sum([...lengths.values()]))
        expect(crowd.greatest).toBe(Math.max(0, ...lengths.values()))
        for (const asking of PARTIES) {
          const turns = of(asking) + 1
          const others = PARTIES.filter((other) => other !== asking).map((other) => Math.min(of(other), turns))
          expect(crowd.of(asking)).toBe(of(asking))
          expect(crowd.turnOf(asking)).toBe(sum(others) + turns)
        }
      }
    }),
  )
})

test('nobody leaves who is not there', () => {
  expect(() => new Crowd().remove('shop')).toThrow('nobody')
})

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
