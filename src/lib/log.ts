import { pino, stdSerializers, type DestinationStream, type Logger, type LoggerOptions } from 'pino'

export type Log = Logger

/**
 * What every log of ours has in common (ASVS 16.2.5). Nothing logs a body, a cookie or a whole address in the first
 * place; paths that could carry one are cut out all the same, and of an error only what cannot quote a row is kept.
 */
export const logOptions: LoggerOptions = {
  redact: {
    paths: ['password', 'token', 'email', '*.password', '*.token', '*.email', 'req.headers', 'headers'],
    censor: '[removed]',
  },
  serializers: { err: withoutRows },
}

/** Bytes; what a turn of the event loop says beyond them is written at once. */
const HELD_BACK = 8 * 1024

/** Structured lines on stdout, or coloured ones for a person at a terminal. */
export async function openLog(level: string, pretty: boolean): Promise<Log> {
  if (!pretty) return pino({ ...logOptions, level }, onceATurn())
  const { default: coloured } = await import('pino-pretty')
  return pino({ ...logOptions, level }, coloured({ ignore: 'pid,hostname', colorize: true, sync: true }))
}

/**
 * Stdout, written to once in a turn of the event loop: under load a line's own write costs as much as a small page. However the
 * process ends by itself, its lines are written; kill -9 takes those of the turn it fell in.
 */
function onceATurn(): DestinationStream {
  const stdout = pino.destination({ dest: process.stdout.fd, sync: true, minLength: HELD_BACK })
  let waiting = false
  // Without waiting for a disk: where stdout is a file, flushSync would.
  const flush = () => {
    waiting = false
    stdout.flush()
  }
  const flushSync = () => stdout.flushSync()
  process.on('exit', flushSync)
  return {
    write(line) {
      stdout.write(line)
      if (!waiting) setImmediate(flush)
      waiting = true
    },
    flushSync,
  } as DestinationStream
}

/**
 * PostgreSQL's errors quote what a row held, in their detail and now and then in their message. Code, constraint and
 * table say as much to whoever has to mend it.
 */
function withoutRows(error: Error): object {
  const { type, message, stack } = stdSerializers.err(error)
  const { code, constraint, table, routine } = error as Partial<
    Record<'code' | 'constraint' | 'table' | 'routine', string>
  >
  const quoted = /"[^"]*"/g
  return {
    type,
    code,
    constraint,
    table,
    routine,
    message: message.replace(quoted, '"…"'),
    stack: stack.replace(quoted, '"…"'),
  }
}
