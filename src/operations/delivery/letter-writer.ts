import { codeOfRow, type MailedCodePurpose } from '../../accounts/codes/codes.ts'
import type { Keys } from '../../lib/keys.ts'
import type { ClaimedLetter, Message } from '../../mail/courier.ts'
import { asHtml, asText } from '../../mail/letters/render.tsx'
import { letterOf } from '../../mail/letters/templates.ts'
import type { LetterKind } from '../../mail/outbox.ts'

export interface WriterSettings {
  brand: string
  /** The only origin of links (CVE-2023-49097): no request has a say in it. */
  publicUrl: string
  keys: Keys
  /** Where the links of each purpose lead, and those that need no code. */
  paths: Record<MailedCodePurpose | 'signIn' | 'forgotten', string>
}

/** Which code a letter carries, if any. */
const purposes: Record<LetterKind, MailedCodePurpose | null> = {
  'registration-link': 'registration',
  'already-registered': null,
  welcome: 'confirmation',
  'confirm-address': 'confirmation',
  recovery: 'recovery',
  'password-changed': null,
  'confirm-new-address': 'email-change',
  'confirm-corrected-address': 'email-correction',
  'address-corrected': null,
  'address-changed': 'email-revert',
  'account-closing': null,
  'account-kept': null,
  'new-device': null,
  'staff-invitation': 'invitation',
  'choose-password': 'recovery',
  'accounts-merged': null,
  'merge-undone': null,
}

type Row = Pick<ClaimedLetter, 'kind' | 'data' | 'code_id' | 'code_hash'>

/** Makes words of an outbox row, at the moment at which it leaves: only then is its code made again from the row's id. */
export function letterWriter({ brand, publicUrl, keys, paths }: WriterSettings): (row: Row) => Message {
  const waysIn = { signInUrl: `${publicUrl}${paths.signIn}`, recoveryUrl: `${publicUrl}${paths.forgotten}` }
  return (row) => {
    const letter = letterOf(row.kind, row.data, { brand, publicUrl, link: linkOf(row), ...waysIn })
    return { subject: letter.subject, text: asText(letter, brand), html: asHtml(letter, brand) }
  }

  function linkOf({ kind, code_id, code_hash }: Row): string | null {
    const purpose = purposes[kind]
    if (purpose === null || code_id === null || code_hash === null) return null
    const code = codeOfRow(keys, purpose, code_id, code_hash)
    return code && `${publicUrl}${paths[purpose]}?code=${code}`
  }
}
