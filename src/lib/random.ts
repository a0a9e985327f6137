import { randomBytes } from 'node:crypto'
import { v7 } from 'uuid'

/** A time-ordered UUID (RFC 9562, version 7): unique, index-friendly, and never used where something must be unguessable. */
export function newId(): string {
  return v7()
}

/** 128 bits from the system's CSPRNG, as 22 characters of base64url (ASVS 11.5.1). */
export function newSecret(): string {
  return randomBytes(16).toString('base64url')
}
