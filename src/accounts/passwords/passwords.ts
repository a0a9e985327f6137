import { randomBytes } from 'node:crypto'
import { hash, verify, type Options } from '@node-rs/argon2'
import { inWellFormedNfc } from '../../lib/text.ts'
import { HashingQueue, type QueueSettings } from './hashing-queue.ts'

/** argon2id's cost. OWASP's floors are 19456 KiB at 2 passes, 12288 at 3, 9216 at 4, 7168 at 5. */
export interface HashingCost {
  memoryKib: number
  passes: number
}

/** argon2id in @node-rs/argon2's enumeration, whose names TypeScript cannot see from another module. */
const ARGON2ID = 2

/** Hashes and checks passwords, as many at once as there are cores. */
export class Passwords {
  readonly #options: Options
  readonly #queue: HashingQueue
  readonly #decoy: Promise<string>

  constructor(cost: HashingCost, queue: QueueSettings = {}) {
    this.#options = { algorithm: ARGON2ID, memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: 1 }
    this.#queue = new HashingQueue(queue)
    this.#decoy = hash(randomBytes(16), this.#options)
  }

  /** The PHC string of a new password, hashed as Unicode's NFC (NIST SP 800-63B-4, 3.1.1.2). */
  async hash(password: string): Promise<string> {
    return this.#queue.run(() => hash(asHashed(password), this.#options))
  }

  /**
   * Whether the password is the one that was hashed. Null stands for an account that does not exist or has no password:
   * it costs the same time, and the answer is always no (ASVS 6.3.8).
   */
  async verify(stored: string | null, password: string): Promise<boolean> {
    const against = stored ?? (await this.#decoy)
    const matches = await this.#queue.run(() => verify(against, asHashed(password)))
    return matches && stored !== null
  }

  /** Whether a stored hash was made at another cost than today's, and should be made anew while the password is at hand. */
  isOutdated(stored: string): boolean {
    const { memoryCost, timeCost } = this.#options
    return !stored.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=1$`)
  }

  get waiting(): number {
    return this.#queue.waiting
  }
}

/** A text that is not well-formed can be nobody's password; it still has to take its time. */
function asHashed(password: string): string {
  return inWellFormedNfc(password) ?? password.toWellFormed()
}
