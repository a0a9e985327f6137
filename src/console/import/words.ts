import { findings } from '../../operations/django-import/findings.ts'
import type { Decision, ImportQuestion } from '../../operations/django-import/questions.ts'

/** What was decided, as a list of past decisions says it. */
export const decisionWords: Record<Decision, string> = {
  'kept-as-is': 'Stays as it is',
  'another-address': 'Gets another address',
  settled: 'Settled otherwise',
}

/** Who goes without, by name where there is one. */
export function whoGoesWithout({
  account,
  legacy_id,
  source,
}: Pick<ImportQuestion, 'account' | 'legacy_id' | 'source'>): string {
  return account?.name || `User ${legacy_id} of ${source}`
}

/** What was found, in the words of the import's own report. */
export function findingInWords({ finding }: Pick<ImportQuestion, 'finding'>): string {
  return Object.hasOwn(findings, finding) ? findings[finding as keyof typeof findings].title : finding
}

/** What can be decided about this one: nobody gets an address who has no account. */
export function decisionsFor({ account }: Pick<ImportQuestion, 'account'>): { value: Decision; label: string }[] {
  if (account === null) {
    return [
      { value: 'kept-as-is', label: 'No account is made' },
      { value: 'settled', label: 'Settled otherwise: they registered, or use another account' },
    ]
  }
  return [
    { value: 'kept-as-is', label: 'It stays as it is: they sign in by the name that they have' },
    { value: 'another-address', label: 'They get another address, which I have had confirmed' },
    { value: 'settled', label: 'Settled otherwise, as the reason says' },
  ]
}
