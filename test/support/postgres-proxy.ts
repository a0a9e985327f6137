import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll } from 'vitest'

/** ReadyForQuery, with which the server ends its answer to whatever was sent: one for each round trip. */
const READY_FOR_QUERY = 'Z'.charCodeAt(0)

/** Where a cut comes: before the server has the statement, while it is at it, or when its answer is on the way. */
export type Moment = 'before' | 'during' | 'after'

interface Cut {
  moment: Moment
  matching: (sent: string) => boolean
  act: () => void
}

/**
 * Stands between the application and PostgreSQL, counts the round trips on the wire, and can cut them: before a
 * statement reaches the server, or after the server has carried it out and before its answer arrives.
 */
export class PostgresProxy {
  roundTrips = 0
  readonly #target: { host: string; port: number }
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #cut: Cut | null = null

  private constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port) }
  }

  static async before(url: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(url)
    await proxy.open()
    afterAll(() => proxy.close())
    return proxy
  }

  /** The same connection string, by way of this proxy. */
  url(url: string): string {
    return url.replace(/@[^/]+\//, `@127.0.0.1:${this.#port}/`)
  }

  async open(): Promise<void> {
    const server = createServer((client) => this.#connect(client)).listen(this.#port, '127.0.0.1')
    await new Promise((listening) => server.once('listening', listening))
    this.#port = (server.address() as { port: number }).port
    this.#server = server
  }

  /** As if the server's machine were gone: nothing listens, and what was connected is reset. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.resetAndDestroy()
    const server = this.#server
    if (server?.listening) await new Promise((closed) => server.close(closed))
  }

  /** As if something on the way forgot the connections there are: nothing comes through on them any more, not even an end. */
  forget(): void {
    for (const socket of this.#sockets) socket.pause()
  }

  /** Cuts the next connection on which a matching statement was carried out, before its answer gets through. */
  loseAnswerTo(matching: (sent: string) => boolean): void {
    this.cutAt('after', matching)
  }

  /** Cuts the next connection on which a matching statement is sent, at that moment, and does something with it. */
  cutAt(moment: Moment, matching: (sent: string) => boolean, act: () => void = () => {}): void {
    this.#cut = { moment, matching, act }
  }

  /** Nothing is to be cut any more that was not cut yet. */
  disarm(): void {
    this.#cut = null
  }

  #connect(client: Socket): void {
    const server = connect(this.#target)
    const counter = new MessageCounter()
    let armed: Cut | null = null
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('data', (chunk) => {
      const cut = this.#cut
      if (!cut?.matching(chunk.toString('latin1'))) return void server.write(chunk)
      this.#cut = null
      if (cut.moment === 'before') return cutNow(cut)
      if (cut.moment === 'after') armed = cut
      server.write(chunk, () => {
        if (cut.moment === 'during') cutNow(cut)
      })
    })
    server.on('data', (chunk) => {
      const ready = counter.readyIn(chunk)
      this.roundTrips += ready
      if (!armed) client.write(chunk)
      else if (ready > 0) cutNow(armed)
    })
    const cutNow = ({ act }: Cut) => {
      act()
      client.resetAndDestroy()
    }
  }
}

/** Follows the server's messages (a type, a length of four bytes, the rest) through however they are cut into chunks. */
class MessageCounter {
  #rest = Buffer.alloc(0)
  #greeted = false

  readyIn(chunk: Buffer): number {
    this.#rest = Buffer.concat([this.#rest, chunk])
    let ready = 0
    while (this.#rest.length >= 5) {
      const length = 1 + this.#rest.readUInt32BE(1)
      if (this.#rest.length < length) break
      if (this.#rest[0] === READY_FOR_QUERY) {
        if (this.#greeted) ready += 1
        this.#greeted = true
      }
      this.#rest = this.#rest.subarray(length)
    }
    return ready
  }
}
