import { parentPort } from 'node:worker_threads'
import { isCommon } from './common-passwords.ts'
import type { Answer, Judgement, Question } from './judging.ts'
import { estimateStrength, STRONG_ENOUGH } from './strength.ts'
import { lowerThisThread } from './thread-priority.ts'

// The program of the thread that judging.ts starts. It stands back as those that hash do: what it judges waits for them.
lowerThisThread()
parentPort?.on('message', ({ id, password, knownWords }: Question) => {
  parentPort?.postMessage({ id, ...judgementOf(password, knownWords) } satisfies Answer)
})

function judgementOf(password: string, knownWords: readonly string[]): Judgement {
  if (isCommon(password)) return { common: true, weak: true, warning: null }
  const { score, warning } = estimateStrength(password, knownWords)
  return { common: false, weak: score < STRONG_ENOUGH, warning }
}
