import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** What is said to whoever sends what no page of ours does, before there is a request that could be given a page. */
export const PLAIN_TEXT = 'text/plain; charset=utf-8'
export const UNREADABLE = 'This request could not be read, so nothing was done.\n'

type Headers = Readonly<Record<string, string>>

/** For bytes that are no HTTP: all that is left is to say so and to hang up. */
export function refuseBytes(error: Error & { code?: string }, socket: Socket, headers: Headers): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const length = String(Buffer.byteLength(UNREADABLE))
  const all = { ...headers, 'content-type': PLAIN_TEXT, 'content-length': length, connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${UNREADABLE}`)
}

/** For an Expect that is not 100-continue (RFC 9110, 10.1.1). */
export function refuseExpectation(response: ServerResponse, headers: Headers): void {
  response.writeHead(417, { ...headers, 'content-type': PLAIN_TEXT }).end(UNREADABLE)
}
