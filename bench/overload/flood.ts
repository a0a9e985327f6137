import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { FORM, fromSomewhere, newPerson } from '../speed/errands.ts'

/**
 * A flood of registrations at a fixed rate, in a process of its own: each from a network of its own and with an address
 * of its own, whether or not earlier ones were answered. Told what to do by a message, it sends back what it saw.
 */
export interface Flood {
  url: string
  path: string
  /** A browser's cookie, and the token of a form that it has opened. */
  cookie: string
  token: string
  perSecond: number
  seconds: number
}

export interface Flooded {
  sent: number
  byStatus: Record<number, number>
  /** Milliseconds from when each should have been sent, of those that were refused with a Retry-After. */
  refusals: number[]
  withoutRetryAfter: number
  errors: Record<string, number>
}

process.once('message', (flood: Flood) => {
  run(flood)
    .then((flooded) => process.send?.(flooded, () => process.exit()))
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
})

async function run({ url, path, cookie, token, perSecond, seconds }: Flood): Promise<Flooded> {
  const pool = new Pool(url, { connections: 1024, pipelining: 1, headersTimeout: 60_000 })
  const flooded: Flooded = { sent: 0, byStatus: {}, refusals: [], withoutRetryAfter: 0, errors: {} }
  const began = performance.now()
  const under = new Set<Promise<void>>()
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = began + (index * 1000) / perSecond
    const wait = due - performance.now()
    if (wait > 1) await sleep(wait)
    const one = send(due).finally(() => under.delete(one))
    under.add(one)
  }
  await Promise.all(under)
  await pool.close()
  return flooded

  async function send(due: number): Promise<void> {
    flooded.sent += 1
    const body = new URLSearchParams({ ...newPerson(), submission: token }).toString()
    const headers = { 'content-type': FORM, cookie, origin: url, 'x-forwarded-for': fromSomewhere() }
    try {
      const answer = await pool.request({ path, method: 'POST', headers, body })
      await answer.body.dump()
      flooded.byStatus[answer.statusCode] = (flooded.byStatus[answer.statusCode] ?? 0) + 1
      if (answer.statusCode !== 503) return
      flooded.refusals.push(performance.now() - due)
      if (answer.headers['retry-after'] === undefined) flooded.withoutRetryAfter += 1
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      flooded.errors[code] = (flooded.errors[code] ?? 0) + 1
    }
  }
}
