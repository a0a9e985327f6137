import { randomBytes } from 'node:crypto'
import { hash, verify, type Options } from '@node-rs/argon2'
import { inWellFormedNfc } from '../../lib/text.ts'
import { HashingQueue, type Party, type QueueSettings } from './hashing-queue.ts'
import { parseImported } from './imported.ts'
import { lowerPoolThreads } from './thread-priority.ts'

/** argon2id's cost. OWASP's floors are 19456 KiB at 2 passes, 12288 at 3, 9216 at 4, 7168 at 5. */
export interface HashingCost {
  memoryKib: number
  passes: number
}

/** argon2id in @node-rs/argon2's enumeration, whose names TypeScript cannot see from another module. */
const ARGON2ID = 2

/** By how much a verification may take longer than the time that was measured, and still not show. */
const HEADROOM = 1.5

/** Hashes and checks passwords, as many at once as there are cores. */
export class Passwords {
  readonly #options: Options
  readonly #queue: HashingQueue
  readonly #decoy: Promise<string>
  readonly #durations = new Map<string, Promise<number>>()

  constructor(cost: HashingCost, queue: QueueSettings = {}) {
    this.#options = { algorithm: ARGON2ID, memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: 1 }
    this.#queue = new HashingQueue(queue)
    // In line like any other, for the time that it takes is the first estimate of how long people will wait.
    this.#decoy = this.#queue.run(null, () => hash(randomBytes(16), this.#options))
    this.#decoy.then(lowerPoolThreads, () => undefined)
  }

  /**
   * The PHC string of a new password, hashed as Unicode's NFC (NIST SP 800-63B-4, 3.1.1.2). It waits in the line of the
   * `network` that asks; the fault `hashing-busy` when that is too long.
   */
  async hash(password: string, network: Party): Promise<string> {
    return this.#queue.run(network, () => hash(asHashed(password), this.#options))
  }

  /**
   * Whether the password is the one that was hashed, here or by Django. Null stands for an account that does not exist or
   * has no password: it costs the same time, and the answer is always no (ASVS 6.3.8).
   */
  async verify(stored: string | null, password: string, network: Party): Promise<boolean> {
    const against = stored ?? (await this.#decoy)
    const imported = against.startsWith('$') ? null : parseImported(against)
    const matches = await this.#queue.run(network, async () => {
      if (imported) return matchesOne(imported.verify, formsOf(password))
      return verify(against.startsWith('$') ? against : await this.#decoy, asHashed(password))
    })
    return matches && stored !== null && (imported !== null || stored.startsWith('$'))
  }

  /**
   * Milliseconds that a wrong guess at this password is given, where some passwords are still hashed as Django did it, so
   * that the time does not tell whose are (ASVS 6.3.8). `decoys` has a hash of each scheme; each is timed once, on this node.
   */
  async timeForAnyScheme(decoys: readonly string[], password: string): Promise<number> {
    const durations = await Promise.all(decoys.map((decoy) => this.#durationOf(decoy)))
    const slowest = Math.max(0, ...durations)
    return slowest * formsOf(password).length * HEADROOM
  }

  #durationOf(decoy: string): Promise<number> {
    const known = this.#durations.get(decoy)
    if (known) return known
    const measured = this.#measure(decoy)
    this.#durations.set(decoy, measured)
    measured.catch(() => this.#durations.delete(decoy))
    return measured
  }

  /** The first time may be slow for reasons of its own; of the others the slower one counts. */
  async #measure(decoy: string): Promise<number> {
    const imported = parseImported(decoy)
    if (imported === null) return 0
    const times: number[] = []
    while (times.length < 3) {
      times.push(
        await this.#queue.run(null, async () => {
          const began = performance.now()
          await imported.verify('nobody has this password')
          return performance.now() - began
        }),
      )
    }
    return Math.max(...times.slice(1))
  }

  /** Whether a stored hash was made at another cost than today's, and should be made anew while the password is at hand. */
  isOutdated(stored: string): boolean {
    const { memoryCost, timeCost } = this.#options
    return !stored.startsWith(`$argon2id$v=19$m=${memoryCost},t=${timeCost},p=1$`)
  }

  /** Whether a hash for this network would be refused now, as far as can be told: for shedding before anything costs. */
  refuses(network: Party): boolean {
    return this.#queue.refuses(network)
  }

  /** Lets in a request that is going to need a hash: how it leaves when it is answered, or null when it had better not come. */
  admit(network: Party): (() => void) | null {
    return this.#queue.admit(network)
  }

  /** Milliseconds between two who come from the door. */
  get pace(): number {
    return this.#queue.pace
  }

  get waiting(): number {
    return this.#queue.waiting
  }
}

/** As typed, which is how Django hashed it, and in the normal form where that is another. */
function formsOf(password: string): string[] {
  return [...new Set([password.toWellFormed(), asHashed(password)])]
}

async function matchesOne(matches: (form: string) => Promise<boolean>, forms: readonly string[]): Promise<boolean> {
  for (const form of forms) if (await matches(form)) return true
  return false
}

/** A text that is not well-formed can be nobody's password; it still has to take its time. */
function asHashed(password: string): string {
  return inWellFormedNfc(password) ?? password.toWellFormed()
}
