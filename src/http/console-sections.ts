import type { Account } from '../accounts/account.ts'
import { may, type Permission } from '../accounts/permissions.ts'
import type { Section } from '../ui/page.ts'
import { urls } from '../urls.ts'

/** The console's parts in the order of its menu, each with what one must be allowed to for it to be of any use. */
const sections: readonly { href: string; label: string; may: Permission }[] = [
  { href: urls.console, label: 'Today', may: 'use-console' },
  { href: urls.customers, label: 'Customers', may: 'find-customers' },
  { href: urls.signInHelp, label: 'Can’t get in?', may: 'find-customers' },
  { href: urls.merges, label: 'Merging', may: 'merge-customers' },
  { href: urls.letters, label: 'Letters', may: 'see-letters' },
  { href: urls.toDecide, label: 'To decide', may: 'merge-customers' },
  { href: urls.verdict, label: 'Verdict', may: 'see-reports' },
  { href: urls.staff, label: 'Staff', may: 'see-staff' },
  { href: urls.audit, label: 'Record', may: 'see-audit' },
]

/** The menu of one person. A page further down belongs to the part whose address its own begins with. */
export function sectionsFor(account: Pick<Account, 'role'>, route: string): Section[] {
  const open = sections.filter((section) => may(account, section.may))
  const here = open.filter(({ href }) => route.startsWith(href)).toSorted((a, b) => b.href.length - a.href.length)[0]
  return open.map(({ href, label }) => ({ href, label, current: href === here?.href }))
}
