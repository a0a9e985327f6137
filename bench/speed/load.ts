import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

/** One request that is ready to be sent, and the status that it has to be answered with. */
export interface Ask {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
  expected: number
}

export function sameAsk(count: number, ask: Ask): Ask[] {
  return Array.from({ length: count }, () => ask)
}

export interface Answers {
  /** Answers a second. */
  rate: number
  /** Milliseconds, each from when it was sent; under an open load from when it should have been. */
  latencies: number[]
  /** Answers with another status than the expected one, by status. */
  unexpected: Record<number, number>
}

/** Sends all of `asks`, `atOnce` at a time: whoever has an answer sends the next. */
export async function closedLoad(url: string, asks: readonly Ask[], atOnce: number): Promise<Answers> {
  const visit = visitor(url, atOnce)
  const began = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let ask = asks[next++]; ask; ask = asks[next++]) await visit.send(ask, performance.now())
    }),
  )
  const seconds = (performance.now() - began) / 1000
  return visit.end(asks.length / seconds)
}

/** Sends `asks` at `perSecond`, whether or not earlier ones were answered; none waits for its turn unmeasured. */
export async function openLoad(url: string, asks: readonly Ask[], perSecond: number): Promise<Answers> {
  const visit = visitor(url, 512)
  const began = performance.now()
  const sent: Promise<void>[] = []
  for (const [index, ask] of asks.entries()) {
    const due = began + (index * 1000) / perSecond
    const wait = due - performance.now()
    if (wait > 1) await sleep(wait)
    sent.push(visit.send(ask, due))
  }
  await Promise.all(sent)
  return visit.end(asks.length / ((performance.now() - began) / 1000))
}

/** Sends asks that never run out, `atOnce` at a time, until it is stopped. */
export function endlessLoad(url: string, asks: Iterator<Ask>, atOnce: number): { stop: () => Promise<Answers> } {
  const visit = visitor(url, atOnce)
  const stopping = new AbortController()
  const running = Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let ask = asks.next(); !stopping.signal.aborted && !ask.done; ask = asks.next())
        await visit.send(ask.value, performance.now())
    }),
  )
  return {
    stop: async () => {
      stopping.abort()
      await running
      return visit.end(Number.NaN)
    },
  }
}

function visitor(url: string, connections: number) {
  const pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 60_000 })
  const latencies: number[] = []
  const unexpected: Record<number, number> = {}
  return {
    async send({ expected, ...ask }: Ask, since: number): Promise<void> {
      const { statusCode, body } = await pool.request({ ...ask, headers: ask.headers ?? {} })
      await body.dump()
      latencies.push(performance.now() - since)
      if (statusCode !== expected) unexpected[statusCode] = (unexpected[statusCode] ?? 0) + 1
    },
    async end(rate: number): Promise<Answers> {
      await pool.close()
      return { rate, latencies, unexpected }
    },
  }
}
