import type { FastifyInstance } from 'fastify'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'

/** Of rows that are not there, the same for the whole of a test file. */
const NOBODYS_ID = newId()
const ANOTHER_ID = newId()

/** Every address that can be opened, those of one row with the id of a row that is not there; others only take a form that stands elsewhere. */
export function everyPage({ doors }: FastifyInstance): readonly string[] {
  const opened = new Set(doors.filter(({ method }) => method.includes('GET')).map(({ url }) => url))
  return Object.values(urls)
    .filter((url) => opened.has(url))
    .map(withAnId)
}

/** Those of them that take a form as well. */
export function everyForm({ doors }: FastifyInstance): ReadonlySet<string> {
  return new Set(doors.filter(({ method }) => method.includes('POST')).map(({ url }) => withAnId(url)))
}

function withAnId(url: string): string {
  return url.replace(':id', NOBODYS_ID).replace(':other', ANOTHER_ID)
}
