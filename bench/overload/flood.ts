import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FORM, fromSomewhere, newPerson } from '../speed/errands.ts'

/**
 * A flood of registrations at a fixed rate, in a process of its own: each from a network of its own and with an address
 * of its own, whether or not earlier ones were answered. Bytes that are ready beforehand go into bare sockets, and of an
 * answer no more is read than is needed to find its end: what the load takes of a machine that it shares with the server
 * is then a small part, and is told. Told what to do by a message, it sends back what it saw.
 */
export interface Flood {
  url: string
  path: string
  /** A browser's cookie, and the token of a form that it has opened. */
  cookie: string
  token: string
  perSecond: number
  seconds: number
  /** Whether each request opens a connection of its own; else connections are kept as long as the server does. */
  fresh: boolean
  /** One network that all of it comes from; null for one of its own for each. */
  network: string | null
}

export interface Flooded {
  sent: number
  byStatus: Record<number, number>
  /** Milliseconds from when each should have been sent, of those that were refused with a Retry-After. */
  refusals: number[]
  withoutRetryAfter: number
  errors: Record<string, number>
  /** Milliseconds between when each should have been sent and when it was: what the load itself was late. */
  lateness: number[]
  /** The most connections that were open at once. */
  connections: number
  /** Seconds of processor time. */
  processor: number
}

/** Beyond so many open connections a request waits for one to be free, and its time runs all the while. */
const MOST_CONNECTIONS = 4096

/** How long the answers to the last ones are waited for. */
const PATIENCE = 20_000

process.once('message', (flood: Flood) => {
  run(flood)
    .then((flooded) => process.send?.(flooded, () => process.exit()))
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
})

async function run(flood: Flood): Promise<Flooded> {
  const flooded: Flooded = {
    sent: 0,
    byStatus: {},
    refusals: [],
    withoutRetryAfter: 0,
    errors: {},
    lateness: [],
    connections: 0,
    processor: 0,
  }
  const { hostname, port } = new URL(flood.url)
  const request = requests(flood)
  const free: Line[] = []
  const waiting: number[] = []
  let open = 0
  let answered = 0
  const allAnswered = Promise.withResolvers<void>()

  const due = (index: number) => began + (index * 1000) / flood.perSecond
  const all = flood.perSecond * flood.seconds
  const before = process.cpuUsage()
  const began = performance.now()
  while (flooded.sent < all) {
    for (const now = performance.now(); flooded.sent < all && due(flooded.sent) <= now; flooded.sent += 1) {
      flooded.lateness.push(now - due(flooded.sent))
      send(due(flooded.sent))
    }
    await sleep(1)
  }
  process.send?.('all sent')
  await Promise.race([allAnswered.promise, sleep(PATIENCE)])
  if (answered < all) flooded.errors['no answer'] = all - answered
  const { user, system } = process.cpuUsage(before)
  return { ...flooded, processor: (user + system) / 1e6 }

  function send(since: number): void {
    const line = free.pop() ?? (open < MOST_CONNECTIONS ? openLine() : null)
    if (line === null) return void waiting.push(since)
    line.since = since
    line.socket.write(request())
  }

  function openLine(): Line {
    open += 1
    flooded.connections = Math.max(flooded.connections, open)
    const line: Line = { socket: connect({ host: hostname, port: Number(port), noDelay: true }), since: null }
    const answers = eachAnswer((status, head) => {
      if (line.since === null) return
      count(status, head, line.since)
      line.since = null
      if (flood.fresh || head.includes('connection: close')) return void line.socket.end()
      free.push(line)
      next()
    })
    line.socket.on('data', answers)
    line.socket.on('error', (error: NodeJS.ErrnoException) => fail(line, error.code ?? error.message))
    line.socket.on('close', () => {
      open -= 1
      if (line.since !== null) fail(line, 'closed')
      const index = free.indexOf(line)
      if (index !== -1) free.splice(index, 1)
      next()
    })
    return line
  }

  function next(): void {
    const since = waiting.shift()
    if (since !== undefined) send(since)
  }

  function oneMore(): void {
    answered += 1
    if (answered === all) allAnswered.resolve()
  }

  function count(status: number, head: string, since: number): void {
    oneMore()
    flooded.byStatus[status] = (flooded.byStatus[status] ?? 0) + 1
    if (status !== 503) return
    flooded.refusals.push(performance.now() - since)
    if (!head.includes('retry-after: ')) flooded.withoutRetryAfter += 1
  }

  function fail(line: Line, why: string): void {
    if (line.since === null) return
    line.since = null
    oneMore()
    flooded.errors[why] = (flooded.errors[why] ?? 0) + 1
  }
}

interface Line {
  socket: Socket
  /** When the request that is under way should have been sent; null when none is. */
  since: number | null
}

/** Makes one request after another, all of the same length: who registers and from where are all that differs. */
function requests({ url, path, cookie, token, fresh, network }: Flood): () => string {
  const mark = randomBytes(9).toString('hex')
  const person = { ...newPerson(), email: `${mark}@example.com`, submission: token }
  const body = new URLSearchParams(person).toString()
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `origin: ${url}`,
    `content-type: ${FORM}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `cookie: ${cookie}`,
    ...(fresh ? ['connection: close'] : []),
    'x-forwarded-for: ',
  ].join('\r\n')
  const [before = '', after = ''] = body.split(mark)
  let made = 0
  return () => {
    made += 1
    const own = `x${made}`.padStart(mark.length, mark)
    return `${head}${network ?? fromSomewhere()}\r\n\r\n${before}${own}${after}`
  }
}

/** Reads what comes in on a connection, and tells of each answer when it is whole: its status, and its head in lower case. */
function eachAnswer(tell: (status: number, head: string) => void): (bytes: Buffer) => void {
  let head = ''
  let left = 0
  return (bytes) => {
    const ofBody = head.endsWith(END_OF_HEAD) ? bytes.length : readHead(bytes)
    left -= ofBody
    if (left > 0 || !head.endsWith(END_OF_HEAD)) return
    const whole = head
    head = ''
    tell(Number(whole.slice('http/1.1 '.length).slice(0, 3)), whole)
  }

  /** Returns how much of the body came with it. One answer is under way at a time, and each has a length. */
  function readHead(bytes: Buffer): number {
    const text = head + bytes.toString('latin1')
    const end = text.indexOf(END_OF_HEAD)
    head = end === -1 ? text : text.slice(0, end + END_OF_HEAD.length).toLowerCase()
    if (end === -1) return 0
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
    if (length === undefined) throw new Error(`an answer without a length: ${head}`)
    left = Number(length)
    return text.length - head.length
  }
}

const END_OF_HEAD = '\r\n\r\n'
