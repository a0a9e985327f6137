import { expect, test } from 'vitest'
import { auditEvents } from './events.ts'
import { auditSentence } from './words.ts'

test('every event has a sentence of its own that ends and speaks no code', () => {
  const sentences = auditEvents.map((event) => auditSentence(event, { details: {}, by: null }))
  expect(new Set(sentences).size).toBe(auditEvents.length)
  for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z][^_{}]+[^.]\.$/)
})

test('a sentence says who, why, which and how often', () => {
  const told = (event: string, details: Record<string, unknown>, by: string | null = null, times = 1) =>
    auditSentence(event, { details, by, times })
  expect(told('account-suspended', { reason: 'Chargebacks.' }, 'Dana Lee')).toBe(
    'Was suspended by Dana Lee: Chargebacks.',
  )
  expect(told('account-restored', { reason: 'Paid', by: 'operator' })).toBe('Was restored by the operator: Paid.')
  expect(told('sign-in-refused', { reason: 'wrong-credentials' }, null, 3)).toBe(
    'Was not let in: wrong password, 3 times.',
  )
  expect(told('profile-changed', { fields: ['phone_number', 'company'] })).toBe(
    'Changed the profile (phone number, company).',
  )
  expect(told('other-sessions-ended', { count: 1 })).toBe('Ended 1 other session.')
  expect(told('of-a-newer-version', {})).toBe('Of a newer version.')
  expect(told('toString', {})).toBe('ToString.')
})
