import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** Requests that were let in to be told, with their form, that the hashing queue is full; or what they came to before. */
const told = new WeakSet<IncomingMessage>()

export function findTheQueueFull(request: IncomingMessage): void {
  told.add(request)
}

/** Whether the door has found the hashing queue full for this request: there is no use in doing what costs before a hash. */
export function queueIsFullFor({ raw }: FastifyRequest): boolean {
  return told.has(raw)
}
