import { pino, stdSerializers, type Logger, type LoggerOptions } from 'pino'

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

/** Structured lines on stdout, or coloured ones for a person at a terminal. */
export async function openLog(level: string, pretty: boolean): Promise<Log> {
  if (!pretty) return pino({ ...logOptions, level })
  const { default: coloured } = await import('pino-pretty')
  return pino({ ...logOptions, level }, coloured({ ignore: 'pid,hostname', colorize: true, sync: true }))
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
