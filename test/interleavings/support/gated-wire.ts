import { connect, createServer, type Socket } from 'node:net'
import { afterAll } from 'vitest'
import { OPEN, type Gate, type Gated } from './gate.ts'

/** The gate at which a statement waits, by its text; null for one that nobody else can see, or be stopped by. */
export type GateOf = (text: string) => string | null

const QUERY = 'Q'.charCodeAt(0)
const PARSE = 'P'.charCodeAt(0)
const BACKEND_KEY_DATA = 'K'.charCodeAt(0)
const ERROR_RESPONSE = 'E'.charCodeAt(0)

/**
 * The way to the database of a whole program, whatever it connects with: it reads what goes over the wire, and holds at a
 * gate each statement that others may meet, and the COMMIT of each transaction that had one. All else passes: what a
 * command writes to tables of its own session, or copies there, makes no difference to where it stands in an order.
 */
export class GatedWire implements Gated {
  gate: Gate = OPEN
  readonly refused: string[] = []
  backend = 0
  readonly #gateOf: GateOf
  #port = 0

  private constructor(gateOf: GateOf) {
    this.#gateOf = gateOf
  }

  static async before(url: string, gateOf: GateOf): Promise<GatedWire> {
    const { hostname, port } = new URL(url)
    const wire = new GatedWire(gateOf)
    const server = createServer((client) => wire.#connect(client, connect(Number(port), hostname)))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    wire.#port = (server.address() as { port: number }).port
    afterAll(() => void server.close())
    return wire
  }

  /** The same connection string, by way of this wire. */
  url(url: string): string {
    return url.replace(/@[^/]+\//, `@127.0.0.1:${this.#port}/`)
  }

  /** There is nothing to wait for: the program connects when it runs. */
  async ready(): Promise<void> {}

  openGate(): void {
    this.gate = OPEN
    this.refused.length = 0
  }

  #connect(client: Socket, server: Socket): void {
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => other.destroy())
    }
    let turn = Promise.resolve()
    let met = false
    const sent = new Messages(true)
    client.on('data', (chunk) => {
      for (const message of sent.whole(chunk)) turn = turn.then(() => pass(message))
    })
    const pass = async (message: Buffer): Promise<void> => {
      const text = textOf(message)
      const name = text === null ? null : /^commit\b/i.test(text) ? (met ? 'commit' : null) : this.#gateOf(text)
      if (name !== null) await this.gate(name)
      if (text !== null) met = name === 'commit' ? false : met || name !== null
      server.write(message)
    }
    const received = new Messages(false)
    server.on('data', (chunk) => {
      for (const message of received.whole(chunk)) {
        if (message[0] === BACKEND_KEY_DATA) this.backend = message.readInt32BE(5)
        if (message[0] === ERROR_RESPONSE)
          this.refused.push(/\0C([0-9A-Z]{5})\0/.exec(message.toString('latin1'))?.[1] ?? '')
      }
      client.write(chunk)
    })
  }
}

/** The statement in a message of the simple or of the extended protocol; null in every other. */
function textOf(message: Buffer): string | null {
  if (message[0] !== QUERY && message[0] !== PARSE) return null
  const strings = message.toString('utf8', 5).split('\0')
  return (message[0] === QUERY ? strings[0] : strings[1])?.trim() ?? null
}

/** Takes a stream apart into messages: a type, a length of four bytes that counts itself, the rest. A client's first has no type. */
class Messages {
  #rest = Buffer.alloc(0)
  #isFirst: boolean

  constructor(fromClient: boolean) {
    this.#isFirst = fromClient
  }

  *whole(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const type = this.#isFirst ? 0 : 1
      if (this.#rest.length < type + 4) return
      const length = type + this.#rest.readUInt32BE(type)
      if (this.#rest.length < length) return
      this.#isFirst = false
      yield this.#rest.subarray(0, length)
      this.#rest = this.#rest.subarray(length)
    }
  }
}
