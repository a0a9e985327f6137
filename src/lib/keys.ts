import { createHmac, createSecretKey, hash, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto'

/**
 * The deployment's secrets, current one first; older ones still verify while they are being rotated out.
 * Each purpose has a key of its own (HKDF, RFC 5869), so that what is signed for one can never serve another.
 */
export class Keys {
  readonly #secrets: readonly string[]
  readonly #derived = new Map<string, KeyObject[]>()

  constructor(secrets: readonly string[]) {
    if (secrets.length === 0) throw new Error('at least one secret is needed')
    this.#secrets = secrets
  }

  /** HMAC-SHA256 under the current secret's key for this purpose. */
  sign(purpose: string, message: string): Buffer {
    return hmac(this.#for(purpose)[0] as KeyObject, message)
  }

  /** The signature under every secret that still counts, current one first. */
  everySignature(purpose: string, message: string): Buffer[] {
    return this.#for(purpose).map((key) => hmac(key, message))
  }

  verifies(purpose: string, message: string, signature: Buffer): boolean {
    return this.everySignature(purpose, message).some((expected) => equal(expected, signature))
  }

  #for(purpose: string): KeyObject[] {
    const known = this.#derived.get(purpose)
    if (known) return known
    // A key that is not prepared once is prepared for every message, which takes four times as long as the message does.
    const keys = this.#secrets.map((secret) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'meridian', purpose, 32))),
    )
    this.#derived.set(purpose, keys)
    return keys
  }
}

export function sha256(message: string | Buffer): Buffer {
  return hash('sha256', message, 'buffer')
}

export function hmac(key: string | Buffer | KeyObject, message: string): Buffer {
  return createHmac('sha256', key).update(message).digest()
}

/** Compares in constant time (ASVS 11.2.4). */
export function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}
