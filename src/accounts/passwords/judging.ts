import { Worker } from 'node:worker_threads'

export interface Judgement {
  /** It is one of the passwords that many people use. */
  common: boolean
  weak: boolean
  /** Why it is weak, in a sentence, or null. */
  warning: string | null
}

export interface Question {
  id: number
  password: string
  knownWords: readonly string[]
}

export type Answer = Judgement & { id: number }

/** Beside this file, as in the source so in the build. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './judge.ts' : './judge.mjs', import.meta.url)

let judge: Judge | undefined

/**
 * How a password would fare with whoever guesses it knowing `knownWords`. A thread of its own says so, which begins with the first
 * question: a judgement takes half a millisecond and for a hostile password five, in which nobody else would be answered, and its
 * dictionaries take longer to read than all the rest of a node.
 */
export function judged(password: string, knownWords: readonly string[]): Promise<Judgement> {
  judge ??= new Judge(() => (judge = undefined))
  return judge.ask(password, knownWords)
}

class Judge {
  readonly #thread = new Worker(PROGRAM)
  readonly #asked = new Map<number, PromiseWithResolvers<Judgement>>()
  #questions = 0

  /** `onEnd`: it ended, which only a fault makes it do; everybody who asked has been told. */
  constructor(onEnd: () => void) {
    this.#thread.on('message', (answer: Answer) => this.#settle(answer))
    this.#thread.on('error', (fault) => this.#tell(fault))
    this.#thread.on('exit', (code) => {
      onEnd()
      this.#tell(new Error(`the thread that judges passwords ended with ${code}`))
    })
  }

  ask(password: string, knownWords: readonly string[]): Promise<Judgement> {
    const id = (this.#questions += 1)
    const asked = Promise.withResolvers<Judgement>()
    this.#asked.set(id, asked)
    // It keeps the process alive while somebody waits for it, and not beyond.
    this.#thread.ref()
    this.#thread.postMessage({ id, password, knownWords } satisfies Question)
    return asked.promise
  }

  #settle({ id, ...judgement }: Answer): void {
    this.#asked.get(id)?.resolve(judgement)
    this.#forget(id)
  }

  #forget(id: number): void {
    this.#asked.delete(id)
    if (this.#asked.size === 0) this.#thread.unref()
  }

  #tell(fault: Error): void {
    for (const [id, { reject }] of this.#asked) {
      reject(fault)
      this.#forget(id)
    }
  }
}
