import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** A time-ordered UUID (RFC 9562, version 7): unique, index-friendly, and never used where something must be unguessable. */
export function newId(): string {
  return v7()
}

/** As much as costs one call about what sixteen bytes do. */
const pool = Buffer.alloc(4096)
let given = pool.length

/** Bytes from the system's CSPRNG, asked of it some kilobytes at a time. Each is given out once, and forgotten here. */
export function fewRandomBytes(count: number): Buffer {
  if (given + count > pool.length) {
    randomFillSync(pool)
    given = 0
  }
  const bytes = Buffer.from(pool.subarray(given, given + count))
  pool.fill(0, given, given + count)
  given += count
  return bytes
}

/** 128 bits from the system's CSPRNG, as 22 characters of base64url (ASVS 11.5.1). */
export function newSecret(): string {
  return fewRandomBytes(16).toString('base64url')
}

/** The least id that newId could have made at that moment: ids from there on are of what came later. */
export function firstIdAt(moment: Date): string {
  const time = moment.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}

/** Milliseconds up to `most`, for what shall not happen on all nodes at once. */
export function randomSpan(most: number): number {
  return Math.floor((fewRandomBytes(4).readUInt32BE() / 2 ** 32) * most)
}
