import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'
import type { Site } from '../support/site.ts'

export interface FrontDoor extends Site {
  /** How many POSTs the site has been sent through this door. */
  posts: () => number
  /** The next POST reaches the site and is carried out; its answer never arrives. */
  loseNextAnswer: () => void
  /** Answers to POSTs wait until this many have been sent, as on a slow line. */
  holdAnswersUntil: (posts: number) => void
}

/** What stands between people and the site, and does to them what networks do. Every request has a connection of its own. */
export async function openFrontDoor(site: Site): Promise<FrontDoor> {
  let posts = 0
  let lost = 0
  let awaited = 0
  let release: (() => void)[] = []

  const server = createServer((incoming, outgoing) => {
    const isPost = incoming.method === 'POST'
    if (isPost) posts += 1
    if (posts >= awaited) release = (release.forEach((answer) => answer()), [])
    passOn(site, incoming, (answer) => {
      if (isPost && lost > 0) {
        lost -= 1
        answer.resume().on('end', () => incoming.socket.destroy())
      } else if (isPost && posts < awaited) release.push(() => passBack(answer, outgoing))
      else passBack(answer, outgoing)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterAll(() => void server.close())
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    posts: () => posts,
    loseNextAnswer: () => (lost += 1),
    holdAnswersUntil: (count) => (awaited = posts + count),
  }
}

function passOn(site: Site, incoming: IncomingMessage, then: (answer: IncomingMessage) => void): void {
  const { method, url: path, headers } = incoming
  const { port } = new URL(site.url)
  incoming.pipe(request({ host: '127.0.0.1', port, method, path, headers }, then))
}

function passBack(answer: IncomingMessage, outgoing: ServerResponse): void {
  // A browser sends a POST again by itself when a kept connection breaks: here the person shall meet what broke.
  outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' })
  answer.pipe(outgoing)
}
