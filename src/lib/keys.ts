import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * The deployment's secrets, current one first; older ones still verify while they are being rotated out.
 * Each purpose has a key of its own (HKDF, RFC 5869), so that what is signed for one can never serve another.
 */
export class Keys {
  readonly #secrets: readonly string[]
  readonly #derived = new Map<string, Buffer[]>()

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('at least one secret is needed')
    this.#secrets = secrets
  }

  /** HMAC-SHA256 under the current secret's key for this purpose. */
  sign(purpose: string, message: string): Buffer {
    return hmac(this.#for(purpose)[0] as Buffer, message)
  }

  /** The signature under every secret that still counts, current one first. */
  everySignature(purpose: string, message: string): Buffer[] {
    return this.#for(purpose).map((key) => hmac(key, message))
  }

  verifies(purpose: string, message: string, signature: Buffer): boolean {
    return this.everySignature(purpose, message).some((expected) => equal(expected, signature))
  }

  #for(purpose: string): Buffer[] {
    const known = this.#derived.get(purpose)
    if (known) return known
    const keys = this.#secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, 'meridian', purpose, 32)))
    this.#derived.set(purpose, keys)
    return keys
  }
}

export function sha256(message: string | Buffer): Buffer {
  return createHash('sha256').update(message).digest()
}

export function hmac(key: string | Buffer, message: string): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

/** Compares in constant time (ASVS 11.2.4). */
export function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
