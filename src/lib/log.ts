import { pino, type Logger } from 'pino'

export type Log = Logger

/**
 * Structured lines on stdout. Paths that could carry a secret are cut out before a line is made (ASVS 16.2.5);
 * nothing logs a body, a cookie or a whole address in the first place.
 */
export function openLog(level: string, pretty: boolean): Log {
  return pino({
    level,
    redact: {
      paths: ['password', 'token', 'email', '*.password', '*.token', '*.email', 'req.headers', 'headers'],
      censor: '[removed]',
    },
    ...(pretty ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', colorize: true } } } : {}),
  })
}
