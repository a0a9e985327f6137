import { sha256, type Keys } from '../../lib/keys.ts'

/** What a one-time code is for. A code of one purpose is none for another. */
export type CodePurpose = 'invitation'

const CODE_BYTES = 16

/**
 * The code that belongs to a row: 128 bits, made from its id and the deployment's secret, so that whoever has to write
 * it into a letter can make it again, while the database holds its hash alone (ASVS 6.5.2, 6.5.3).
 */
export function codeFor(keys: Keys, purpose: CodePurpose, id: string): string {
  return keys.sign(`code: ${purpose}`, id).subarray(0, CODE_BYTES).toString('base64url')
}

/** What is stored of a code. */
export function codeHash(purpose: CodePurpose, code: string): Buffer {
  return sha256(`${purpose}:${code}`)
}
