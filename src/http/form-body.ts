import { isUtf8 } from 'node:buffer'
import type { FastifyRequest } from 'fastify'
import { Fault } from '../answers/fault.ts'

/** What a form or a query string held: each field once, text only. It has no prototype, so no name in it is special. */
export type Fields = Readonly<Record<string, string>>

const MOST_FIELDS = 100

/** Reads application/x-www-form-urlencoded strictly: what would have to be guessed at is refused. */
export function readForm(body: Buffer): Fields {
  if (!isUtf8(body)) throw new Fault('malformed-request', { details: 'Not UTF-8.' })
  return readFields(body.toString('utf8'))
}

export function readFields(text: string): Fields {
  const fields: Record<string, string> = Object.create(null)
  const pairs = text.split('&').filter((pair) => pair !== '')
  if (pairs.length > MOST_FIELDS) throw new Fault('malformed-request', { details: 'Too many fields.' })
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    if (name in fields) throw new Fault('repeated-field')
    fields[name] = equals === -1 ? '' : decode(pair.slice(equals + 1))
  }
  return fields
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    throw new Fault('malformed-request', { cause: error, details: 'Badly encoded.' })
  }
}

/** The query, each name once: read by the same strict reader as a form. */
export function queryOf(request: FastifyRequest): Fields {
  return request.query as Fields
}

/** What was sent, if a form was. */
export function fieldsOf(request: FastifyRequest): Fields {
  return (request.body as Fields | undefined) ?? {}
}
