import { setTimeout as sleep } from 'node:timers/promises'
import type { Scheduler } from 'fast-check'
import type { Client } from 'pg'
import type { Gated } from './gate.ts'

/** Flows that run against each other, by name, and what has to hold when all of them are through. */
export interface Meeting<Result> {
  flows: Record<string, Flow<Result>>
  /** Throws when something is wrong. The story is what was sent, as `flow: statement`, in the order in which it was. */
  check: (results: Record<string, Result>, story: readonly string[]) => Promise<void>
}

export interface Flow<Result> {
  database: Gated
  run: () => Promise<Result>
}

/** Which of those that wait at their gates goes next. */
type Pick = (waiting: readonly Actor[]) => Actor | Promise<Actor>

export interface Exploration {
  orders: number
  failures: Failure[]
}

export interface Failure {
  /** The flows' names, one for each statement, as they went. `inOrder` takes it. */
  order: string[]
  /** The same with the statements, to be read. */
  story: string[]
  error: unknown
}

type State = 'running' | 'waiting' | 'done'

/** Milliseconds without a sign of life before the server is asked whether somebody waits for a lock. */
const LOOK_AFTER = 4

/** Milliseconds. Longer than any flow takes: what is neither through, nor at a gate, nor blocked by then is a fault of ours. */
const SETTLED_WITHIN = 10_000

class Actor {
  readonly name: string
  readonly database: Gated
  state: State = 'running'
  at = ''
  go: () => void = () => {}

  constructor(name: string, database: Gated) {
    this.name = name
    this.database = database
  }

  get pid(): number {
    return this.database.backend
  }
}

/**
 * Runs flows one statement at a time. After each statement it waits until every flow is at its next gate, through, or
 * blocked by one that is at a gate (pg_blocking_pids): only then is the next one picked, so that an order, once seen, can
 * be had again.
 */
export class Explorer {
  readonly #server: Client

  /** `server` sees every session: a superuser's connection that no flow uses. */
  constructor(server: Client) {
    this.#server = server
  }

