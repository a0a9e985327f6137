import type { FastifyRequest } from 'fastify'
import { Fault } from '../answers/fault.ts'
import { isId } from '../lib/id.ts'

/** The id that stands in the address of one row's page. Where none stands there is no such page (the fault `not-found`). */
export function rowId({ params }: Pick<FastifyRequest, 'params'>, name = 'id'): string {
  const id = (params as Readonly<Record<string, string | undefined>>)[name] ?? ''
  if (!isId(id)) throw new Fault('not-found')
  return id
}
