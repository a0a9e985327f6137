import { codeOfRow, type AccountCodePurpose } from '../../accounts/codes/codes.ts'
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
  /** Where the links of each purpose lead. */
  paths: Record<AccountCodePurpose, string>
}

/** Which code a letter carries, if any. */
const purposes: Record<LetterKind, AccountCodePurpose | null> = {
  welcome: 'confirmation',
  'confirm-address': 'confirmation',
  recovery: 'recovery',
  'password-changed': null,
}

type Row = Pick<ClaimedLetter, 'kind' | 'data' | 'code_id' | 'code_hash'>

/** Makes words of an outbox row, at the moment at which it leaves: only then is its code made again from the row's id. */
export function letterWriter({ brand, publicUrl, keys, paths }: WriterSettings): (row: Row) => Message {
  return (row) => {
    const letter = letterOf(row.kind, row.data, { brand, publicUrl, link: linkOf(row) })
    return { subject: letter.subject, text: asText(letter, brand), html: asHtml(letter, brand) }
  }

  function linkOf({ kind, code_id, code_hash }: Row): string | null {
    const purpose = purposes[kind]
    if (purpose === null || code_id === null || code_hash === null) return null
    const code = codeOfRow(keys, purpose, code_id, code_hash)
    return code && `${publicUrl}${paths[purpose]}?code=${code}`
  }
}
