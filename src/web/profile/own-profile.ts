import type { JSX } from 'preact'
import type { Origin } from '../../audit/events.ts'
import type { Database } from '../../database/database.ts'
import type { AccessRule } from '../../http/access.ts'
import type { Fields } from '../../http/form-body.ts'
import type { Parsed } from '../../lib/parsed.ts'
import type { FormState } from '../../ui/form.tsx'
import type { PageContext } from '../../ui/page.ts'
import { urls } from '../../urls.ts'
import type { ProfileLink } from './page.tsx'

/** What everybody finds beneath their profile. */
export const profileLinks: readonly ProfileLink[] = [
  { href: urls.passwordChange, words: 'Change your password' },
  { href: urls.emailChange, words: 'Change your email address' },
  { href: urls.sessions, words: 'Where you are signed in' },
]

/** What one kind of person's profile page consists of; the way through it is the same for all. */
export interface OwnProfile<Profile, Input> {
  url: string
  /** Whose page it is. */
  rule: AccessRule
  parse: (fields: Fields) => Parsed<Input>
  read: (database: Database, accountId: string) => Promise<Profile | null>
  edit: (database: Database, accountId: string, input: Input, origin: Origin) => Promise<boolean>
  valuesOf: (profile: Profile) => Fields
  /** Without a profile the form stands alone: what it is shown as when the database cannot be asked. */
  page: (page: PageContext, state: FormState, profile: Profile | null) => JSX.Element
}
