import { Agent, request, type OutgoingHttpHeaders } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import type { Answer } from './visitor.ts'

/** A request as no browser makes it: nothing is added that it does not say. */
export interface HostileRequest {
  what: string
  method?: string
  path: string
  headers?: OutgoingHttpHeaders
  body?: string | Buffer
}

export interface Door {
  app: FastifyInstance
}

export const FORM = 'application/x-www-form-urlencoded'

const agent = new Agent({ keepAlive: true, maxSockets: 32 })

export function portOf({ app }: Door): number {
  return (app.server.address() as AddressInfo).port
}

/** Where visitors find a site whose PUBLIC_URL is another address than the one it listens at. */
export function frontDoorOf(door: Door): { url: string } {
  return { url: `http://127.0.0.1:${portOf(door)}` }
}

/** Sends it from a network of its own, so that no limit of another request's is in its way. */
export function knock(door: Door, { method = 'GET', path, headers = {}, body }: HostileRequest): Promise<Answer> {
  const sent = {
    'x-forwarded-for': someNetwork(),
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    ...headers,
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: '127.0.0.1', port: portOf(door), method, path, headers: sent, agent },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text })
        })
        incoming.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Writes these very bytes to a connection of their own, and reads until the server closes it. */
export function shout(door: Door, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(portOf(door), '127.0.0.1')
    const chunks: Buffer[] = []
    const answered = () => Buffer.concat(chunks).toString('latin1')
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      // Whoever has sent all there is says so once an answer has begun: nothing may wait for more.
      socket.end()
    })
    socket.on('error', () => resolve(answered()))
    socket.on('close', () => resolve(answered()))
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
}

export async function inBatches<Item, Result>(
  items: readonly Item[],
  size: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += size) {
    results.push(...(await Promise.all(items.slice(from, from + size).map(work))))
  }
  return results
}

let networks = 0

export function someNetwork(): string {
  networks += 1
  return `11.${(networks >> 16) & 255}.${(networks >> 8) & 255}.${networks & 255}`
}

/** What would tell a stranger how the site is made. */
export const INTERNALS =
  /\b(Type|Range|Reference|Syntax|URI|Database|Zod|Aggregate)Error\b|FST_ERR|HPE_|ERR_[A-Z]|node_modules|node:internal|\bat .*\(.*:\d+:\d+\)|\.[tj]sx?:\d+|\/src\/|SQLSTATE|meridian_(app|owner)|insert into|relation "|permission denied|argon2|statusCode/

const TYPED = /^(text\/(html|plain|css|javascript)|application\/(javascript|json)); charset=utf-8$|^(font|image)\//

/** Holds for every answer there is, whatever was asked (ASVS 3.4, 4.1.1, 16.5.1; P6). */
export function expectHarmless(answer: Answer, what: string): void {
  const { status, headers, body } = answer
  expect(status, `${what}: ${status} ${body.slice(0, 200)}`).toBeLessThan(500)
  expectGuarded(answer, what)
  expect(body, what).not.toMatch(INTERNALS)
  expect(body, what).not.toMatch(/<script>alert|<img src=x|<svg onload/)
  expect(JSON.stringify(headers), what).not.toMatch(/smuggled|evil\.example/)
}

/** The headers that every answer has, over http; Strict-Transport-Security comes with https. */
export function expectGuarded({ headers, body }: Answer, what: string): void {
  if (body !== '') expect(headers['content-type'], what).toMatch(TYPED)
  const guards = {
    policy: String(headers['content-security-policy']).startsWith(`default-src 'none'`),
    type: headers['x-content-type-options'],
    referrer: headers['referrer-policy'],
    opener: headers['cross-origin-opener-policy'],
    frames: headers['x-frame-options'],
  }
  expect(guards, what).toEqual({
    policy: true,
    type: 'nosniff',
    referrer: 'same-origin',
    opener: 'same-origin',
    frames: 'DENY',
  })
}
