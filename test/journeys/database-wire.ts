import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll } from 'vitest'

export interface DatabaseWire {
  /** The same database, reached through the wire. */
  appUrl: string
  /** From now on every connection breaks and no new one comes about. */
  cut: () => Promise<void>
  mend: () => Promise<void>
}

/** What lies between the site and PostgreSQL, and can be cut. */
export async function wireTo({ appUrl }: { appUrl: string }): Promise<DatabaseWire> {
  const target = new URL(appUrl)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => (sockets.delete(socket), near.destroy(), far.destroy()))
    }
    near.pipe(far).pipe(near)
  })
  const port = await listen(server, 0)
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  afterAll(async () => {
    if (server.listening) await cut()
  })
  const through = new URL(appUrl)
  through.port = String(port)
  return { appUrl: through.href, cut, mend: async () => void (await listen(server, port)) }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  return (server.address() as AddressInfo).port
}