  /** Every order that there is, each with a meeting of its own. */
  async everyOrder<Result>(prepare: () => Promise<Meeting<Result>>): Promise<Exploration> {
    const exploration: Exploration = { orders: 0, failures: [] }
    let ahead: number[] = []
    do {
      const choices: { taken: number; of: number }[] = []
      const failure = await this.#meet(await prepare(), (waiting) => {
        const taken = ahead[choices.length] ?? 0
        choices.push({ taken, of: waiting.length })
        return waiting[taken] as Actor
      })
      exploration.orders += 1
      if (failure) exploration.failures.push(failure)
      while (choices.length > 0 && (choices.at(-1)?.taken ?? 0) + 1 === choices.at(-1)?.of) choices.pop()
      ahead = choices.map(({ taken }, index) => (index === choices.length - 1 ? taken + 1 : taken))
    } while (ahead.length > 0)
    return exploration
  }

  /** One order, named by the flows in the order in which they take their steps; when it ends, the first that waits goes. */
  async inOrder<Result>(order: readonly string[], prepare: () => Promise<Meeting<Result>>): Promise<Failure | null> {
    const left = [...order]
    return this.#meet(await prepare(), (waiting) => {
      const wanted = left.shift()
      return waiting.find(({ name }) => name === wanted) ?? (waiting[0] as Actor)
    })
  }

  /** An order in which fast-check's scheduler decides; throws what goes wrong, for a property that shrinks. */
  async sampled<Result>(scheduler: Scheduler, prepare: () => Promise<Meeting<Result>>): Promise<void> {
    const scheduled = new Set<Actor>()
    let picked: Actor | undefined
    const failure = await this.#meet(await prepare(), async (waiting) => {
      for (const actor of waiting) {
        if (scheduled.has(actor)) continue
        scheduled.add(actor)
        const turn = scheduler.schedule(Promise.resolve(actor), `${actor.name}: ${actor.at}`)
        turn.then((its) => (picked = its)).catch(() => {})
      }
      await scheduler.waitNext(1)
      const its = picked as Actor
      scheduled.delete(its)
      return its
    })
    if (failure) throw new Error(failure.story.join('\n'), { cause: failure.error })
  }

  async #meet<Result>({ flows, check }: Meeting<Result>, pick: Pick): Promise<Failure | null> {
    const actors = Object.entries(flows).map(([name, { database }]) => new Actor(name, database))
    const results: Record<string, Result> = {}
    const order: string[] = []
    const story: string[] = []
    const failed: unknown[] = []
    for (const actor of actors) await this.#close(actor)
    const all = actors.map(async (actor) => {
      try {
        results[actor.name] = await (flows[actor.name] as Flow<Result>).run()
      } catch (error) {
        failed.push(error)
      }
      actor.state = 'done'
    })
    try {
      for (;;) {
        await this.#settle(actors)
        const waiting = actors.filter(({ state }) => state === 'waiting')
        if (waiting.length === 0) break
        const actor = await pick(waiting)
        order.push(actor.name)
        story.push(`${actor.name}: ${actor.at}`)
        actor.state = 'running'
        actor.go()
      }
      const stuck = actors.filter(({ state }) => state !== 'done')
      if (stuck.length > 0) throw new Error(`deadlock of ${stuck.map(({ name }) => name).join(' and ')}`)
      await Promise.all(all)
      if (failed.length > 0) throw failed[0]
      const deadlocks = actors.filter(({ database }) => database.refused.includes('40P01'))
      if (deadlocks.length > 0) throw new Error(`PostgreSQL found a deadlock, and ended it for ${deadlocks[0]?.name}`)
      for (const { database } of actors) database.openGate()
      await check(results, story)
      return null
    } catch (error) {
      return { order, story, error }
    } finally {
      for (const actor of actors) {
        actor.database.openGate()
        actor.go()
      }
      await Promise.all(all)
    }
  }

  async #close(actor: Actor): Promise<void> {
    actor.database.openGate()
    await actor.database.ready()
    actor.database.gate = (statement) =>
      new Promise((resolve) => {
        actor.at = statement
        actor.go = resolve
        actor.state = 'waiting'
      })
  }

  async #settle(actors: readonly Actor[]): Promise<void> {
    const began = Date.now()
    let quietSince = performance.now()
    let before = running(actors).length
    while (before > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const now = running(actors).length
      if (now !== before) quietSince = performance.now()
      before = now
      if (performance.now() - quietSince < LOOK_AFTER) continue
      if (await this.#areStuck(actors)) return
      quietSince = performance.now()
      if (Date.now() - began > SETTLED_WITHIN)
        throw new Error(`no end of ${running(actors)[0]?.name}, after ${running(actors)[0]?.at}`)
      await sleep(1)
    }
  }

  /** Whether nobody who runs can go on before somebody at a gate does. */
  async #areStuck(actors: readonly Actor[]): Promise<boolean> {
    const asked = running(actors)
    const { rows } = await this.#server.query<{ pid: number; by: number[] }>(
      'select pid, pg_blocking_pids(pid) as by from unnest($1::int[]) as pid',
      [asked.map(({ pid }) => pid)],
    )
    const blockers = new Map(rows.map(({ pid, by }) => [pid, by]))
    let stuck = asked.filter(({ state, pid }) => state === 'running' && (blockers.get(pid)?.length ?? 0) > 0)
    for (let size = -1; size !== stuck.length;) {
      size = stuck.length
      const holding = new Set([...actors.filter(({ state }) => state === 'waiting'), ...stuck].map(({ pid }) => pid))
      stuck = stuck.filter(({ pid }) => blockers.get(pid)?.every((by) => holding.has(by)))
    }
    return stuck.length === running(actors).length
  }
}

function running(actors: readonly Actor[]): Actor[] {
  return actors.filter(({ state }) => state === 'running')
}
