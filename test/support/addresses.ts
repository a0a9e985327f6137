import type { FastifyInstance } from 'fastify'
import { newId } from '../../src/lib/random.ts'
import { urls } from '../../src/urls.ts'

/** Every address that there is, those of one row with the id of a row that is not there. */
export const everyAddress: readonly string[] = Object.values(urls).map(withAnId)

/** Of these, the ones that can be opened; others only take a form that stands elsewhere. */
export function everyPage({ doors }: FastifyInstance): readonly string[] {
  const opened = new Set(doors.filter(({ method }) => method.includes('GET')).map(({ url }) => url))
  return Object.values(urls)
    .filter((url) => opened.has(url))
    .map(withAnId)
}

function withAnId(url: string): string {
  return url.replace(':id', newId()).replace(':other', newId())
}
