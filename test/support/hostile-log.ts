import type { FastifyInstance } from 'fastify'
import { symbols } from 'pino'

/** Every line that a site logs from now on, as it was written. It still goes where it went before. */
export function listenTo({ app }: { app: FastifyInstance }): string[] {
  const lines: string[] = []
  const stream = (app.log as unknown as Record<symbol, { write: (line: string) => unknown }>)[symbols.streamSym]
  if (!stream) throw new Error('the log has no stream')
  const write = stream.write.bind(stream)
  stream.write = (line) => {
    lines.push(line)
    return write(line)
  }
  return lines
}
